"""What shall change in a page, as values: who decides knows no HTML, and who edits knows no chats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = [
    "LINK_ATTRIBUTES",
    "AddParameters",
    "LinkEdit",
    "PageEdits",
    "ScriptAttributes",
    "ThroughGateway",
]

LINK_ATTRIBUTES: Final = frozenset({("a", "href"), ("area", "href"), ("form", "action"), ("iframe", "src")})
"""The (element, attribute) pairs that lead a person into the chat."""


@dataclass(frozen=True, slots=True)
class AddParameters:
    """The link keeps its address and gains query parameters, in this order.

    A link that already has one of the names is left alone, so that editing twice is editing once.
    """

    parameters: tuple[tuple[str, str], ...]

    def __repr__(self) -> str:  # a token stands in the values
        return f"AddParameters({', '.join(name for name, _ in self.parameters)})"


@dataclass(frozen=True, slots=True)
class ThroughGateway:
    """The link leads to our own endpoint instead, which sends the browser on.

    Its address becomes ``{path}?to=...&provider=...``, where `to` is the link's own path, query and fragment.
    """

    path: str
    """The endpoint, as a path on the site: ``/chatsso/go``."""
    provider: str


@dataclass(frozen=True, slots=True)
class LinkEdit:
    """How links to one chat change."""

    hosts: frozenset[str]
    """The chat's hosts in lower case, with the port where it is not the scheme's own: ``room.test:8080``."""
    change: AddParameters | ThroughGateway
    attributes: frozenset[tuple[str, str]] = LINK_ATTRIBUTES
    scripts: frozenset[str] = frozenset()
    """The paths of the chat's scripts whose ``script[src]`` changes as links do: ``/js/embed.js``."""
    below: str = ""
    """The path below which the chat lives, without a slash at its end: what else is on its hosts stays."""
    noreferrer: bool = False
    """Whether ``rel`` of ``a``, ``area`` and ``form`` gains ``noreferrer``."""


@dataclass(frozen=True, slots=True)
class ScriptAttributes:
    """What the tags of one chat's scripts gain; an attribute that is there with another value is replaced."""

    hosts: frozenset[str]
    """As in `LinkEdit`."""
    paths: frozenset[str]
    """The paths of the scripts: ``/widget.js``."""
    attributes: tuple[tuple[str, str], ...]
    """Names, in lower case and in ASCII, with their values, in the order in which they are added."""

    def __repr__(self) -> str:  # a token stands in the values
        return f"ScriptAttributes({', '.join(name for name, _ in self.attributes)})"


@dataclass(frozen=True, slots=True)
class PageEdits:
    """Everything that changes in one page."""

    before_body_end: bytes = b""
    """ASCII markup that goes once before the ``</body>`` that a browser reads as one, else at the end."""
    links: tuple[LinkEdit, ...] = ()
    scripts: tuple[ScriptAttributes, ...] = ()
    xml: bool = False
    """Whether a browser reads the page by the rules of XML (``application/xhtml+xml``)."""

    def __bool__(self) -> bool:
        return bool(self.before_body_end or self.links or self.scripts)

    def __repr__(self) -> str:  # tokens stand in the markup
        return (
            f"PageEdits({len(self.before_body_end)} bytes, {len(self.links)} link edits, "
            f"{len(self.scripts)} script edits)"
        )

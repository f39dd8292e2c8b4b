"""The chat's widget on the site's pages: one script tag, which names the visitor by an attribute."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Final, Literal

from ...sessions import ChatSession
from ...urls import split_web_address
from ..base import Widget
from ..visits import Endpoint, Reply, Visit

__all__ = ["WidgetTag"]

_ATTRIBUTE: Final = "data-external-auth-code"
_FOR_EVERYBODY: Final = "widget.js"
_FOR_MEMBERS: Final = "members-widget.js"


class WidgetTag:
    """The documented tag, in the way that the owner wants it on his pages.

    `attribute`: the one on a page is completed. `insert`: one is placed, or, where pages hold no token, a
    script of ours asks for it and adds the tag in the browser. `off`: whatever stands there stays.
    """

    def __init__(self, url: str, placing: Literal["attribute", "insert", "off"]) -> None:
        """`url` is the instance's own address, without a slash at its end."""
        self._placing = placing
        self.source = f"{url}/widget.js"

    @property
    def scripts(self) -> frozenset[str]:
        """The paths of scripts whose tags are completed."""
        address = split_web_address(self.source) if self._placing == "attribute" else None
        return frozenset() if address is None else frozenset({address.path})

    def attributes(self, session: ChatSession) -> tuple[tuple[str, str], ...]:
        """What tells the widget who the visitor is."""
        return ((_ATTRIBUTE, session.token),)

    def tag(self, session: ChatSession | None) -> Widget | None:
        """The tag that is placed; without a session that of a guest."""
        if self._placing != "insert":
            return None
        return Widget(self.source, () if session is None else self.attributes(session))

    def loader(self, *, guests: bool) -> str | None:
        """The path of the script that adds the tag in the browser."""
        if self._placing != "insert":
            return None
        return _FOR_EVERYBODY if guests else _FOR_MEMBERS

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The script, for pages with a widget for guests and without one, and what it asks."""
        if self._placing != "insert":
            return ()
        return (
            Endpoint(_FOR_EVERYBODY, lambda _: self._script(guests=True)),
            Endpoint(_FOR_MEMBERS, lambda _: self._script(guests=False)),
            Endpoint("code", _code),
        )

    def _script(self, *, guests: bool) -> Reply:
        facts = json.dumps({"source": self.source, "attribute": _ATTRIBUTE, "guests": guests})
        return Reply(
            body=_loader_text().replace("null /* facts */", facts, 1), content_type="text/javascript"
        )


def _code(visit: Visit) -> Reply:
    """The visitor's token, for a page of the site itself and for nobody else."""
    if not visit.same_origin:
        return Reply(status=403)
    session = visit.session() if visit.user is not None else None
    code = None if session is None else session.token
    return Reply(body=json.dumps({"code": code}), content_type="application/json")


@cache
def _loader_text() -> str:
    return (resources.files(__package__) / "static" / "widget.js").read_text(encoding="utf-8")

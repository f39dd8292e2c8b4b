"""The pages as HTML, each with the policy under which a browser may show it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from markupsafe import Markup

from .appearance import Appearance, Sources
from .embedding import Place
from .languages import Language, Languages
from .policy import content_policy
from .templating import Templates

__all__ = ["Links", "Page", "Pages", "Surroundings"]

_NONCE_BYTES: Final = 18


@dataclass(frozen=True, slots=True)
class Links:
    """Where the form leads beside the login; `None` leaves a link out."""

    reset: str | None = None
    """Where a forgotten password is set anew."""
    terms: str | None = None
    faq: str | None = None
    terms_required: bool = False
    """Whether a box has to be ticked."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a page has to know of the request that asked for it."""

    base: str
    """The path of the sign-in page: ``/chatsso/signin``."""
    front: str
    """The site's front page."""
    language: Language
    place: Place = Place("tab")
    next: str | None = None
    """The path on the site where the visitor wants to go, if the address says so."""
    language_asked: bool = False
    """Whether the address, and not the browser's settings, says the language."""

    def address(self, below: str = "", *, language: str | None = None) -> str:
        """The address of this page, or of one `below` it, in the same surroundings."""
        tag = language or (self.language.tag if self.language_asked else None)
        query = [("next", self.next)] if self.next is not None else []
        query += list(self.place.query)
        if tag is not None:
            query.append(("lang", tag))
        return self.base + below + (f"?{urlencode(query)}" if query else "")

    @property
    def destination(self) -> str:
        """Where the visitor goes from here."""
        return self.front if self.next is None else self.next


@dataclass(frozen=True, slots=True)
class Page:
    """One page."""

    markup: str = field(repr=False)
    policy: str
    """The value of its Content-Security-Policy."""
    language: str
    """The value of its Content-Language."""


class Pages:
    """Makes the pages of one site."""

    def __init__(
        self,
        appearance: Appearance,
        languages: Languages,
        templates: Templates,
        links: Links,
        *,
        form_targets: Sequence[str] = (),
        framed_by: Sequence[str] = (),
    ) -> None:
        """`form_targets`: origins beside the site's own where a login may lead.

        `framed_by`: origins that may show the page in a frame without a hand-over, as a chat does that lets
        its visitors log in there.
        """
        self._appearance = appearance
        self._languages = languages
        self._templates = templates
        self._links = links
        self._form_targets = tuple(form_targets)
        self._framed_by = tuple(framed_by)
        self._style = Markup(appearance.style)  # noqa: S704 - made of checked values alone
        self._sources: Sources = appearance.sources

    def page(self, template: str, around: Surroundings, facts: dict[str, Any]) -> Page:
        """The page of `template` with what every page knows, and `facts`."""
        nonce = secrets.token_urlsafe(_NONCE_BYTES)
        place = around.place
        common = {
            "nonce": nonce,
            "style": self._style,
            "title": self._appearance.title,
            "logo": self._appearance.logo,
            "stylesheet": self._appearance.stylesheet,
            "links": self._links,
            "place": place.kind,
            "front": around.front,
            "languages": [
                (language, around.address(_below(template), language=language.tag))
                for language in self._languages
            ],
        }
        markup = self._templates.render(f"{template}.jinja2", around.language, common | facts)
        ancestors = self._framed_by if place.origin is None else (place.origin,)
        policy = content_policy(nonce, self._sources, form_targets=self._form_targets, ancestors=ancestors)
        return Page(markup, policy, around.language.tag)


def _below(template: str) -> str:
    """The address of the page itself, behind that of the form."""
    return "/logout" if template == "log_out" else ""

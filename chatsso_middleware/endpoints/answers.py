"""The answers that our addresses give: redirects, the transparent GIF, and plain pages for a person."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote, urlsplit

from pyramid.response import Response

from ..plain_page import STYLE_SOURCE, form_button, paragraphs, plain_page, ways_on

__all__ = ["GIF", "Answer", "AsGiven", "form_of_its_own", "page", "redirect", "transparent_image"]

GIF: Final = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""One transparent pixel."""

_ASCII: Final = "".join(map(chr, range(0x21, 0x7F)))


class AsGiven(Response):  # type: ignore[misc]  # WebOb has no types
    """A response whose Location goes out as it is."""

    @classmethod
    def _make_location_absolute(cls, _environ: dict[str, Any], value: str) -> str:
        # WebOb would build it from the Host header, which is the visitor's to choose. A relative reference
        # is allowed (RFC 9110, section 10.2.2).
        return value


class Answer(AsGiven):
    """A response with the headers that all our addresses share."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.headers["Cache-Control"] = "no-store"
        self.headers["Referrer-Policy"] = "no-referrer"
        self.headers["X-Content-Type-Options"] = "nosniff"


def redirect(address: str, *, keep_method: bool = False) -> Answer:
    """Send the browser to `address`; with `keep_method` its form goes there too (RFC 9110, 15.4.8).

    Characters beyond ASCII go out as a browser would send them on, since a header has no place for them.
    """
    answer = Answer(status=307 if keep_method else 302)
    answer.headers["Location"] = quote(address, safe=_ASCII)
    return answer


def transparent_image() -> Answer:
    """An image that shows nothing, and says nothing."""
    return Answer(body=GIF, content_type="image/gif")


def page(
    status: int,
    title: str,
    texts: Sequence[str],
    links: Sequence[tuple[str, str]] = (),
    *,
    framed_by: str | None = None,
) -> Answer:
    """A plain page: a paragraph for each of `texts`, and `links` as (address, text), the best first.

    `framed_by`: an origin whose pages may show it in a frame, as the site's own may.
    """
    ancestors = "'self'" if framed_by is None else f"'self' {framed_by}"
    answer = Answer(
        status=status,
        charset="utf-8",
        content_type="text/html",
        text=plain_page(title, paragraphs(texts) + ways_on(links)),
    )
    answer.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src {STYLE_SOURCE}; "
        f"base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}"
    )
    return answer


def form_of_its_own(address: str, fields: Sequence[tuple[str, str]]) -> Answer:
    """A page whose form goes to `address` by itself; without JavaScript, at a click."""
    nonce = secrets.token_urlsafe(16)
    script = f'<script nonce="{nonce}">document.forms[0].submit()</script>'
    content = paragraphs(["One moment, please."]) + form_button(address, dict(fields), "Go on")
    answer = Answer(
        charset="utf-8", content_type="text/html", text=plain_page("To the chat", content, script=script)
    )
    parts = urlsplit(address)
    answer.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src {STYLE_SOURCE}; script-src 'nonce-{nonce}'; base-uri 'none'; "
        f"form-action {parts.scheme}://{parts.netloc}; frame-ancestors 'self'"
    )
    return answer

"""The answers that our addresses give: redirects, the transparent GIF, and plain pages for a person."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from html import escape
from string import Template
from typing import Any, Final
from urllib.parse import quote

from pyramid.response import Response

__all__ = ["GIF", "Answer", "AsGiven", "page", "redirect", "transparent_image"]

GIF: Final = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""One transparent pixel."""

_ASCII: Final = "".join(map(chr, range(0x21, 0x7F)))

_STYLE: Final = """
:root { color-scheme: light dark; --back: #f3f5f8; --card: #fff; --line: #dfe4ec; --text: #1c2330;
  --quiet: #4c586b; --link: #0b57b8; --on-link: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --back: #14171d; --card: #1e232c; --line: #343c4a; --text: #e9edf3; --quiet: #b4bfce;
    --link: #8ab8ff; --on-link: #10151d; }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; min-height: 100svh; display: grid; place-items: center; padding: 1.25rem;
  background: var(--back); color: var(--text); font: 1.0625rem/1.6 system-ui, sans-serif; }
main { max-width: 36rem; width: 100%; padding: clamp(1.5rem, 5vw, 2.5rem); background: var(--card);
  border: 1px solid var(--line); border-radius: 1rem; overflow-wrap: anywhere; }
h1 { margin: 0 0 .75rem; font-size: clamp(1.4rem, 4vw, 1.75rem); line-height: 1.25; text-wrap: balance; }
p { margin: 0 0 .75rem; color: var(--quiet); }
ul { margin: 1.75rem 0 0; padding: 0; list-style: none; display: flex; flex-wrap: wrap; gap: .75rem; }
a { display: block; padding: .65rem 1.25rem; border: 2px solid var(--link); border-radius: .6rem;
  color: var(--link); font-weight: 600; text-align: center; text-decoration: none; }
li:first-child a { background: var(--link); color: var(--on-link); }
a:hover { text-decoration: underline; }
a:focus-visible { outline: 3px solid var(--text); outline-offset: 3px; }
@media (max-width: 30rem) { li { flex: 1 1 100%; } }
"""
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

_PAGE: Final = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>$title</title>
<style>$style</style>
</head>
<body>
<main>
<h1>$title</h1>
$paragraphs
$links
</main>
</body>
</html>
""")


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


def page(status: int, title: str, paragraphs: Sequence[str], links: Sequence[tuple[str, str]] = ()) -> Answer:
    """A plain page: `paragraphs` of text, and `links` as (address, text), what is best to do first."""
    items = "".join(f'<li><a href="{escape(address)}">{escape(text)}</a></li>' for address, text in links)
    answer = Answer(
        status=status,
        charset="utf-8",
        content_type="text/html",
        text=_PAGE.substitute(
            title=escape(title),
            style=_STYLE,
            paragraphs="\n".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs),
            links=f"<ul>{items}</ul>" if items else "",
        ),
    )
    answer.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )
    return answer

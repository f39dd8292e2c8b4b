"""Our plain pages: what they look like, and the policy under which a browser shows them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from html import escape
from string import Template
from typing import Final

__all__ = ["SPINNER", "STYLE_SOURCE", "choices", "form_button", "link", "paragraphs", "plain_page", "ways_on"]

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
a, button { display: block; padding: .65rem 1.25rem; border: 2px solid var(--link); border-radius: .6rem;
  color: var(--link); font-weight: 600; text-align: center; text-decoration: none; }
button { width: 100%; background: none; font: inherit; font-weight: 600; cursor: pointer; }
button[disabled] { opacity: .55; cursor: default; }
li:first-child a, li:first-child button { background: var(--link); color: var(--on-link); }
.more ul { margin-top: .75rem; }
.more li a, .more li button { background: none; color: var(--link); }
a:hover, button:enabled:hover { text-decoration: underline; }
a:focus-visible, button:focus-visible { outline: 3px solid var(--text); outline-offset: 3px; }
h1:focus { outline: none; }
[hidden] { display: none; }
.notice { margin: 1.25rem 0 0; padding: .75rem 1rem; border-left: 4px solid var(--link);
  background: var(--back); color: var(--text); }
.spinner { width: 2.25rem; height: 2.25rem; margin: 1.5rem 0 .5rem; border: 4px solid var(--line);
  border-top-color: var(--link); border-radius: 50%; animation: turn 1s linear infinite; }
@keyframes turn { to { transform: rotate(1turn); } }
@media (prefers-reduced-motion: reduce) { .spinner { animation-duration: 6s; } }
@media (max-width: 30rem) { li { flex: 1 1 100%; } }
"""
_DIGEST: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

STYLE_SOURCE: Final = f"'sha256-{_DIGEST}'"
"""What a Content-Security-Policy names in ``style-src`` to let the style of our pages through."""

SPINNER: Final = '<div class="spinner" aria-hidden="true"></div>'
"""Markup of a sign that something is under way. It says nothing to a person who does not see it."""

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
$content
</main>
$script
</body>
</html>
""")


def plain_page(title: str, content: str, *, script: str = "") -> str:
    """A whole page as HTML: `title` as text, `content` and `script` as markup."""
    return _PAGE.substitute(title=escape(title), style=_STYLE, content=content, script=script)


def paragraphs(texts: Sequence[str]) -> str:
    """Markup of `texts`, a paragraph each."""
    return "\n".join(f"<p>{escape(text)}</p>" for text in texts)


def ways_on(links: Sequence[tuple[str, str]]) -> str:
    """Markup of `links` as (address, text), what is best to do first."""
    return choices([link(address, text) for address, text in links])


def choices(items: Sequence[str]) -> str:
    """Markup of `items`, each the markup of a link or a button, what is best to do first."""
    listed = "".join(f"<li>{item}</li>" for item in items)
    return f"<ul>{listed}</ul>" if listed else ""


def link(address: str, text: str, *, new_tab: bool = False) -> str:
    """Markup of a link to `address`; in a new tab, what it opens cannot reach back to the page."""
    target = ' target="_blank" rel="noopener noreferrer"' if new_tab else ""
    return f'<a href="{escape(address)}"{target}>{escape(text)}</a>'


def form_button(address: str, fields: Mapping[str, str], text: str) -> str:
    """Markup of a button that sends `fields` to `address` with POST."""
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in fields.items()
    )
    return f'<form method="post" action="{escape(address)}">{hidden}<button>{escape(text)}</button></form>'

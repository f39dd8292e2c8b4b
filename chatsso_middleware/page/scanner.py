"""Plain scanning: past a run of tokens that cannot matter, in one call of the regular expression engine.

Nothing is decided here. A run ends at every token that might matter and at every token that is not whole;
what becomes of those is up to the reader. So a run may always be shorter than it could be, never longer,
and everything it skips it must read as the HTML Standard does: each alternative below ends in the byte that
ends its token, and matches a part of the Standard's language for that token.
"""

from __future__ import annotations

import functools
import re
import string
from collections.abc import Callable
from typing import Final

from .grammar import COMMENT, NAME_END, SPACE, TAG_NAME, TAG_TAIL, any_case

__all__ = ["RAW_TEXT", "Run", "Watched", "body_run", "head_run"]

Run = Callable[[bytes, int, int], int]
"""From (page, position, limit) to the position where the run ends. `position` is not inside a token."""

Watched = frozenset[tuple[bytes, bytes]]
"""The (element, attribute) pairs that may lead to a chat, in lower case."""

RAW_TEXT: Final = frozenset({b"style", b"textarea", b"title", b"xmp", b"iframe", b"noembed", b"noframes"})
"""Elements whose content is text up to their own end tag (13.2.5.2, 13.2.5.3)."""

_STOP_START: Final = RAW_TEXT | {
    b"script",
    b"plaintext",
    b"noscript",
    b"template",
    b"svg",
    b"math",
    b"frameset",
    b"form",
}
_STOP_END: Final = frozenset({b"body", b"template", b"form"})

_COMMON: Final = (
    b"abbr address article aside audio fieldset figcaption figure font footer i img input ins main mark meta"
    b" nav p picture pre s samp section select small source span strike strong sub summary sup table tbody td"
    b" tfoot th thead time tr track tt".split()
)
"""Common names; those whose first letter no stop has need not be in it."""

_PLAIN_TAIL: Final = rb"(?:>|[\t\n\f\r ][^>\"'=]*+(?:(?<![\t\n\f\r /\"'])=\"[^\"]*+\"[^>\"'=]*+)*+>)"
"""Most tags: values in double quotes right after the equals sign. `TAG_TAIL` reads these, too, but slower."""

_PLAIN_ATTRIBUTE_NAME: Final = rb"[^\t\n\f\r />=\"']++"

_SHAPES: Final = (
    b"animate animatemotion animatetransform circle clippath defs ellipse feblend fecolormatrix"
    b" fecomposite feflood fegaussianblur femerge femergenode feoffset filter g image line lineargradient"
    b" marker mask path pattern polygon polyline radialgradient rect set stop switch symbol text textpath"
    b" tspan use".split()
)


@functools.lru_cache(maxsize=64)
def body_run(watched: Watched, hosts: frozenset[str]) -> Run:
    """The run for a page from its body on, where text may stand anywhere.

    It ends at a tag with a pair of `watched`, unless the address there is seen not to lead to `hosts`.
    """
    elements = frozenset(element for element, _ in watched)
    alternatives = [
        rb"/" + _any_of(_names_besides(_STOP_END)) + rb">",
        _any_of(_names_besides(_STOP_START | elements)) + _PLAIN_TAIL,
        *(_watched_tag(element, watched, hosts) for element in sorted(elements - _STOP_START)),
        *_MARKUP,
        _script(watched, hosts),
        *(_raw_text(name) for name in (b"style", b"title", b"textarea") if name not in elements),
        _svg(),
        # A "<" that begins no markup is text (13.2.5.6).
        rb"(?=[^a-zA-Z/!?])",
        rb"(?!" + _stop(_STOP_START | elements) + rb"|/" + _stop(_STOP_END) + rb")/?+" + TAG_NAME + TAG_TAIL,
    ]
    return _compile(rb"[^<]*+", alternatives)


@functools.lru_cache(maxsize=64)
def head_run(watched: Watched, hosts: frozenset[str]) -> Run:
    """The run for a page up to its body: it ends at text, and at all tags but the most common of a head.

    Neither a byte order mark is text, nor NUL, which a browser drops.
    """
    elements = frozenset(element for element, _ in watched)
    common = [name for name in (b"meta", b"link", b"html", b"head", b"base") if name not in elements]
    alternatives = [
        _any_of(common) + _PLAIN_TAIL,
        rb"/head>",
        *_MARKUP,
        _script(watched, hosts),
        *(_raw_text(name) for name in (b"style", b"title") if name not in elements),
    ]
    return _compile(rb"[\t\n\f\r \0\xef\xbb\xbf]*+", alternatives)


def _compile(text: bytes, alternatives: list[bytes]) -> Run:
    matches = re.compile(text + rb"(?:<(?:" + rb"|".join(alternatives) + rb")" + text + rb")*+").match

    def run(page: bytes, position: int, limit: int) -> int:
        match = matches(page, position, limit)
        return match.end() if match else position

    return run


def _any_of(names: list[bytes]) -> bytes:
    return rb"(?:" + rb"|".join(names) + rb")"


def _stop(names: frozenset[bytes]) -> bytes:
    return _any_of([any_case(name) for name in sorted(names)]) + NAME_END


def _names_besides(stops: frozenset[bytes]) -> list[bytes]:
    """Expressions for names in lower case that are none of `stops`, quick to tell."""
    initials = {chr(name[0]) for name in stops}
    free = "".join(letter for letter in string.ascii_lowercase if letter not in initials)
    common = [re.escape(name) + rb"(?=[\t\n\f\r >])" for name in _COMMON if name not in stops]
    return [f"[{free}][a-z0-9]*+".encode("ascii"), *common] if free else common


def _elsewhere(hosts: frozenset[str]) -> bytes:
    """Values in double quotes that do not lead to `hosts`, as far as that is plain to see.

    Left out is whatever a browser reads otherwise than it looks: white space and backslashes within the
    scheme and the slashes, user names, and every host that begins as one of ours does.
    """
    ours = rb"|".join(re.escape(host.partition(":")[0].encode("utf-8")) for host in sorted(hosts))
    other_host = rb"(?!(?i:" + ours + rb"))[a-zA-Z0-9.-]++(?=[/?#\":])"
    return (
        rb"(?:/(?![/\\\t\n\r])|[.?#]|(?i:https?://)" + other_host + rb"|(?i:mailto|tel|javascript|data):"
        rb"|[a-zA-Z0-9_-]++(?=[./?#\"])|(?=\"))[^\"]*+"
    )


def _boring_attributes(element: bytes, watched: Watched, hosts: frozenset[str]) -> bytes:
    names = [attribute for watching, attribute in sorted(watched) if watching == element]
    other = rb"[\t\n\f\r ]++" + _PLAIN_ATTRIBUTE_NAME + rb"(?:=\"[^\"]*+\")?+"
    if not names:
        return rb"(?:" + other + rb")*+" + SPACE + rb"*+>"
    ours = _any_of([re.escape(name) for name in names])
    return (
        rb"(?:[\t\n\f\r ]++" + ours + rb"=\"" + _elsewhere(hosts) + rb"\""
        rb"|(?![\t\n\f\r ]++(?i:" + ours + rb")[\t\n\f\r />=])" + other + rb")*+" + SPACE + rb"*+>"
    )


def _watched_tag(element: bytes, watched: Watched, hosts: frozenset[str]) -> bytes:
    return re.escape(element) + rb"(?=[\t\n\f\r >])" + _boring_attributes(element, watched, hosts)


def _raw_text(name: bytes) -> bytes:
    """A whole element in which no other end tag begins as its own does."""
    not_its_end = rb"<(?!/" + any_case(name[:2]) + rb")"
    return name + rb"(?=[ >])" + _PLAIN_TAIL + rb"[^<]*+(?:" + not_its_end + rb"[^<]*+)*+</" + name + rb">"


def _script(watched: Watched, hosts: frozenset[str]) -> bytes:
    """A whole script without a comment, which may hide its end, and with no other end tag like its own."""
    tag = _watched_tag(b"script", watched, hosts)
    return tag + rb"[^<]*+(?:<(?!/[sS][cC]|!--)[^<]*+)*+</script>"


_MARKUP: Final = (COMMENT[1:], rb"!(?!--)[^>]*+>")
"""Comments, doctypes and bogus comments (13.2.5.41, 13.2.5.42), without the first byte."""


def _svg() -> bytes:
    """A whole drawing in which nothing ends foreign content early, leads to a chat, or holds HTML."""
    shape = rb"/?+(?i:" + rb"|".join(_SHAPES) + rb")(?=" + NAME_END + rb")" + TAG_TAIL
    texts = [
        name + rb"(?=[ >])" + _PLAIN_TAIL + rb"[^<]*+</" + name + rb">"
        for name in (b"title", b"desc", b"style")
    ]
    content = rb"[^<]*+(?:<(?:" + rb"|".join([shape, *texts]) + rb")[^<]*+)*+"
    return rb"svg(?=[ >])" + _PLAIN_TAIL + content + rb"</svg>"

"""The words of HTML that the readers share, as regular expressions over bytes.

Section numbers are those of the HTML Standard. Every expression is possessive: a run of bytes is looked at
once, whatever follows it, so that matching takes time in proportion to the page. All bytes that matter are
ASCII, and a carriage return counts as white space, for a browser turns it into a line feed first (13.2.3.5).
"""

from __future__ import annotations

import re
from typing import Final

__all__ = [
    "COMMENT",
    "NAME_END",
    "SPACE",
    "TAG_NAME",
    "TAG_TAIL",
    "any_case",
    "unfinished",
]

SPACE: Final = rb"[\t\n\f\r ]"
NAME_END: Final = rb"[\t\n\f\r />]"
"""What ends the name of a tag (13.2.5.8)."""

TAG_NAME: Final = rb"[a-zA-Z][^\t\n\f\r />]*+"

_ATTRIBUTE: Final = (
    rb"[^\t\n\f\r />][^\t\n\f\r />=]*+"  # 13.2.5.33; an equals sign may be its first (13.2.5.32)
    rb"(?:[\t\n\f\r ]*+=[\t\n\f\r ]*+"  # 13.2.5.34, 13.2.5.35
    rb"(?:\"[^\"]*+\"|'[^']*+'|[^\t\n\f\r >\"'][^\t\n\f\r >]*+|(?=>))"  # 13.2.5.36 to 38; or no value
    rb"|(?![\t\n\f\r ]*+=))"
)
TAG_TAIL: Final = rb"(?:[\t\n\f\r ]++|/(?!>)|" + _ATTRIBUTE + rb")*+(/?)>"
"""A tag from the end of its name on. The group is the slash of a self-closing one, not that of a value."""

COMMENT: Final = rb"<!--(?:-?>|[^-]*+(?:-(?!-!?>)[^-]*+)*+--!?>)"
"""13.2.5.43 to 13.2.5.52: ``<!-->`` and ``<!--->`` are whole, and ``--!>`` ends one too."""


def any_case(name: bytes) -> bytes:
    """An expression for `name` in any mixture of upper and lower case."""
    return b"".join(
        b"[%c%c]" % (letter, letter - 32) if 97 <= letter <= 122 else re.escape(bytes((letter,)))
        for letter in name
    )


def unfinished(page: bytes, position: int, limit: int, *endings: bytes) -> int:
    """Where, at the end of the bytes up to `limit`, the beginning of one of `endings` stands; else `limit`.

    `endings` are in lower case. What stands there has to wait until more of the page has come.
    """
    longest = max(map(len, endings))
    for start in range(max(position, limit - longest + 1), limit):
        beginning = page[start:limit].lower()
        if any(ending.startswith(beginning) for ending in endings):
            return start
    return limit

"""The states of the HTML tokenizer (HTML Standard, 13.2.5), and what ends those that are all text."""

from __future__ import annotations

import enum
import functools
import re
from typing import Final, NamedTuple

from .grammar import NAME_END, any_case

__all__ = ["SCRIPT_RULES", "State", "raw_text_end"]


class State(enum.Enum):
    """Under their names in the Standard. One stands for several that differ in nothing here."""

    DATA = enum.auto()  # 13.2.5.1, with 13.2.5.6 to 8: tags begin and end in it, unless they come in pieces
    RAWTEXT = enum.auto()  # 13.2.5.2 and 13.2.5.3, RCDATA, which end alike
    SCRIPT_DATA = enum.auto()  # 13.2.5.4
    SCRIPT_DATA_ESCAPED = enum.auto()  # 13.2.5.20
    SCRIPT_DATA_DOUBLE_ESCAPED = enum.auto()  # 13.2.5.27
    PLAINTEXT = enum.auto()  # 13.2.5.5
    TAG = enum.auto()  # 13.2.5.32 to 40: in a tag whose beginning went out already
    BOGUS_COMMENT = enum.auto()  # 13.2.5.41, and 13.2.5.53 to 68: a doctype ends at the first ">", too
    COMMENT = enum.auto()  # 13.2.5.45
    CDATA_SECTION = enum.auto()  # 13.2.5.69
    NOSCRIPT = enum.auto()  # at the beginning of its content; not a state of the Standard


class ScriptRule(NamedTuple):
    """What ends a state within a script."""

    tokens: re.Pattern[bytes]
    beginnings: tuple[bytes, ...]
    """The same tokens, and one byte more where it takes one to know that they end."""
    next_state: dict[bytes, tuple[State, int]]
    """By token: the next state, and how many bytes of the token it reads again."""


_SCRIPT: Final = any_case(b"script")
SCRIPT_RULES: Final = {
    State.SCRIPT_DATA: ScriptRule(
        re.compile(rb"<!--|</" + _SCRIPT + rb"(?=" + NAME_END + rb")"),
        (b"<!--", b"</script "),
        # Its dashes may be the first of "-->" (13.2.5.18 leads to 13.2.5.22).
        {b"<!--": (State.SCRIPT_DATA_ESCAPED, 2), b"</script": (State.DATA, len(b"</script"))},
    ),
    State.SCRIPT_DATA_ESCAPED: ScriptRule(
        re.compile(rb"-->|</?" + _SCRIPT + rb"(?=" + NAME_END + rb")"),
        (b"-->", b"<script ", b"</script "),
        {
            b"-->": (State.SCRIPT_DATA, 0),
            b"<script": (State.SCRIPT_DATA_DOUBLE_ESCAPED, 0),
            b"</script": (State.DATA, len(b"</script")),
        },
    ),
    State.SCRIPT_DATA_DOUBLE_ESCAPED: ScriptRule(
        re.compile(rb"-->|</" + _SCRIPT + rb"(?=" + NAME_END + rb")"),
        (b"-->", b"</script "),
        {b"-->": (State.SCRIPT_DATA, 0), b"</script": (State.SCRIPT_DATA_ESCAPED, 0)},
    ),
}


@functools.cache
def raw_text_end(name: bytes) -> re.Pattern[bytes]:
    """What ends the content of a raw text element: an end tag of its own (13.2.5.14)."""
    return re.compile(rb"</" + any_case(name) + rb"(?=" + NAME_END + rb")")

"""The attributes of a tag: all of them from a tag that is whole, or past them while it is still coming in."""

from __future__ import annotations

import enum
import re
from typing import Final, NamedTuple

__all__ = ["Attribute", "TagTail", "read_attributes"]

_ATTRIBUTE: Final = re.compile(
    rb"[\t\n\f\r /]*+([^\t\n\f\r />][^\t\n\f\r />=]*+)"
    rb"(?:[\t\n\f\r ]*+=[\t\n\f\r ]*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\t\n\f\r >\"'][^\t\n\f\r >]*+))?+)?+"
)
_UNQUOTED: Final = 4


class Attribute(NamedTuple):
    """Where one attribute stands in its tag."""

    start: int
    end: int
    value_start: int
    """Without the quote. Meaningless where there is no value."""
    value_end: int
    has_value: bool
    """False for ``<a href>`` and ``<a href=>``."""
    quoted: bool


def read_attributes(tag: bytes, name_end: int, *, fold: bool = True) -> dict[bytes, Attribute]:
    """The attributes of a whole start tag, the names in lower case unless `fold` is false.

    The first of those with the same name counts (13.2.5.33).
    """
    attributes: dict[bytes, Attribute] = {}
    for match in _ATTRIBUTE.finditer(tag, name_end, len(tag) - 1):
        name = match[1].lower() if fold else match[1]
        if name in attributes:
            continue
        group = match.lastindex or 1
        attributes[name] = Attribute(
            match.start(1), match.end(), *match.span(group), has_value=group > 1, quoted=1 < group < _UNQUOTED
        )
    return attributes


class _State(enum.Enum):
    """The tokenizer's states between the name of a tag and its end, under their names in the Standard."""

    TAG_NAME = enum.auto()  # 13.2.5.8
    BEFORE_ATTRIBUTE_NAME = enum.auto()  # 13.2.5.32, and 13.2.5.39, which leads to the same places
    ATTRIBUTE_NAME = enum.auto()  # 13.2.5.33
    AFTER_ATTRIBUTE_NAME = enum.auto()  # 13.2.5.34
    BEFORE_ATTRIBUTE_VALUE = enum.auto()  # 13.2.5.35
    ATTRIBUTE_VALUE_DOUBLE_QUOTED = enum.auto()  # 13.2.5.36
    ATTRIBUTE_VALUE_SINGLE_QUOTED = enum.auto()  # 13.2.5.37
    ATTRIBUTE_VALUE_UNQUOTED = enum.auto()  # 13.2.5.38
    SELF_CLOSING_START_TAG = enum.auto()  # 13.2.5.40
    ENDED = enum.auto()


class _Rule(NamedTuple):
    """What a state does: skip a run, then look at one byte, and consume it or leave it to the next state."""

    run: re.Pattern[bytes]
    consumed: dict[bytes, _State]
    """The next state by the byte, which is consumed."""
    reconsumed: _State
    """The next state after every other byte, which is not."""


_RULES: Final[dict[_State, _Rule]] = {
    _State.TAG_NAME: _Rule(re.compile(rb"[^\t\n\f\r />]*+"), {}, _State.BEFORE_ATTRIBUTE_NAME),
    _State.BEFORE_ATTRIBUTE_NAME: _Rule(
        re.compile(rb"[\t\n\f\r ]*+"),
        {b"/": _State.SELF_CLOSING_START_TAG, b">": _State.ENDED, b"=": _State.ATTRIBUTE_NAME},
        _State.ATTRIBUTE_NAME,
    ),
    _State.ATTRIBUTE_NAME: _Rule(
        re.compile(rb"[^\t\n\f\r />=]*+"), {b"=": _State.BEFORE_ATTRIBUTE_VALUE}, _State.AFTER_ATTRIBUTE_NAME
    ),
    _State.AFTER_ATTRIBUTE_NAME: _Rule(
        re.compile(rb"[\t\n\f\r ]*+"),
        {b"/": _State.SELF_CLOSING_START_TAG, b">": _State.ENDED, b"=": _State.BEFORE_ATTRIBUTE_VALUE},
        _State.ATTRIBUTE_NAME,
    ),
    _State.BEFORE_ATTRIBUTE_VALUE: _Rule(
        re.compile(rb"[\t\n\f\r ]*+"),
        {
            b'"': _State.ATTRIBUTE_VALUE_DOUBLE_QUOTED,
            b"'": _State.ATTRIBUTE_VALUE_SINGLE_QUOTED,
            b">": _State.ENDED,
        },
        _State.ATTRIBUTE_VALUE_UNQUOTED,
    ),
    _State.ATTRIBUTE_VALUE_DOUBLE_QUOTED: _Rule(
        re.compile(rb"[^\"]*+"), {b'"': _State.BEFORE_ATTRIBUTE_NAME}, _State.BEFORE_ATTRIBUTE_NAME
    ),
    _State.ATTRIBUTE_VALUE_SINGLE_QUOTED: _Rule(
        re.compile(rb"[^']*+"), {b"'": _State.BEFORE_ATTRIBUTE_NAME}, _State.BEFORE_ATTRIBUTE_NAME
    ),
    _State.ATTRIBUTE_VALUE_UNQUOTED: _Rule(
        re.compile(rb"[^\t\n\f\r >]*+"), {b">": _State.ENDED}, _State.BEFORE_ATTRIBUTE_NAME
    ),
    _State.SELF_CLOSING_START_TAG: _Rule(
        re.compile(rb""), {b">": _State.ENDED}, _State.BEFORE_ATTRIBUTE_NAME
    ),
}


class TagTail:
    """Reads on, from the end of a tag's name to the end of the tag, however the page is cut into chunks."""

    __slots__ = ("_state", "self_closing")

    def __init__(self, *, in_name: bool = False) -> None:
        self._state = _State.TAG_NAME if in_name else _State.BEFORE_ATTRIBUTE_NAME
        self.self_closing = False

    @property
    def ended(self) -> bool:
        """Whether the end of the tag was met."""
        return self._state is _State.ENDED

    def advance(self, page: bytes, position: int, limit: int) -> int:
        """Read from `position`; give the position after the tag, or `limit` when it goes on after that."""
        while self._state is not _State.ENDED:
            rule = _RULES[self._state]
            position = rule.run.match(page, position, limit).end()  # type: ignore[union-attr]  # may be empty
            if position == limit:
                break
            following = rule.consumed.get(page[position : position + 1])
            if following is None:
                self._state = rule.reconsumed
                continue
            self.self_closing = self._state is _State.SELF_CLOSING_START_TAG
            self._state = following
            position += 1
        return position

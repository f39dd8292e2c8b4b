"""Reads a page by the rules of XML (``application/xhtml+xml``).

A browser shows an error in the place of a page that is not well-formed, so nothing is asked of this reader
then but to go on. Names are compared as they stand, without a prefix.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from typing import ClassVar, Final

from .grammar import NAME_END, TAG_TAIL, unfinished
from .reader import LONGEST_TAG, BodyEnd, StartTag
from .scanner import Watched
from .tags import TagTail

__all__ = ["XMLReader"]


class _State(enum.Enum):
    CONTENT = enum.auto()
    TAG = enum.auto()  # in a tag whose beginning went out already
    COMMENT = enum.auto()  # XML 1.0, section 2.5
    PROCESSING_INSTRUCTION = enum.auto()  # 2.6
    CDATA_SECTION = enum.auto()  # 2.7


_ENDS: Final = {
    _State.COMMENT: b"-->",
    _State.PROCESSING_INSTRUCTION: b"?>",
    _State.CDATA_SECTION: b"]]>",
}
_OPENINGS: Final = {
    b"<!--": _State.COMMENT,
    b"<?": _State.PROCESSING_INSTRUCTION,
    b"<![CDATA[": _State.CDATA_SECTION,
}
_LONGEST_OPENING: Final = max(map(len, _OPENINGS))

_NAME: Final = rb"[^\t\n\f\r />!?<=\"'][^\t\n\f\r /><=\"']*+"
_TAG: Final = re.compile(rb"<(/?)(" + _NAME + rb")(?=" + NAME_END + rb")")
_CUT_TAG: Final = re.compile(rb"<(?:/?" + _NAME + rb"|/)?\Z")
_TAIL: Final = re.compile(TAG_TAIL)
_LITERAL: Final = rb"\"[^\"]*+\"|'[^']*+'"
_NOT_A_DECLARATION: Final = rb"<!--(?:[^-]|-(?!->))*+-->|<\?(?:[^?]|\?(?!>))*+\?>"
_DOCTYPE: Final = re.compile(  # 2.8: with an internal subset, in which ">" does not end it
    rb"<!DOCTYPE(?:[^\"'\[>]++|" + _LITERAL + rb")*+"
    rb"(?:\[(?:[^\"'\]<]++|" + _LITERAL + rb"|" + _NOT_A_DECLARATION + rb"|<(?!!--|\?))*+\][^>]*+)?+>"
)
_DEPTH_OF_BODY: Final = 2


class XMLReader:
    """The `Reader` of XHTML."""

    takes_markup: Final = False
    """Outside of the body markup would be shown nowhere, or be an error."""

    def __init__(self, watched: Watched) -> None:
        self.consumed = 0
        self.finished = False
        self._watched = frozenset(element for element, _ in watched)
        self._found: list[StartTag | BodyEnd] = []
        self._state = _State.CONTENT
        self._depth = 0
        """How many elements are open."""
        self._opens = False
        """Whether it is a start tag that is being read in the state TAG."""
        self._tail = TagTail()

    def read(self, page: bytes) -> list[StartTag | BodyEnd]:
        """Read the next piece."""
        self._found = []
        position = 0
        while position < len(page) and not self.finished:
            before = position, self._state
            position = self._STEPS[self._state](self, page, position)
            if (position, self._state) == before:
                break
        self.consumed = len(page) if self.finished else position
        return self._found

    def _content(self, page: bytes, position: int) -> int:
        position = page.find(b"<", position)
        if position < 0:
            return len(page)
        opening = page[position : position + _LONGEST_OPENING]
        for beginning, state in _OPENINGS.items():
            if opening.startswith(beginning):
                self._state = state
                return position + len(beginning)
        if opening == b"<!DOCTYPE":
            return self._doctype(page, position)
        if any(beginning.startswith(opening) for beginning in (*_OPENINGS, b"<!DOCTYPE")):
            return position
        return self._tag_open(page, position)

    def _doctype(self, page: bytes, position: int) -> int:
        end = _DOCTYPE.match(page, position, position + LONGEST_TAG)
        if end:
            return end.end()
        # Without its end nothing after it can be told from what is inside of it.
        self.finished = len(page) - position >= LONGEST_TAG
        return position

    def _tag_open(self, page: bytes, position: int) -> int:
        tag = _TAG.match(page, position, position + LONGEST_TAG)
        if tag is None:
            if len(page) - position < LONGEST_TAG and _may_become_tag(page, position):
                return position
            return position + 1  # not well-formed
        name = tag[2]
        tail = _TAIL.match(page, tag.end())
        if tag[1]:
            if self._depth == _DEPTH_OF_BODY and name == b"body":
                self._found.append(BodyEnd(position))
                self.finished = not self._watched
            self._depth -= 1
        elif name in self._watched:
            if tail and tail.end() - position <= LONGEST_TAG:
                self._found.append(StartTag(name, position, tail.end()))
            elif not tail and len(page) - position <= LONGEST_TAG:
                return position
        if tail is None:
            self._state, self._opens, self._tail = _State.TAG, not tag[1], TagTail()
            return tag.end()
        self._depth += not tag[1] and not tail[1]
        return tail.end()

    def _tag_tail(self, page: bytes, position: int) -> int:
        position = self._tail.advance(page, position, len(page))
        if self._tail.ended:
            self._state = _State.CONTENT
            self._depth += self._opens and not self._tail.self_closing
        return position

    def _section(self, page: bytes, position: int) -> int:
        ending = _ENDS[self._state]
        end = page.find(ending, position)
        if end < 0:
            return unfinished(page, position, len(page), ending)
        self._state = _State.CONTENT
        return end + len(ending)

    _STEPS: ClassVar[dict[_State, Callable[[XMLReader, bytes, int], int]]] = {
        _State.CONTENT: _content,
        _State.TAG: _tag_tail,
        _State.COMMENT: _section,
        _State.PROCESSING_INSTRUCTION: _section,
        _State.CDATA_SECTION: _section,
    }


def _may_become_tag(page: bytes, position: int) -> bool:
    """Whether a tag may begin at `position` once more of the page has come."""
    return _CUT_TAG.match(page, position) is not None

"""What a reader of pages gives: the few places where a page may change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

__all__ = ["LONGEST_TAG", "BodyEnd", "Reader", "StartTag"]

LONGEST_TAG: Final = 65536
"""Bytes. A tag that is longer goes out as it came, so that no more than this and a chunk is ever held."""


class StartTag(NamedTuple):
    """A start tag that may lead to a chat, whole."""

    name: bytes
    start: int
    end: int


class BodyEnd(NamedTuple):
    """The end tag of the body."""

    start: int


class Reader(Protocol):
    """Reads a page as a browser does, piece by piece. However the page is cut, the places are the same."""

    consumed: int
    """How much of the last piece was read. The rest is the beginning of a token, and has to come again."""

    finished: bool
    """Whether nothing in the rest of the page can matter."""

    @property
    def takes_markup(self) -> bool:
        """Whether markup would be read as part of the body if it came where the reader is now."""
        ...

    def read(self, page: bytes) -> Sequence[StartTag | BodyEnd]:
        """Read the next piece; give the places in it, in their order. Never raises."""
        ...

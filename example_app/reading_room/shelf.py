"""The books that the librarians put on the table this month. The store has them, and more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["TABLE", "Book"]


@dataclass(frozen=True, slots=True)
class Book:
    """A book and why it lies there."""

    path: str
    """Its page in the store."""
    title: str
    author: str
    note: str


TABLE: Final = (
    Book(
        "/reader/the-tide-clock",
        "The Tide Clock",
        "Inês Caldeira",
        "A harbour, a keeper, and a clock that tells the water. For whoever waits for something.",
    ),
    Book(
        "/reader/night-trains",
        "Night Trains",
        "Radko Vesel",
        "Europe from behind, in mirror writing. The reading circle has it in hand this month.",
    ),
    Book(
        "/reader/the-quiet-orchard",
        "The Quiet Orchard",
        "Halima Sow",
        "One tree for each grandchild. The allotment society asked for it, twice.",
    ),
    Book(
        "/reader/a-field-guide-to-clouds",
        "A Field Guide to Clouds",
        "Maud Ellery",
        "Read it by the big window. It works best lying down.",
    ),
)

"""What there is to read in the stand-in store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["BOOKS", "Book"]


@dataclass(frozen=True, slots=True)
class Book:
    """A book of a few short pages."""

    slug: str
    """Its name in addresses."""
    title: str
    author: str
    pages: tuple[str, ...]


_SHELF: Final = (
    Book(
        "the-tide-clock",
        "The Tide Clock",
        "Inês Caldeira",
        (
            "The clock in the harbour office had one hand, and it did not tell the time. It told the water.",
            "“Low,” said the keeper each morning, and wrote it down, although the mud outside said so too.",
            "On the day the hand stood still, the boats went out all the same. The sea had not heard of it.",
        ),
    ),
    Book(
        "bread-for-beginners",
        "Bread for Beginners",
        "Tomás Oru",
        (
            "Flour, water, salt, and more patience than you think you have. That is the whole of the recipe.",
            "Cover the bowl. Go and read another chapter. The dough works best when nobody looks at it.",
            "It is done when it sounds hollow, and when the neighbours begin to find reasons to call.",
        ),
    ),
    Book(
        "a-field-guide-to-clouds",
        "A Field Guide to Clouds",
        "Maud Ellery",
        (
            "Cumulus: the cloud that children draw. Fair weather, until it grows a head.",
            "Cirrus: what is left when somebody combs the sky. Rain tomorrow, or the day after.",
            "Stratus: a ceiling. Stay in, and turn to the chapter on fog, which is the same cloud, lower.",
        ),
    ),
    Book(
        "night-trains",
        "Night Trains",
        "Radko Vesel",
        (
            "The conductor wakes you an hour before the border, so that you may be awake for nothing.",
            "Towns go by as lamps and signs. You learn their names from behind, in mirror writing.",
            "In the morning the same suitcase stands in another language.",
        ),
    ),
    Book(
        "the-quiet-orchard",
        "The Quiet Orchard",
        "Halima Sow",
        (
            "My grandmother planted a tree for each of us, and talked to them by our names.",
            "Mine was a quince. It took eleven years to bear, and she never once blamed it.",
            "Now I prune them all in February, and tell them who has called, and who has not.",
        ),
    ),
    Book(
        "knots-and-other-promises",
        "Knots and Other Promises",
        "Piet Vandermeer",
        (
            "A good knot holds while it must, and lets go when you ask it to.",
            "The bowline is the first to learn. A rabbit comes out of a hole, and goes round a tree.",
            "A knot that cannot be untied is not stronger. It is only sure of itself.",
        ),
    ),
)

BOOKS: Final = {book.slug: book for book in _SHELF}
"""By their slugs, in the order of the shelf."""

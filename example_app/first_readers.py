"""The readers whom the library's directory knows in the demo."""

from __future__ import annotations

from typing import Any, Final

from chatsso_middleware.sandbox.directory import People

__all__ = ["CARD", "EXPIRED_CARD", "LOCKED_CARD", "PASSWORD", "admit"]

CARD: Final = "204117"
LOCKED_CARD: Final = "204230"
EXPIRED_CARD: Final = "204355"
PASSWORD: Final = "ex libris 1926"  # noqa: S105 - printed by the demo, for everybody to use

READERS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    # A card that is lost is replaced by one with another number; the reader stays who he is by his id.
    (CARD, {"id": "reader-31", "email": "nora.finch@example.org", "name": "Nora Finch"}),
    (
        LOCKED_CARD,
        {"id": "reader-58", "email": "ben.okello@example.org", "name": "Ben Okello", "state": "locked"},
    ),
    (
        EXPIRED_CARD,
        {"id": "reader-77", "email": "ida.moll@example.org", "name": "Ida Moll", "state": "expired"},
    ),
)


def admit(people: People) -> None:
    """Put the readers into a directory."""
    for card, facts in READERS:
        people.add(card, PASSWORD, **facts)

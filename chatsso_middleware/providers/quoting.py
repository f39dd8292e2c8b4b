"""A chat's own words, made fit for a log line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

__all__ = ["quotable"]

_LONGEST: Final = 200
"""Characters of a chat's message that go into a log line."""


def quotable(sent: Iterable[str], message: str) -> str:
    """`message` cut short, printable, and without anything of what was `sent`, which it may echo."""
    for value in sorted(filter(None, sent), key=len, reverse=True):
        message = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", "...", message, flags=re.IGNORECASE)
    printable = "".join(character if character.isprintable() else " " for character in message)
    return printable[:_LONGEST]

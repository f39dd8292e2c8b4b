"""A setting, and a section of settings, as values."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from .converters import Unusable

__all__ = ["REQUIRED", "Key", "Required", "Section"]


class Required(enum.Enum):
    """The type of `REQUIRED`."""

    REQUIRED = "required"


REQUIRED: Final = Required.REQUIRED
"""In the place of a default: the owner must give a value."""


@dataclass(frozen=True, slots=True)
class Key:
    """One setting."""

    name: str
    """Without the prefix of its section: ``api_key``. A ``*`` stands for one segment of the owner's choice;
    the value is then a mapping from what he chose to what he wrote there."""
    convert: Callable[[Any], Any]
    """From the value as written to the value of the setting; raises `converters.Unusable`."""
    default: Any = REQUIRED
    """The value of the setting, already converted, where the owner gives none."""
    help: str = ""
    """What it does, in a sentence for the owner."""
    secret: bool = False
    """Whether its value is one that nobody may see."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the core that has keys of its own, and is there only where it is configured."""

    keys: Sequence[Key]
    disagreements: Callable[[Mapping[str, Any], Mapping[str, Any]], Iterable[tuple[str, Unusable]]]
    """The keys whose values do not go together, from the section's values and the core's, both without those
    that had a problem."""

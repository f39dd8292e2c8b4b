"""Templates over the form's fields: ``{login}``, ``Basic {basic}``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from ..converters import Unusable, text
from ..secret import Secret
from .form import FIELDS, Form

__all__ = ["Template", "template"]

_PIECE: Final = re.compile(r"\{\{|\}\}|\{(?P<name>[^{}]*)\}|(?P<brace>[{}])|(?P<literal>[^{}]+)")
_PLACES: Final = (*FIELDS, "basic")
_MEND: Final = (
    f"Known are {', '.join(f'{{{name}}}' for name in _PLACES)}; a brace that is none is written twice."
)


@dataclass(frozen=True, slots=True)
class Template:
    """Text with places for what the visitor entered. The text may be a key, so the repr is silent on it."""

    _pieces: tuple[tuple[str, bool], ...] = field(repr=False)
    """Each with whether it is the name of a place."""

    @property
    def places(self) -> frozenset[str]:
        """The names that stand in it."""
        return frozenset(piece for piece, is_place in self._pieces if is_place)

    def fill(self, form: Form) -> str:
        """The text for `form`. What was entered is never read as a template."""
        values = form.values()
        if "basic" in self.places:
            values["basic"] = form.basic
        return "".join(values[piece] if is_place else piece for piece, is_place in self._pieces)


def template(value: Any) -> Template:
    """A template; a name in braces that is not known is refused."""
    written = text(value.reveal() if isinstance(value, Secret) else value)
    pieces: list[tuple[str, bool]] = []
    for match in _PIECE.finditer(written):
        if match["brace"]:
            raise Unusable("A brace in the value has no partner.", _MEND)
        if match["name"] is None:
            pieces.append((match["literal"] or match[0][0], False))
        elif match["name"] in _PLACES:
            pieces.append((match["name"], True))
        else:  # not shown: it may be a piece of a key
            raise Unusable("What stands in braces is no field of the form.", _MEND)
    return Template(tuple(pieces))

"""JSON as RFC 8259 means it, where Python's reader is more generous."""

from __future__ import annotations

import json
import math
from typing import Any, Final, NoReturn

__all__ = ["BareValue", "read_object"]

_LONGEST_NUMBER: Final = 32
"""Digits. Reading a number takes time that grows with the square of its length."""


class BareValue(ValueError):
    """The text is JSON, but no object."""


def read_object(text: str) -> dict[str, Any]:
    """Read `text` as one JSON object, else raise `ValueError` with a text that does not quote it.

    Refused as well: a name that comes twice, NaN and infinity, numbers of more than 32 digits, nesting deeper
    than the interpreter's stack.
    """
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_finite,
            parse_constant=_refuse_constant,
        )
    except (ValueError, RecursionError):  # what the reader and the hooks below raise
        raise ValueError("malformed JSON") from None
    if not isinstance(value, dict):
        raise BareValue("a bare JSON value")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name comes twice")
    return found


def _integer(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise ValueError("a number too long")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits) if len(digits) <= _LONGEST_NUMBER else math.inf
    if math.isinf(number):
        raise ValueError("a number too large or too long")
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")

"""What is wrong with the input before anybody is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from ..converters import Unusable, lines
from .form import Form
from .outcome import Refused

__all__ = ["Check", "first_problem", "make_checks", "patterns"]

LONGEST: Final = 1024
"""Characters of a field. Nobody's password is longer, and hashing one takes the directory time."""

_Field = Literal["login", "password"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that the owner asks of a field."""

    field: _Field
    pattern: re.Pattern[str]
    """For the whole value."""
    message: str | None
    """For the visitor whose input it does not match."""


def patterns(value: Any) -> tuple[re.Pattern[str], ...]:
    """Regular expressions, one a line; each for the whole value of a field."""
    found = []
    for number, written in enumerate(lines(value), start=1):
        try:
            found.append(re.compile(written))
        except (re.error, RecursionError, OverflowError) as error:
            reason = f"Line {number} is no regular expression: {error}."
            raise Unusable(reason, r"Write one such as [^@]+@example\.com") from None
    return tuple(found)


def make_checks(
    by_field: Mapping[str, Sequence[re.Pattern[str]]], messages: Mapping[str, Sequence[str]]
) -> tuple[Check, ...]:
    """The checks in the order of the form. A field has a message for each of its checks, or one for all."""
    checks = []
    for field in get_args(_Field):
        told: Sequence[str | None] = messages.get(field, (None,))
        for number, pattern in enumerate(by_field.get(field, ())):
            checks.append(Check(field, pattern, told[min(number, len(told) - 1)]))
    return tuple(checks)


def first_problem(form: Form, checks: Sequence[Check]) -> Refused | None:
    """Why `form` is not worth a call, or `None` where it is."""
    values = form.values()
    for field in get_args(_Field):
        code = _unreadable(values[field], secret=field == "password")
        if code:
            return Refused(code=code, reason="input", field=field)
    for check in checks:
        if not check.pattern.fullmatch(values[check.field]):
            return Refused(check.message, f"check.{check.field}", "input", check.field)
    return None


def _unreadable(value: str, *, secret: bool) -> str:
    if not value:
        return "missing"
    if len(value) > LONGEST:
        return "too_long"
    if any(0xD800 <= ord(character) <= 0xDFFF for character in value):
        return "unreadable"
    # A password may hold any character. In a login they are a slip, or an attack on what reads it.
    if not secret and any(ord(character) < 32 or ord(character) == 127 for character in value):
        return "unreadable"
    return ""

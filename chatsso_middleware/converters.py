"""Converters: from a value as the owner wrote it to the value that the code works with.

What was written is a ``str`` from an ini, or a natural Python value from a dict. A converter gives the value
back or raises `Unusable`. It never puts what was written into the error, which stands in logs: a key pasted
into the wrong line would be read there.
"""

from __future__ import annotations

import importlib
import math
import re
from collections.abc import Callable, Collection
from datetime import timedelta
from difflib import get_close_matches
from typing import Any, Final

from .errors import ChatSSOError
from .secret import Secret
from .urls import is_loopback, split_web_address

__all__ = [
    "PlainAddress",
    "Unusable",
    "boolean",
    "chat_url",
    "choice",
    "duration",
    "is_quoted",
    "lines",
    "named_callable",
    "nearest",
    "number",
    "seconds",
    "secret_lines",
    "secret_text",
    "text",
    "web_address",
    "words",
]

Converter = Callable[[Any], Any]

_BOOLEANS: Final = {
    **dict.fromkeys(("yes", "true", "on", "1"), True),
    **dict.fromkeys(("no", "false", "off", "0"), False),
}
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,15})?")
_DURATION: Final = re.compile(
    r"([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*(second|minute|hour|day|week)s?", re.IGNORECASE
)
_DOTTED: Final = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*:[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_DURATION_MEND: Final = "Write a number and its unit, such as 60 seconds, 55 minutes or 7 days."


class Unusable(ChatSSOError):
    """A value that cannot be used: what is wrong and how to mend it, in sentences without the value."""

    def __init__(self, reason: str, mend: str, *, place: str | None = None) -> None:
        self.reason = reason
        self.mend = mend
        self.place = place
        """Where the value was looked for, if that is not where the key stands."""
        super().__init__(reason, mend)

    def __str__(self) -> str:
        return f"{self.reason} {self.mend}"


class PlainAddress(str):
    """A web address that travels unencrypted over a network: plain ``http`` to a host that is not loopback.

    A converter gives it where TLS is asked for; loading the settings refuses it unless `insecure` is on.
    """

    __slots__ = ()


def nearest(name: str, known: Collection[str]) -> str | None:
    """The one of `known` that looks most like `name`, however little."""
    found = get_close_matches(name.lower()[:200], known, n=1, cutoff=0.0)
    return found[0] if found else None


def is_quoted(written: str) -> bool:
    """Whether quotation marks stand around it, which an ini does not take away."""
    return len(written) > 1 and written[0] == written[-1] and written[0] in "\"'"


def text(value: Any) -> str:
    """One line of text, without the white space around it."""
    if not isinstance(value, str):
        raise Unusable(f"Text is expected, not {_kind(value)}.", "Write it as text.")
    stripped = value.strip()
    if not stripped:
        raise Unusable("The value is empty.", "Write one, or take the key away to get its default.")
    if "\n" in stripped:
        raise Unusable("The value has more than one line.", "Write it in one line.")
    if any(not character.isprintable() for character in stripped):
        raise Unusable("A character that cannot be seen stands in the value.", "Type it anew.")
    return stripped


def boolean(value: Any) -> bool:
    """A Python bool, or one of yes, no, true, false, on, off, 1, 0 in any case."""
    if isinstance(value, bool):
        return value
    found = _BOOLEANS.get(value.strip().lower()) if isinstance(value, str) else None
    if found is None:
        raise Unusable(
            "The value is neither yes nor no.", "Write one of yes, no, true, false, on, off, 1, 0."
        )
    return found


def choice(*names: str) -> Callable[[Any], str]:
    """One of `names`, in any case; given back as it stands in `names`."""
    by_lower_case = {name.lower(): name for name in names}

    def one_of(value: Any) -> str:
        written = text(value).lower()
        if written not in by_lower_case:
            mend = f"Write {' or '.join(names)}; the nearest is {nearest(written, names)}."
            raise Unusable("The value is none of those that are known.", mend)
        return by_lower_case[written]

    return one_of


def number(*, least: float = -math.inf, most: float = math.inf) -> Callable[[Any], float]:
    """A finite number from `least` to `most`, both included."""

    def in_range(value: Any) -> float:
        found = _finite_number(value)
        if not least <= found <= most:
            raise Unusable("The number is out of range.", f"Write one from {least:g} to {most:g}.")
        return found

    return in_range


def seconds(*, most: float, or_none: bool) -> Callable[[Any], float]:
    """Seconds up to `most`: a plain number, or a duration with its unit. Zero only with `or_none`."""
    bounds = f"from 0 to {most:g}" if or_none else f"more than 0 and at most {most:g}"

    def in_range(value: Any) -> float:
        if isinstance(value, timedelta):
            found = value.total_seconds()
        elif isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())):
            found = _length(match).total_seconds()
        else:
            found = _finite_number(value)
        if not 0 <= found <= most or (found == 0 and not or_none):
            raise Unusable("The time is out of range.", f"Write a number of seconds, {bounds}.")
        return found

    return in_range


def duration(value: Any) -> timedelta:
    """A time as people write it, longer than nothing: ``60 seconds``, ``55 minutes``, ``7 days``."""
    if isinstance(value, timedelta):
        found = value
    else:
        match = _DURATION.fullmatch(text(value))
        if match is None:
            raise Unusable("The value is no duration.", _DURATION_MEND)
        found = _length(match)
    if found <= timedelta(0):
        raise Unusable("The duration is not longer than nothing.", _DURATION_MEND)
    return found


def words(value: Any) -> tuple[str, ...]:
    """One word or more, separated by white space; or a list of them. None stands twice."""
    found = tuple(value.split()) if isinstance(value, str) else _texts(value)
    if any("," in word for word in found):
        raise Unusable("A comma stands in the value.", "Separate names by white space alone.")
    if not found:
        raise Unusable("The value is empty.", "Write one name or more, separated by white space.")
    if len(set(found)) < len(found):
        raise Unusable("A name stands in it twice.", "Write each once.")
    return found


def lines(value: Any) -> tuple[str, ...]:
    """One text a line, empty lines left out; or a list of texts. At least one."""
    found = (
        tuple(filter(None, map(str.strip, value.split("\n")))) if isinstance(value, str) else _texts(value)
    )
    if not found:
        raise Unusable("The value is empty.", "Write one, or take the key away to get its default.")
    return tuple(map(text, found))


def secret_text(value: Any) -> Secret:
    """One secret."""
    return Secret(_unquoted(text(value.reveal() if isinstance(value, Secret) else value)))


def secret_lines(value: Any) -> tuple[Secret, ...]:
    """One secret a line; or a list of them. At least one."""
    if isinstance(value, Secret):
        return (secret_text(value),)
    if isinstance(value, list | tuple) and value:
        return tuple(map(secret_text, value))
    return tuple(map(secret_text, lines(value)))


def named_callable(value: Any) -> Callable[..., Any]:
    """What ``package.module:callable`` names, imported now; or a Python callable as it is."""
    if callable(value):
        found: Callable[..., Any] = value
        return found
    written = text(value)
    if not _DOTTED.fullmatch(written):
        raise Unusable("The value names no callable.", "Write it as package.module:callable.")
    module_name, _, path = written.partition(":")
    try:
        target: Any = importlib.import_module(module_name)
    except Exception as error:  # the owner's module may raise anything; he is told what it was
        mend = "Mend the name, or the module; it must be importable where the site runs."
        raise Unusable(f"{module_name} cannot be imported: {type(error).__name__}: {error}.", mend) from None
    for name in path.split("."):
        if not hasattr(target, name):
            raise Unusable(f"{module_name} has no {path}.", f"Mend the name, or add it to {module_name}.")
        target = getattr(target, name)
    if not callable(target):
        raise Unusable(f"{written} is not callable.", "Name a function, or an object with __call__.")
    return target  # type: ignore[no-any-return]  # callable() does not narrow Any


def web_address(value: Any) -> str:
    """An ``http`` or ``https`` address that others are built on: no query, no fragment, no slash at its end.

    Scheme and host come back in lower case, and the scheme's own port is left out, as a browser writes it.
    """
    written = text(value)
    address = split_web_address(written)
    if address is None:
        mend = "Write it whole and in ASCII, as in https://chat.example.com."
        raise Unusable("The value is no http or https address.", mend)
    if address.user_information is not None:
        mend = "Take away all that stands before the @, and the @."
        raise Unusable("A user name or a password stands in the address.", mend)
    if address.query is not None or address.fragment is not None:
        raise Unusable("A query or a fragment stands in the address.", "End it before the ? or #.")
    return f"{address.origin}{address.path.rstrip('/')}"


def chat_url(value: Any) -> str:
    """The address of a chat or another service that gets secrets: a `PlainAddress` where it lacks TLS."""
    address = web_address(value)
    parts = split_web_address(address)
    if parts is not None and parts.scheme == "http" and not is_loopback(parts.host):
        return PlainAddress(address)
    return address


def _length(match: re.Match[str]) -> timedelta:
    try:
        return timedelta(**{f"{match[2].lower()}s": float(match[1])})
    except OverflowError:
        raise Unusable("The duration is longer than can be counted.", _DURATION_MEND) from None


def _finite_number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Unusable(f"A number is expected, not {_kind(value)}.", "Write it as in 0.5.")
    if isinstance(value, str) and not _NUMBER.fullmatch(value.strip()):
        raise Unusable("The value is no number.", "Write it with digits and a point, as in 0.5.")
    try:
        found = float(value)
    except OverflowError:  # an int that no float can hold
        found = math.inf
    if not math.isfinite(found):
        raise Unusable("The number is not finite.", "Write it as in 0.5.")
    return found


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise Unusable(f"Text, or a list of texts, is expected, not {_kind(value)}.", "Write it as text.")
    return tuple(map(text, value))


def _unquoted(written: str) -> str:
    if is_quoted(written):
        raise Unusable("The value stands in quotation marks.", "Take them away: they would be part of it.")
    return written


def _kind(value: Any) -> str:
    return "None" if value is None else f"a value of type {type(value).__name__}"

"""What the method `login` answered: a token and its end, or one of the package's own errors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from ....errors import ProviderError, Rejected, Unavailable
from ...answer import LONGEST_WAIT
from .codec import MethodError, Parameter
from .errors import CallsLimited, LoginsBlocked, RemoteProtocolError, SecondFactorWanted

__all__ = ["LoginResult", "read_login_result", "refusal"]

_TOKEN: Final = re.compile(r"[!-~]{1,1024}")

_FIRST_MILLISECONDS: Final = 1e11
"""As seconds the year 5138, as milliseconds March 1973: no login ends at either."""

_LAST_SECOND: Final = 253402300799.0
"""The end of the year 9999, where Python's calendar ends too."""

_LONGEST_QUOTE: Final = 200
"""Characters of the chat's own words that go into an error."""

_LOGINS_BLOCKED: Final = frozenset({"error-login-blocked-for-ip", "error-login-blocked-for-user"})
"""Observed in Rocket.Chat's server: too many failed logins came from our address, whoever they were for; or
were for this user."""


@dataclass(frozen=True, slots=True)
class LoginResult:
    """A user's login, as the chat gave it."""

    user_id: str
    token: str = field(repr=False)
    """For the next login with `ResumeLogin`."""
    expires_at: float | None
    """Seconds since the epoch, after which the chat no longer takes the token; `None` if it did not say."""


def read_login_result(value: object) -> LoginResult:
    """Read the result of the method `login`.

    Raises `RemoteProtocolError` unless id and token are printable ASCII without blanks, and the end, where
    there is one, is a date. ``$date`` is in milliseconds on live servers, in seconds in the vendor's sample.
    """
    if not isinstance(value, dict):
        raise RemoteProtocolError("a login whose result is no object")
    return LoginResult(
        user_id=_word(value, "id"),
        token=_word(value, "token"),
        expires_at=_seconds(value.get("tokenExpires")),
    )


def refusal(provider: str, method: str, error: MethodError, *sent: Parameter) -> ProviderError:
    """The error to raise where `method`, called with the parameters `sent`, ended with `error`.

    `Unavailable` where it may pass: too many calls (`CallsLimited`), too many failed logins
    (`LoginsBlocked`), a fault in the server. Everything else is `Rejected`: `SecondFactorWanted` where
    one is asked for.
    """
    code = str(error.code)
    if code in ("too-many-requests", "429"):
        return CallsLimited(
            provider, f"limits our calls of the method {method}", retry_after=_seconds_to_reset(error)
        )
    if code in _LOGINS_BLOCKED:
        reason = "takes no logins from this server, or of this user, for a while: too many failed"
        return LoginsBlocked(provider, reason)
    if re.fullmatch(r"5[0-9][0-9]", code):
        return Unavailable(provider, f"failed in the method {method} (error {code})")
    if code.startswith("totp-"):
        return SecondFactorWanted(
            provider, f"wants a second factor from this user, which only he has{_quoted(error, *sent)}"
        )
    return Rejected(provider, f"refuses the {method}{_quoted(error, *sent)}")


def _word(value: dict[str, Any], name: str) -> str:
    word = value.get(name)
    if not isinstance(word, str) or not _TOKEN.fullmatch(word):
        raise RemoteProtocolError(f"a login whose {name} is none that can be used")
    return word


def _seconds(expires: object) -> float | None:
    if expires is None:
        return None
    date = expires.get("$date") if isinstance(expires, dict) else None
    if isinstance(date, bool) or not isinstance(date, int | float):
        raise RemoteProtocolError("a login whose end is no date")
    seconds = date / 1000 if date >= _FIRST_MILLISECONDS else float(date)
    if not 0 < seconds <= _LAST_SECOND:
        raise RemoteProtocolError("a login whose end lies outside the calendar")
    return seconds


def _seconds_to_reset(error: MethodError) -> float | None:
    """How long to wait, from 0 to `LONGEST_WAIT`. Observed in Rocket.Chat: milliseconds in the details."""
    milliseconds = error.details.get("timeToReset")
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int | float):
        return None
    return min(max(milliseconds / 1000, 0.0), LONGEST_WAIT)


def _quoted(error: MethodError, *sent: Parameter) -> str:
    """The chat's own words, as the end of a sentence; nothing where any of what was sent stands in them."""
    words = error.reason or str(error.code)
    told = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    texts = [text.casefold() for parameter in sent for text in _texts(parameter)]
    if not told or any(text in seen.casefold() for text in texts for seen in (words, told)):
        return ""
    return f": {told[:_LONGEST_QUOTE]}"


def _texts(parameter: Parameter) -> Iterator[str]:
    for value in parameter.values():
        if isinstance(value, str):
            yield value
        else:
            yield from _texts(value)

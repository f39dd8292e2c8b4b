"""Our cookies: the signed state, and the acknowledgements beside it.

The state is written at a login and at a logout only. Whatever else has to be remembered stands in a cookie
of its own, so that a late answer to an old request can never bring an old login back.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from http.cookies import Morsel
from typing import Any, Final, Literal

from itsdangerous import BadData, URLSafeTimedSerializer

from ..users import ChatUser
from .session_state import NOBODY, Barred, Departed, SessionState

__all__ = ["STATE_LIFETIME", "CookieAttributes", "StateCookie", "cookie_values"]

log = logging.getLogger(__name__)

STATE_LIFETIME: Final = 30 * 24 * 3600
"""Seconds after which a state is no longer believed, and for which a remembered one is kept."""
LOGGED_OUT_LIFETIME: Final = 24 * 3600
"""Seconds for which the state after a logout is kept: long enough for the next page."""
LARGEST_COOKIE: Final = 1023
"""Characters of a whole Set-Cookie value."""


def cookie_values(header: str, name: str) -> list[str]:
    """Every value of the cookie `name` in a Cookie header: one for each path and domain that has it."""
    if name not in header:
        return []
    values = []
    for pair in header.split(";"):
        key, sign, value = pair.partition("=")
        if sign and key.strip() == name:
            values.append(value.strip().strip('"'))
    return values


@dataclass(frozen=True, slots=True)
class CookieAttributes:
    """What all our cookies have in common, as the owner set it."""

    name: str = "chatsso"
    samesite: Literal["lax", "strict", "none"] = "lax"
    domain: str | None = None
    partitioned: bool = False
    """Whether browsers keep our cookies apart for each site that shows ours in a frame (CHIPS)."""

    def set_cookie(self, name: str, value: str, *, path: str, secure: bool, max_age: int | None) -> str:
        """The value of a Set-Cookie header (RFC 6265, section 4.1). `max_age` in seconds, or `None`."""
        morsel: Morsel[str] = Morsel()
        morsel.set(name, value, value)
        morsel["path"] = path
        morsel["httponly"] = True
        morsel["samesite"] = self.samesite.capitalize()
        if secure or self.samesite == "none":  # browsers refuse SameSite=None without Secure
            morsel["secure"] = True
        if self.domain:
            morsel["domain"] = self.domain
        if max_age is not None:
            morsel["max-age"] = max_age
        # http.cookies knows the attribute from Python 3.14 on; browsers refuse it without Secure.
        partitioned = "; Partitioned" if self.partitioned and morsel["secure"] else ""
        return morsel.OutputString() + partitioned


class StateCookie:
    """Reads and writes `SessionState` as a signed value. The first key signs, all of them verify."""

    def __init__(self, keys: Sequence[str], attributes: CookieAttributes) -> None:
        self.attributes = attributes
        self._serializer = URLSafeTimedSerializer(
            list(reversed(keys)),  # itsdangerous signs with the last one
            salt="chatsso-middleware.state",
            signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
        )

    def read(self, header: str) -> SessionState:
        """The state that stands in a Cookie header; `NOBODY` for none, a forged one or an old one.

        A browser sends several cookies of one name where their paths or domains differ, after `cookie_domain`
        was changed perhaps: the one written last counts.
        """
        newest: tuple[datetime, SessionState] | None = None
        for value in cookie_values(header, self.attributes.name):
            try:
                content, written = self._serializer.loads(
                    value, max_age=STATE_LIFETIME, return_timestamp=True
                )
                state = _from_json(content)
            except (BadData, KeyError, TypeError, ValueError):
                continue
            if newest is None or written > newest[0]:
                newest = written, state
        return NOBODY if newest is None else newest[1]

    def write(self, state: SessionState, *, path: str, secure: bool) -> str:
        """The value of the Set-Cookie header that makes `state` the browser's. Under 1 KB.

        What does not fit is left out: the address alone says who somebody is. The rest counts where the chat
        makes a new account.
        """
        max_age = _lifetime(state)
        cookie = ""
        for smaller in _smaller_and_smaller(_without_unwritable(state)):
            value = self._serializer.dumps(_to_json(smaller))
            text = value if isinstance(value, str) else value.decode("ascii")
            cookie = self.attributes.set_cookie(
                self.attributes.name, text, path=path, secure=secure, max_age=max_age
            )
            if len(cookie) <= LARGEST_COOKIE:
                break
        return cookie

    # An acknowledgement is the newest event that the chat has seen. It needs no signature: an event's name
    # cannot be guessed, and all that a false one does is to leave out the browser's own tag.

    def acknowledged(self, header: str, provider: str) -> list[str]:
        """The newest events of this browser that `provider` has seen: one for each cookie that says so."""
        return cookie_values(header, f"{self.attributes.name}.{provider}")

    def acknowledge(self, event: str, provider: str, *, path: str, secure: bool) -> str:
        """The value of the Set-Cookie header that says that `provider` has seen `event`."""
        name = f"{self.attributes.name}.{provider}"
        return self.attributes.set_cookie(name, event, path=path, secure=secure, max_age=STATE_LIFETIME)


_USER_FIELDS: Final = {
    "e": "email",
    "i": "id",
    "u": "username",
    "n": "name",
    "a": "avatar_url",
    "x": "extra",
}


def _lifetime(state: SessionState) -> int | None:
    if state.user is not None:
        return STATE_LIFETIME if state.remember else None
    if state.barred is not None:  # as long as the site's own session may go on
        return STATE_LIFETIME
    return 0 if state == NOBODY else LOGGED_OUT_LIFETIME


_MISSED_LEAST_FIRST: Final[list[dict[str, Any]]] = [
    {"extra": {}},
    {"avatar_url": None},
    {"name": None},
    {"username": None},
]


def _to_json(state: SessionState) -> dict[str, Any]:
    content: dict[str, Any] = {}
    if state.user is not None:
        for key, name in _USER_FIELDS.items():
            value = getattr(state.user, name)
            if value:
                content[key] = dict(value) if name == "extra" else value
        content |= {"r": int(state.remember), "t": state.since, "l": state.login, "s": state.stay}
    if state.departed:
        content["d"] = [[departed.email, departed.since, departed.event] for departed in state.departed]
    if state.barred is not None:
        content["b"] = [state.barred.mark, state.barred.until]
    if state.remember_next:
        content["m"] = 1
    return content


def _from_json(content: Any) -> SessionState:
    if not isinstance(content, dict):
        raise TypeError("a state is an object")
    user = None
    if "e" in content:
        user = ChatUser(**{name: content[key] for key, name in _USER_FIELDS.items() if key in content})
    barred = None
    if "b" in content:
        mark, until = content["b"]
        barred = Barred(str(mark), None if until is None else float(until))
    return SessionState(
        user=user,
        remember=bool(content.get("r")),
        since=float(content.get("t", 0)),
        login=str(content.get("l", "")),
        stay=str(content.get("s", "")),
        departed=tuple(
            Departed(str(email), float(since), str(event)) for email, since, event in content.get("d", [])
        ),
        barred=barred,
        remember_next=bool(content.get("m")),
    )


def _smaller_and_smaller(state: SessionState) -> Iterator[SessionState]:
    """`state`, and then less and less of it: first goes what is missed least."""
    yield state
    for less in _MISSED_LEAST_FIRST:
        if state.user is not None:
            state = replace(state, user=replace(state.user, **less))
            yield state
    # The login of somebody new ends the older ones in the chat as well, only not in its order.
    while len(state.departed) > (0 if state.user else 1):
        state = replace(state, departed=state.departed[1:])
        yield state
    if state.user is not None:
        yield replace(state, user=replace(state.user, id=None))


def _without_unwritable(state: SessionState) -> SessionState:
    """`state` with what JSON can hold of the user's `extra`: an error here would come after the login."""
    if state.user is None or not state.user.extra:
        return state
    kept = {name: value for name, value in state.user.extra.items() if _is_writable(name, value)}
    if len(kept) < len(state.user.extra):
        missing = len(state.user.extra) - len(kept)
        log.warning("JSON cannot hold %d of the values in a ChatUser's extra, so they are left out", missing)
    return replace(state, user=replace(state.user, extra=kept))


def _is_writable(name: object, value: object) -> bool:
    if not isinstance(name, str):
        return False
    try:
        json.dumps({name: value}, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError):
        return False
    return True

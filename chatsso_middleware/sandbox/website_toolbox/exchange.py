"""What the views share: parameters of a request, the browser's session, the login by token."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webob import Request, Response

    from .room import Room, Session

__all__ = [
    "BAD_TOKEN",
    "Reply",
    "end_browser_session",
    "log_in_by_token",
    "session_of",
]

COOKIE_NAME: Final = "sandbox_chatroom"
"""A browser sends cookies to every port of a host, so the name must not be one that a site would choose."""

REMEMBERED: Final = 30 * 24 * 60 * 60
"""Seconds that a browser keeps a login with rememberMe=1. The vendor does not say how long."""

BAD_TOKEN: Final = "the token is unknown, expired, or its account was deleted"  # noqa: S105 - words about one


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, and what the list of calls says about it where `outcome` is not empty."""

    response: Response
    outcome: str = ""
    success: bool = True
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)


def _session_id_of(request: Request) -> str:
    """The id in the browser's cookie, empty where there is none."""
    session_id: str = request.cookies.get(COOKIE_NAME, "")
    return session_id


def session_of(request: Request, room: Room) -> Session | None:
    """The browser's session, if it is logged in."""
    return room.session(_session_id_of(request))


def log_in_by_token(room: Room, request: Request, response: Response, query: Mapping[str, str]) -> Reply:
    """Log the owner of the token in, in place of whoever is; with a bad token everything stays as it is."""
    session = room.log_in(query.get("access_token", ""), instead_of=_session_id_of(request))
    if session is None:
        return Reply(response, f"Nobody was logged in: {BAD_TOKEN}.", success=False, parameters=query)
    remember = query.get("rememberMe") == "1"
    _set_cookie(response, request, session.id, max_age=REMEMBERED if remember else None)
    how = "and remembered" if remember else "until the browser is closed"
    return Reply(response, f"Logged in {session.account.email} {how}.", parameters=query)


def end_browser_session(room: Room, request: Request, response: Response) -> None:
    """End the browser's session here and in the browser."""
    room.log_out(_session_id_of(request))
    _set_cookie(response, request, "", max_age=0)


def _set_cookie(response: Response, request: Request, value: str, *, max_age: int | None) -> None:
    """A frame or an IMG on another site gets the cookie only with SameSite=None, which a browser takes only
    together with Secure, and Secure only over https. A cookie is dropped with the attributes it was set with.

    Written by hand, since WebOb 1.8 warns of its own ``utcnow`` on Python 3.12 when a cookie has a Max-Age.
    """
    attributes = ["Path=/", "HttpOnly"]
    attributes += ["SameSite=None", "Secure"] if request.scheme == "https" else ["SameSite=Lax"]
    if max_age is not None:
        attributes.append(f"Max-Age={max_age}")
    response.headers.add("Set-Cookie", "; ".join([f"{COOKIE_NAME}={value}", *attributes]))

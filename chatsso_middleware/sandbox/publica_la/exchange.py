"""What the views share: an answer with its line in the list of calls, and the browser's session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from webob import Request, Response

from ..markup import COMMON_HEADERS, html_response
from . import pages
from .store import Session, Store

__all__ = ["Reply", "end_session", "error", "redirect", "session_id_of", "session_of", "start_session"]

COOKIE_NAME: Final = "sandbox_publica_la"
"""A browser sends cookies to every port of a host, so the name must not be one that a site would choose."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, and what the list of calls says about it where `outcome` is not empty."""

    response: Response
    outcome: str = ""
    success: bool = True
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)


def session_id_of(request: Request) -> str:
    """The id in the browser's cookie, empty where there is none."""
    session_id: str = request.cookies.get(COOKIE_NAME, "")
    return session_id


def session_of(store: Store, request: Request) -> Session | None:
    """The browser's session, if it is logged in."""
    return store.session(session_id_of(request))


def start_session(request: Request, response: Response, session: Session) -> None:
    """Give the browser its session."""
    _set_cookie(request, response, session.id)


def end_session(request: Request, response: Response) -> None:
    """Take the session's cookie away from the browser."""
    _set_cookie(request, response, "", "Max-Age=0")


def redirect(address: str, status: int = 303) -> Response:
    """To `address`, which is asked for by GET."""
    return Response(status=status, headerlist=[*COMMON_HEADERS, ("Location", address)])


def error(base: str, status: int, title: str, reason: str) -> Response:
    """A page that says what did not work, and leads to the library; `base` is where the store is mounted."""
    document = pages.error_page(base=base, title=title, reason=reason)
    return html_response(document, status=status)


def _set_cookie(request: Request, response: Response, value: str, *attributes: str) -> None:
    """Written by hand, since WebOb 1.8 warns of its own ``utcnow`` on Python 3.12 with a Max-Age."""
    secure = ("Secure",) if request.scheme == "https" else ()
    parts = (f"{COOKIE_NAME}={value}", "Path=/", "HttpOnly", "SameSite=Lax", *secure, *attributes)
    response.headers.add("Set-Cookie", "; ".join(parts))

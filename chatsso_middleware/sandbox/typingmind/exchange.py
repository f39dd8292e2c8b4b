"""What the views share: a view's answer, the browser's session, the redirect after a form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from webob import Request, Response

from ..forms import address_of
from ..markup import COMMON_HEADERS, html_response
from . import pages

if TYPE_CHECKING:
    from .instance import Session

__all__ = ["Reply", "error", "keep_session", "redirect", "session_id_of"]

COOKIE_NAME: Final = "sandbox_typingmind"
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


def keep_session(request: Request, response: Response, session: Session | None) -> None:
    """Set the browser's cookie to `session`, or take it away.

    A frame on another site gets the cookie only with SameSite=None, which a browser takes only together with
    Secure, and Secure only over https. A cookie is dropped with the attributes it was set with. Written by
    hand, since WebOb 1.8 warns of its own ``utcnow`` on Python 3.12 when a cookie has a Max-Age.
    """
    attributes = ["Path=/", "HttpOnly"]
    attributes += ["SameSite=None", "Secure"] if request.scheme == "https" else ["SameSite=Lax"]
    if session is None:
        attributes.append("Max-Age=0")
    value = "" if session is None else session.id
    response.headers.add("Set-Cookie", "; ".join([f"{COOKIE_NAME}={value}", *attributes]))


def redirect(address: str) -> Response:
    """Lead on to `address`, which is on this host."""
    return Response(status=303, headerlist=[*COMMON_HEADERS, ("Location", address)])


def error(request: Request, status: int, title: str, reason: str) -> Response:
    """A page that says what did not work, and why."""
    document = pages.error_page(base=address_of(request, ""), title=title, reason=reason)
    return html_response(document, status=status, framed=True)

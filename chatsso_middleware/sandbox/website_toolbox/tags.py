"""The addresses of the two IMG tags, which log in and out. The answer is a picture, come what may."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final

from webob import Request, Response

from ..forms import query_of
from ..markup import COMMON_HEADERS
from .exchange import BAD_TOKEN, Reply, end_browser_session, log_in_by_token, session_of

if TYPE_CHECKING:
    from .room import Room

__all__ = ["log_in", "log_out"]

TRANSPARENT_GIF: Final = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""One pixel by one."""


def log_in(room: Room, request: Request) -> Reply:
    """``/sso/token/login?access_token=&rememberMe=``: log the browser in, in place of whoever was."""
    return log_in_by_token(room, request, _picture(), query_of(request))


def log_out(room: Room, request: Request) -> Reply:
    """``/sso/token/logout?access_token=``: log the owner of the token out of this browser."""
    query = query_of(request)
    response = _picture()
    account = room.token_account(query.get("access_token", ""))
    if account is None:
        return Reply(response, f"Nobody was logged out: {BAD_TOKEN}.", success=False, parameters=query)
    session = session_of(request, room)
    if session is None:
        return Reply(response, "Nobody was logged in in this browser.", parameters=query)
    if session.account is not account:
        outcome = f"Nobody was logged out: the token is not of {session.account.email}, who is logged in."
        return Reply(response, outcome, success=False, parameters=query)
    end_browser_session(room, request, response)
    return Reply(response, f"Logged out {account.email}.", parameters=query)


def _picture() -> Response:
    headers = [
        *COMMON_HEADERS,
        ("Content-Type", "image/gif"),
        ("Cross-Origin-Resource-Policy", "cross-origin"),
    ]
    return Response(body=TRANSPARENT_GIF, headerlist=headers)

"""The chat as a browser meets it: the page of a room, its messages, its own log out, the embed script."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from webob import Request, Response

from ..forms import address_of, form_is_ours, form_of, query_of
from ..markup import COMMON_HEADERS, html_response
from . import pages
from .accounts import Refused
from .exchange import (
    Reply,
    end_browser_session,
    log_in_by_token,
    session_of,
)

if TYPE_CHECKING:
    from .room import Room

__all__ = ["embed_script", "log_out", "post", "show"]

TOKEN_PARAMETERS = frozenset({"access_token", "rememberMe"})


def show(room: Room, request: Request) -> Reply:
    """The page of a room. With ``?access_token=&rememberMe=`` it logs in and leads to itself without them."""
    query = query_of(request)
    if "access_token" in query and request.method == "GET":
        return _log_in_by_link(room, request, query)
    path = request.path_info or "/"
    session = session_of(request, room)
    document = pages.chat_page(
        base=address_of(request, ""),
        path=path,
        messages=room.messages(path),
        session=session,
        site_pages=room.site_pages,
    )
    origin = room.site_pages.log_out_origin
    # The Log Out form is redirected to the site, and browsers hold a redirect against form-action, too.
    return Reply(html_response(document, form_targets=[origin] if origin else [], framed=True))


def _log_in_by_link(room: Room, request: Request, query: dict[str, str]) -> Reply:
    kept = [
        part
        for part in request.query_string.split("&")
        if part and part.partition("=")[0] not in TOKEN_PARAMETERS
    ]
    address = address_of(request, request.path_info or "/") + ("?" + "&".join(kept) if kept else "")
    return log_in_by_token(room, request, _redirect(address), query)


def post(room: Room, request: Request) -> Reply:
    """A message from the form of the page."""
    form = form_of(request)
    session = session_of(request, room)
    if session is None:
        return _error(request, 403, "Your message was not posted", "You are no longer logged in.")
    if not form_is_ours(form, session.form_token):
        return _error(request, 403, "Your message was not posted", "The form was not sent by this page.")
    try:
        room.say(request.path_info or "/", session, form.get("message", ""))
    except Refused as refusal:
        return _error(request, 400, "Your message was not posted", str(refusal))
    return Reply(_redirect(address_of(request, request.path_info or "/")))


def log_out(room: Room, request: Request) -> Reply:
    """The chat's own log out: the session ends, and the person is shown the owner's Log Out page."""
    session = session_of(request, room)
    after = room.site_pages.log_out or address_of(request, "/")
    if session is None:
        return Reply(_redirect(after))
    if not form_is_ours(form_of(request), session.form_token):
        return _error(request, 403, "You are still logged in", "The form was not sent by this page.")
    response = _redirect(after)
    end_browser_session(room, request, response)
    return Reply(response, f"Logged out {session.account.email} in the chat itself.")


def embed_script(_room: Room, request: Request) -> Reply:
    """``/js/embed.js``: a script that places the chat in a frame, with the token of its own address."""
    query = query_of(request)
    headers = [
        *COMMON_HEADERS,
        ("Content-Type", "text/javascript; charset=utf-8"),
        ("Cross-Origin-Resource-Policy", "cross-origin"),
    ]
    outcome = "Gave the embed script" + (" to a page with a token." if query.get("access_token") else ".")
    return Reply(Response(body=_script(), headerlist=headers), outcome, parameters=query)


@cache
def _script() -> bytes:
    return (files(__package__) / "static" / "embed.js").read_bytes()


def _redirect(address: str) -> Response:
    return Response(status=303, headerlist=[*COMMON_HEADERS, ("Location", address)])


def _error(request: Request, status: int, title: str, reason: str) -> Reply:
    back = address_of(request, "/" if request.path_info == "/logout" else request.path_info or "/")
    document = pages.error_page(base=address_of(request, ""), title=title, reason=reason, back=back)
    return Reply(html_response(document, status=status, framed=True))

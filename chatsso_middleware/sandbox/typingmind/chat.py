"""The chat as a browser meets it in a window of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from webob import Request, Response

from ..forms import address_of, form_is_ours, form_of, query_of
from ..markup import html_response
from . import pages
from .codes import Refused
from .exchange import Reply, error, keep_session, redirect, session_id_of

if TYPE_CHECKING:
    from .instance import Instance, Session
    from .users import User

__all__ = ["log_out", "post", "show"]

CODE: Final = "externalAuthCode"


def show(instance: Instance, request: Request) -> Reply:
    """The chat. With ``?externalAuthCode=`` it logs in, and leads to itself without it."""
    query = query_of(request)
    if CODE in query and request.method == "GET":
        return _log_in(instance, request, query)
    try:
        found = instance.resume(session_id_of(request))
    except Refused as refusal:
        return _locked_out(request, refusal)
    return Reply(_page(instance, request, found))


def post(instance: Instance, request: Request) -> Reply:
    """A message from the form of the page."""
    try:
        found = instance.resume(session_id_of(request))
    except Refused as refusal:
        return _locked_out(request, refusal)
    form = form_of(request)
    if found is None or not form_is_ours(form, found[0].form_token):
        reason = "You are not logged in." if found is None else "The form was not sent by this page."
        return Reply(error(request, 403, "Your message was not posted", reason))
    try:
        instance.say(found[1], form.get("message", ""))
    except Refused as refusal:
        return Reply(error(request, 400, "Your message was not posted", f"It was refused: {refusal}."))
    return Reply(redirect(address_of(request, "/")))


def log_out(instance: Instance, request: Request) -> Reply:
    """The chat's own log out."""
    session_id = session_id_of(request)
    try:
        found = instance.resume(session_id)
    except Refused:
        found = None
    if found is not None and not form_is_ours(form_of(request), found[0].form_token):
        return Reply(error(request, 403, "You are still logged in", "The form was not sent by this page."))
    response = redirect(address_of(request, "/"))
    instance.log_out(session_id)
    keep_session(request, response, None)
    return Reply(response, f"Logged out {found[1].shown_name} in the chat itself." if found else "")


def _log_in(instance: Instance, request: Request, query: dict[str, str]) -> Reply:
    try:
        session, user = instance.log_in(query[CODE], instead_of=session_id_of(request))
    except Refused as refusal:
        response = error(request, 403, "You cannot be logged in", f"Nobody was logged in: {refusal}.")
        keep_session(request, response, None)
        return Reply(response, f"Nobody was logged in: {refusal}.", success=False, parameters=query)
    kept = [part for part in request.query_string.split("&") if part and part.partition("=")[0] != CODE]
    response = redirect(address_of(request, "/") + ("?" + "&".join(kept) if kept else ""))
    keep_session(request, response, session)
    return Reply(response, f"Logged in {user.shown_name} by a link.", parameters=query)


def _locked_out(request: Request, refusal: Refused) -> Reply:
    """The code of the session is no longer good: it is checked at every page."""
    response = error(request, 403, "You are no longer logged in", f"The session has ended: {refusal}.")
    keep_session(request, response, None)
    return Reply(response, f"A session ended: {refusal}.", success=False)


def _page(instance: Instance, request: Request, found: tuple[Session, User] | None) -> Response:
    document = pages.chat_page(
        base=address_of(request, ""),
        session=None if found is None else found[0],
        user=None if found is None else found[1],
        messages=() if found is None else instance.messages(found[1]),
    )
    return html_response(document, framed=True)

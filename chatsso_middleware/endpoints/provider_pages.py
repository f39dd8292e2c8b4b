"""The addresses that belong to one provider: from the request to a visit, and from the reply to an answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from ..login_flow import Chat
from ..providers import ChatSession, Endpoint, Reply, Visit
from ..urls import split_web_address
from . import leaving
from .answers import Answer, page
from .forgery import FIELD, Mark
from .ways import link_to_site, page_address

__all__ = ["view_of"]

LARGEST_BODY: Final = 64 * 1024
"""Bytes of a form or JSON object that one of our own pages sends."""
CAME_BACK: Final = "came_back"


class _Unreadable(Exception):
    """The body is not what our pages send."""


def view_of(chat: Chat, endpoint: Endpoint) -> Callable[[Any], Answer]:
    """The view of one address of `chat`'s provider."""

    def view(request: Any) -> Answer:
        fields: Mapping[str, Any] = {}
        if request.method == "POST" and endpoint.checks_forgery:
            try:
                fields = _fields(request)
            except _Unreadable:
                return _refused(request, chat, 400)
            if not _is_own(request, fields):
                return _refused(request, chat, 403)
        mark = _mark(request)
        reply = endpoint.answer(_visit(request, chat, endpoint, fields, mark))
        return _answer(request, chat, reply, mark)

    return view


def _visit(request: Any, chat: Chat, endpoint: Endpoint, fields: Mapping[str, Any], mark: Mark) -> Visit:
    handle, endpoints = request.chatsso, request.endpoints
    base = f"{handle.mount}/{chat.name}"

    def session() -> ChatSession | None:
        with endpoints.patience() as seconds:
            found: ChatSession | None = endpoints.flow.session(handle.state, chat, seconds)
        return found

    return Visit(
        method=request.method,
        origin=request.headers.get("Origin"),
        same_origin=_is_same_origin(request),
        query=_first_of_each(request.GET),
        fields={name: value for name, value in fields.items() if name != FIELD},
        user=handle.user,
        has_left=leaving.has_left(request, chat),
        session=session,
        base=base,
        forgery_token=mark.token,
        login_page=page_address(request, "login_url", f"{base}/{endpoint.path}?{CAME_BACK}=1"),
        front_page=link_to_site(request)[0],
    )


def _answer(request: Any, chat: Chat, reply: Reply, mark: Mark) -> Answer:
    answer = Answer(
        status=reply.status,
        body=reply.body.encode(),
        content_type=reply.content_type,
        charset="utf-8" if reply.content_type.startswith("text/") else None,
    )
    for name, value in reply.headers:
        answer.headers.add(name, value)
    if not reply.body and "Location" not in answer.headers:
        del answer.headers["Content-Type"]
    if mark.set_cookie is not None and mark.token in reply.body:
        answer.headers.add("Set-Cookie", mark.set_cookie)
    if reply.comes_back:
        leaving.forget(request, chat, answer)
    if reply.logs_in is not None:
        request.chatsso.log_in(reply.logs_in)
    return answer


def _fields(request: Any) -> Mapping[str, Any]:
    """The members of a JSON object, or the fields of a form, whichever the Content-Type names."""
    if request.content_length is None or request.content_length > LARGEST_BODY:
        raise _Unreadable
    if request.content_type == "application/json":
        try:
            content = json.loads(request.body)
        except (ValueError, RecursionError):
            raise _Unreadable from None
        if not isinstance(content, dict):
            raise _Unreadable
        return content
    try:
        return _first_of_each(request.POST)
    except UnicodeDecodeError:
        raise _Unreadable from None


def _first_of_each(pairs: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in pairs.items():
        found.setdefault(name, value)
    return found


def _is_own(request: Any, fields: Mapping[str, Any]) -> bool:
    accepted: bool = request.endpoints.forgery.accepts(
        request.environ.get("HTTP_COOKIE", ""), fields.get(FIELD)
    )
    return accepted and request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"


def _is_same_origin(request: Any) -> bool:
    origin = request.headers.get("Origin")
    if origin is None:
        return bool(request.headers.get("Sec-Fetch-Site") == "same-origin")
    own = split_web_address(request.endpoints.settings.site_url or "")
    return own is not None and origin == own.origin


def _mark(request: Any) -> Mark:
    handle = request.chatsso
    mark: Mark = request.endpoints.forgery.mark(
        request.environ.get("HTTP_COOKIE", ""), path=handle.cookie_path, secure=handle.secure
    )
    return mark


def _refused(request: Any, chat: Chat, status: int) -> Answer:
    return page(
        status,
        "That did not come from this page",
        ["The page may have been open for too long, or your browser keeps our cookies away. Open it anew."],
        [link_to_site(request)],
        framed_by=chat.provider.origin,
    )

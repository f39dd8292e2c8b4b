"""The addresses that belong to one provider: from the request to a visit, and from the reply to an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from ..login_flow import Chat
from ..providers import ChatSession, Endpoint, Reply, Visit
from ..urls import split_web_address
from . import leaving
from .answers import Answer, page
from .forgery import FIELD, Mark
from .own_forms import Unreadable, brings_mark, form_or_json_fields, mark_of
from .ways import link_to_site, page_address

__all__ = ["view_of"]

CAME_BACK: Final = "came_back"


def view_of(chat: Chat, endpoint: Endpoint) -> Callable[[Any], Answer]:
    """The view of one address of `chat`'s provider."""

    def view(request: Any) -> Answer:
        fields: Mapping[str, Any] = {}
        if request.method == "POST" and endpoint.checks_forgery:
            try:
                fields = form_or_json_fields(request)
            except Unreadable:
                return _refused(request, chat, 400)
            if not brings_mark(request, fields):
                return _refused(request, chat, 403)
        mark = mark_of(request)
        visit = _visit(request, chat, endpoint, fields, mark)
        if not endpoint.calls_out:
            return _answer(request, chat, endpoint.answer(visit), mark)
        with request.endpoints.one_of_few() as admitted:
            return _answer(request, chat, endpoint.answer(visit), mark) if admitted else _busy(request, chat)

    return view


def _visit(request: Any, chat: Chat, endpoint: Endpoint, fields: Mapping[str, Any], mark: Mark) -> Visit:
    handle, endpoints = request.chatsso, request.endpoints
    base = f"{handle.mount}/{chat.name}"

    def session() -> ChatSession | None:
        with endpoints.patience() as seconds:
            found: ChatSession | None = endpoints.flow.session(handle.state, chat, seconds)
        if found is None:
            handle.change_state(endpoints.flow.expire(handle.state))
        return found

    return Visit(
        method=request.method,
        origin=request.headers.get("Origin"),
        same_origin=_is_same_origin(request),
        query=_first_of_each(request.GET.items()),
        fields={name: value for name, value in fields.items() if name != FIELD},
        user=handle.user,
        is_refused=handle.user is None and handle.state.barred is not None,
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
        answer.headers.pop("Content-Type", None)  # WebOb gives a 204 none
    if mark.set_cookie is not None and mark.token in reply.body:
        answer.headers.add("Set-Cookie", mark.set_cookie)
    if reply.comes_back:
        leaving.forget(request, chat, answer)
    if reply.logs_in is not None:
        request.chatsso.log_in(reply.logs_in)
        if request.chatsso.user is None:
            return _barred(request, chat)
    return answer


def _first_of_each(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in pairs:
        found.setdefault(name, value)
    return found


def _is_same_origin(request: Any) -> bool:
    origin = request.headers.get("Origin")
    if origin is None:
        # No page of another site can send a header of its own, since we answer no preflight for it.
        site = "same-origin" if "X-Chatsso" in request.headers else None
        return bool(request.headers.get("Sec-Fetch-Site", site) == "same-origin")
    own = split_web_address(request.endpoints.settings.site_url or "")
    return own is not None and origin == own.origin


def _barred(request: Any, chat: Chat) -> Answer:
    text = "This site does not let your account into its chat. Its owner can tell you why."
    return _told(request, chat, 403, "You may not use the chat", text)


def _busy(request: Any, chat: Chat) -> Answer:
    text = "Too many people are logging in this way just now."
    answer = _told(request, chat, 503, "Please try again in a moment", text)
    answer.headers["Retry-After"] = "5"
    return answer


def _refused(request: Any, chat: Chat, status: int) -> Answer:
    text = "The page may have been open for too long, or your browser keeps our cookies away. Open it anew."
    return _told(request, chat, status, "That did not come from this page", text)


def _told(request: Any, chat: Chat, status: int, title: str, text: str) -> Answer:
    """A page; or for a script of ours, which sent JSON, what it shows its visitor."""
    if request.content_type == "application/json":
        known = {"ok": False, "message": text}
        return Answer(status=status, json_body=known, content_type="application/json")
    return page(status, title, [text], [link_to_site(request)], framed_by=chat.provider.origin)

"""Remembers that a user logged out in the chat itself, while the site still has him logged in.

Without it, a chat that asks us for a login by itself would have him back at once. The mark stands in a cookie
of its own and names his login on the site: it means nothing after the next one.
"""

from __future__ import annotations

from typing import Any

from ..login_flow import Chat
from ..state.cookies import STATE_LIFETIME, cookie_values
from .answers import Answer

__all__ = ["forget", "has_left", "remember"]


def has_left(request: Any, chat: Chat) -> bool:
    """Whether the user who is logged in here left `chat`, and has not come back."""
    state = request.chatsso.state
    if state.user is None:
        return False
    known = cookie_values(request.environ.get("HTTP_COOKIE", ""), _cookie_name(request, chat))
    # The chat's page asks for the next login beside the logout, before the browser has our mark.
    return state.login in known or request.endpoints.flow.left_just_now(state, chat)


def remember(request: Any, chat: Chat, answer: Answer) -> None:
    """The user logged out in `chat`, which took his token back with that."""
    state = request.chatsso.state
    if chat.provider.remembers_leaving and state.user is not None:
        request.endpoints.flow.leave(state, chat)
        _set(request, chat, answer, state.login, STATE_LIFETIME)


def forget(request: Any, chat: Chat, answer: Answer) -> None:
    """The user wants to be in `chat` again, if it is him who asks and not a browser that looks ahead."""
    looks_ahead = request.method == "HEAD" or "Sec-Purpose" in request.headers
    if not looks_ahead and has_left(request, chat):
        request.endpoints.flow.come_back(request.chatsso.state, chat)
        _set(request, chat, answer, "", 0)


def _set(request: Any, chat: Chat, answer: Answer, value: str, max_age: int) -> None:
    handle = request.chatsso
    cookie = request.endpoints.cookie.attributes.set_cookie(
        _cookie_name(request, chat), value, path=handle.cookie_path, secure=handle.secure, max_age=max_age
    )
    answer.headers.add("Set-Cookie", cookie)


def _cookie_name(request: Any, chat: Chat) -> str:
    return f"{request.endpoints.cookie.attributes.name}.{chat.name}.left"

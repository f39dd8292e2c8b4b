"""The HTML of the instance's pages. Values come in, bytes go out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from ..call_list import call_list, hidden_field, moment, portrait
from ..markup import Child, element, page
from .instance import LONGEST_MESSAGE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree.ElementTree import Element

    from ..calls import Call
    from .instance import Message, Session
    from .users import User

__all__ = ["calls_page", "chat_page", "error_page", "users_page", "widget_page"]

NOTICE: Final = "a stand-in instance for developers. It is not TypingMind's product."
NAVIGATION: Final = (("/", "Chat"), ("/sandbox/calls", "Calls"), ("/sandbox/users", "Users"))
ASSISTANT: Final = "Assistant"


def chat_page(*, base: str, session: Session | None, user: User | None, messages: Sequence[Message]) -> bytes:
    """The chat in a window of its own: who is logged in, what was said, and the form for a message."""
    return _page(
        "Chat",
        _head("Chat", _who(user), _log_out(base, session)),
        _conversation(messages, user),
        _composer(f"{base}/", None if session is None else hidden_field("form_token", session.form_token)),
        base=base,
        current="/",
    )


def widget_page(*, base: str, user: User | None, code: str, messages: Sequence[Message]) -> bytes:
    """The same in the small frame of the widget."""
    whole_chat = "/?" + urlencode({"externalAuthCode": code}) if user is not None else "/"
    return page(
        "Chat",
        _head("Chat", _who(user)),
        _conversation(messages, user),
        _composer(f"{base}/widget", None if user is None else hidden_field("code", code)),
        base=base,
        notice=NOTICE,
        navigation=((whole_chat, "Open the whole chat"),),
    )


def _head(title: str, *account: Child) -> Element:
    return element(
        "div",
        {"class": "room-head"},
        element("h1", {}, title),
        element("div", {"class": "account"}, *account),
    )


def _who(user: User | None) -> Element:
    if user is None:
        return element("p", {"id": "who", "data-user": ""}, "Nobody is logged in")
    return element(
        "p",
        {"id": "who", "data-user": user.email or "", "data-id": str(user.id)},
        portrait(user.shown_name, ""),
        element("strong", {}, f"Logged in as {user.shown_name}"),
    )


def _log_out(base: str, session: Session | None) -> Element | None:
    if session is None:
        return None
    return element(
        "form",
        {"method": "post", "action": f"{base}/logout"},
        hidden_field("form_token", session.form_token),
        element("button", {"class": "quiet"}, "Log Out"),
    )


def _conversation(messages: Sequence[Message], user: User | None) -> Element:
    name = user.shown_name if user is not None else ""
    said: Element = (
        element("ol", {"class": "messages"}, *(_message(message, name) for message in messages))
        if messages
        else element("p", {"class": "empty"}, "Nothing was said yet.")
    )
    return element("section", {"class": "conversation", "aria-label": "Messages", "tabindex": "0"}, said)


def _message(message: Message, name: str) -> Element:
    author = ASSISTANT if message.by_assistant else name
    return element(
        "li",
        {},
        portrait(author, ""),
        element(
            "div",
            {},
            element("p", {"class": "by"}, element("strong", {}, author), " ", moment(message.time)),
            element("p", {"class": "text"}, message.text),
        ),
    )


def _composer(action: str, proof: Element | None) -> Element:
    if proof is None:
        words = "Come from your site, logged in there, to talk to the assistant."
        return element("p", {"class": "composer hint"}, words)
    attributes = {"id": "message", "name": "message", "rows": "2", "maxlength": str(LONGEST_MESSAGE)}
    return element(
        "form",
        {"class": "composer", "method": "post", "action": action},
        proof,
        element("label", {"for": "message"}, "Your message"),
        element("textarea", {**attributes, "required": ""}),
        element("div", {"class": "actions"}, element("button", {}, "Send")),
    )


def calls_page(*, base: str, calls: Sequence[Call]) -> bytes:
    """Every call, the newest first, as the sequence has them."""
    return _page(
        "Calls",
        element("h1", {}, "Calls"),
        element(
            "p",
            {},
            "What your site asked of the API, and the codes that visitors' browsers brought, the newest "
            "first. Also ",
            element("a", {"href": f"{base}/sandbox/calls.json"}, "as JSON"),
            ".",
        ),
        call_list(calls),
        base=base,
        current="/sandbox/calls",
    )


def users_page(*, base: str, users: Sequence[User], seats: int) -> bytes:
    """Whom the instance knows."""
    listed: Element = (
        element("ul", {"class": "accounts"}, *(_user(user) for user in users))
        if users
        else element(
            "p", {"class": "empty"}, "The instance has no users yet. They come with the first login."
        )
    )
    return _page(
        "Users",
        element("h1", {}, "Users"),
        element("p", {}, f"{len(users)} of {seats} seats are taken."),
        listed,
        base=base,
        current="/sandbox/users",
    )


def _user(user: User) -> Element:
    known_by = f"id {user.id}" + (f", {user.external_id} on the site" if user.external_id else ", invited")
    metadata = json.dumps(dict(user.metadata), ensure_ascii=False) if user.metadata else ""
    return element(
        "li",
        {},
        portrait(user.shown_name, ""),
        element(
            "div",
            {},
            element("strong", {}, user.shown_name),
            element("span", {"class": "hint"}, known_by),
            element("code", {"class": "hint"}, metadata) if metadata else None,
        ),
    )


def error_page(*, base: str, title: str, reason: str) -> bytes:
    """Something did not work, and why."""
    return _page(
        title,
        _head(title, _who(None)),
        element("p", {"class": "banner"}, reason),
        base=base,
    )


def _page(title: str, *main: Child, base: str, current: str = "") -> bytes:
    return page(title, *main, base=base, notice=NOTICE, navigation=NAVIGATION, current=current)

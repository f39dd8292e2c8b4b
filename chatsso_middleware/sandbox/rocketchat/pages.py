"""The HTML of the chat's pages. Values come in, bytes go out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from ..call_list import call_list, portrait
from ..markup import Child, element, page
from .rooms import LONGEST_MESSAGE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from xml.etree.ElementTree import Element

    from ..calls import Call
    from .users import User

__all__ = ["accounts_page", "calls_page", "chat_page", "chat_stylesheet", "error_page", "sandbox_page"]

NOTICE: Final = "a stand-in chat for developers. It is not Rocket.Chat's product."

NAVIGATION: Final = (
    ("/home", "Chat"),
    ("/sandbox/calls", "Calls"),
    ("/sandbox/accounts", "Accounts"),
    ("/settings", "Login settings"),
)


def chat_page(*, base: str, room: str, configuration: Mapping[str, Any]) -> bytes:
    """A channel. Everything in it is the script's work, as in the vendor's clients."""
    return sandbox_page(
        f"#{room}",
        element(
            "div",
            {"id": "chat", "data-state": "connecting", "data-configuration": json.dumps(configuration)},
            element(
                "div",
                {"class": "room-head"},
                element("h1", {}, f"#{room}"),
                element(
                    "div",
                    {"class": "account"},
                    element("span", {"id": "portrait"}),
                    element(
                        "strong",
                        {"id": "whoami", "role": "status", "data-user": "", "data-name": ""},
                        "Nobody is logged in",
                    ),
                    element("button", {"class": "quiet", "id": "log-out", "type": "button"}, "Log out"),
                ),
            ),
            element("p", {"id": "problem", "class": "banner problem", "role": "alert"}),
            _waiting(),
            _login_frame(),
            _password_form(),
            _conversation(),
        ),
        _consent(),
        element(
            "noscript",
            {},
            element("p", {"class": "banner"}, "The chat needs JavaScript, as the real one does."),
        ),
        base=base,
        current="/home",
        head=[
            chat_stylesheet(base),
            element("script", {"src": f"{base}/scripts.js"}),
            element("script", {"src": f"{base}/sandbox/chat.js", "type": "module"}),
        ],
    )


def _waiting() -> Element:
    return element(
        "div",
        {"id": "waiting", "role": "status"},
        element("span", {"class": "spinner", "aria-hidden": "true"}),
        element("span", {"id": "waiting-for"}, "Connecting…"),
    )


def _login_frame() -> Element:
    return element(
        "section",
        {"id": "framed-login", "aria-label": "Login page of the site"},
        element(
            "p",
            {"class": "hint"},
            element(
                "button", {"class": "plain", "id": "use-password", "type": "button"}, "Log in with a password"
            ),
            " of the chat's own instead.",
        ),
    )


def _password_form() -> Element:
    return element(
        "form",
        {"id": "password-login", "class": "settings"},
        element("h2", {}, "Log in with a password"),
        _labelled("login-user", "Email or username", {"autocomplete": "username", "required": ""}),
        _labelled(
            "login-password",
            "Password",
            {"type": "password", "autocomplete": "current-password", "required": ""},
        ),
        _labelled(
            "login-code",
            "Code, for a login in two steps",
            {"autocomplete": "one-time-code", "inputmode": "numeric"},
        ),
        element("div", {"class": "actions"}, element("button", {}, "Log in")),
    )


def _conversation() -> Element:
    attributes = {"id": "message", "rows": "2", "maxlength": str(LONGEST_MESSAGE), "required": ""}
    return element(
        "section",
        {"id": "conversation", "aria-label": "Messages"},
        element(
            "div",
            {"class": "conversation", "tabindex": "0"},
            element("ol", {"class": "messages", "id": "messages", "aria-live": "polite"}),
        ),
        element(
            "form",
            {"id": "composer", "class": "composer"},
            element("label", {"for": "message"}, "Your message"),
            element("textarea", attributes),
            element("div", {"class": "actions"}, element("button", {}, "Send")),
        ),
    )


def _consent() -> Element:
    return element(
        "dialog",
        {"id": "consent", "aria-labelledby": "consent-title"},
        element("h2", {"id": "consent-title"}),
        element(
            "p",
            {},
            "This stands in for the service's own page. No service is asked, and no account is needed.",
        ),
        element(
            "form",
            {"method": "dialog", "class": "actions"},
            element("button", {"value": "allow", "id": "consent-allow"}, "Allow"),
            element("button", {"value": "deny", "id": "consent-deny", "class": "quiet"}, "Deny"),
        ),
    )


def calls_page(*, base: str, calls: Sequence[Call]) -> bytes:
    """Every call, the newest first, as the sequence has them."""
    return sandbox_page(
        "Calls",
        element("h1", {}, "Calls"),
        element(
            "p",
            {},
            "What your site and its visitors' browsers asked of the chat, by REST and by the realtime "
            "protocol (DDP), the newest first. Also ",
            element("a", {"href": f"{base}/sandbox/calls.json"}, "as JSON"),
            ".",
        ),
        call_list(calls),
        base=base,
        current="/sandbox/calls",
    )


def accounts_page(*, base: str, accounts: Sequence[tuple[User, int]]) -> bytes:
    """Whom the chat knows, with the number of login tokens of each."""
    listed: Element = (
        element("ul", {"class": "accounts"}, *(_account(user, tokens) for user, tokens in accounts))
        if accounts
        else element("p", {"class": "empty"}, "The chat has no accounts yet. They come with the first login.")
    )
    return sandbox_page(
        "Accounts", element("h1", {}, "Accounts"), listed, base=base, current="/sandbox/accounts"
    )


def _account(user: User, tokens: int) -> Element:
    marks = [f"{tokens} login token{'' if tokens == 1 else 's'}"]
    if not user.active:
        marks.append("deactivated")
    if user.two_factor:
        marks.append("login in two steps")
    return element(
        "li",
        {},
        portrait(user.name or user.username, user.avatar_url),
        element(
            "div",
            {},
            element("strong", {}, f"{user.name} (@{user.username})" if user.name else f"@{user.username}"),
            element("span", {"class": "email"}, user.email),
            element("span", {"class": "hint"}, ", ".join(marks)),
        ),
    )


def error_page(*, base: str, title: str, reason: str) -> bytes:
    """Something did not work, why, and the way back."""
    return sandbox_page(
        title,
        element("h1", {}, title),
        element("p", {"class": "banner"}, reason),
        element("p", {}, element("a", {"href": f"{base}/home"}, "Back to the chat")),
        base=base,
    )


def sandbox_page(
    title: str, *main: Child, base: str, current: str = "", head: Sequence[Element] = ()
) -> bytes:
    """A page of this sandbox."""
    return page(title, *main, base=base, notice=NOTICE, navigation=NAVIGATION, current=current, head=head)


def chat_stylesheet(base: str) -> Element:
    """The link to what this sandbox's pages have beyond the common look."""
    return element("link", {"rel": "stylesheet", "href": f"{base}/sandbox/chat.css"})


def _labelled(name: str, label: str, attributes: Mapping[str, str]) -> Element:
    return element(
        "div",
        {"class": "field"},
        element("label", {"for": name}, label),
        element("input", {"id": name, "name": name, **attributes}),
    )

"""The HTML of the room's pages. Values come in, bytes go out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..call_list import call_list, hidden_field, moment, portrait
from ..markup import Child, element, page
from .conversation import LONGEST_MESSAGE, Message
from .site_pages import PATH_PLACE, SitePages

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from xml.etree.ElementTree import Element

    from ..calls import Call
    from .accounts import Account
    from .room import Session

__all__ = ["accounts_page", "calls_page", "chat_page", "error_page", "settings_page"]

NOTICE: Final = "a stand-in chat room for developers. It is not Website Toolbox's product."

NAVIGATION: Final = (
    ("/", "Chat"),
    ("/sandbox/calls", "Calls"),
    ("/sandbox/accounts", "Accounts"),
    ("/settings", "URL settings"),
)

SETTINGS_LABELS: Final = {
    "log_in": ("Log In page", "Where people are sent to log in."),
    "log_out": ("Log Out page", "What people are shown once they have logged out of the chat."),
    "registration": ("Registration page", "Where “Create Account” leads."),
}
"""By the names of the fields of `SitePages`."""


def chat_page(
    *, base: str, path: str, messages: Sequence[Message], session: Session | None, site_pages: SitePages
) -> bytes:
    """A room: who is logged in, what was said, and the form for a message."""
    name = path.removeprefix("/room/").strip("/")
    title = f"Chat room: {name}" if name else "Chat room"
    said: Element = (
        element("ol", {"class": "messages"}, *(_message(message) for message in messages))
        if messages
        else element("p", {"class": "empty"}, "Nobody has said anything yet.")
    )
    return _page(
        title,
        element(
            "div",
            {"class": "room-head"},
            element("h1", {}, title),
            element("div", {"class": "account"}, _who(session), _ways(base, path, session, site_pages)),
        ),
        element("section", {"class": "conversation", "aria-label": "Messages", "tabindex": "0"}, said),
        _composer(base + path, session),
        base=base,
        current=path,
    )


def _who(session: Session | None) -> Element:
    if session is None:
        return element("p", {"id": "who", "data-user": ""}, "Nobody is logged in")
    account = session.account
    return element(
        "p",
        {"id": "who", "data-user": account.email},
        portrait(account.username, account.avatar_url),
        element("strong", {}, f"Logged in as {account.username}"),
    )


def _ways(base: str, path: str, session: Session | None, site_pages: SitePages) -> Element:
    """Log In, Create Account and Log Out. They leave a frame: the site's pages belong in its own window."""
    if session is not None:
        return element(
            "form",
            {"method": "post", "action": f"{base}/logout", "target": "_top"},
            hidden_field("form_token", session.form_token),
            element("button", {"class": "quiet"}, "Log Out"),
        )
    ways = [
        element("a", {"href": address, "target": "_top"}, words)
        for address, words in (
            (site_pages.log_in_from(path), "Log In"),
            (site_pages.registration_from(path), "Create Account"),
        )
        if address
    ]
    if not site_pages.log_in:
        ways.append(element("a", {"href": f"{base}/settings", "target": "_top"}, "Enter a Log In page"))
    return element("div", {"class": "ways"}, *ways)


def _message(message: Message) -> Element:
    return element(
        "li",
        {},
        portrait(message.author, message.avatar_url),
        element(
            "div",
            {},
            element("p", {"class": "by"}, element("strong", {}, message.author), " ", moment(message.time)),
            element("p", {"class": "text"}, message.text),
        ),
    )


def _composer(action: str, session: Session | None) -> Element:
    if session is None:
        return element("p", {"class": "composer hint"}, "Log in to take part in the conversation.")
    attributes = {
        "id": "message",
        "name": "message",
        "rows": "2",
        "maxlength": str(LONGEST_MESSAGE),
        "required": "",
    }
    return element(
        "form",
        {"class": "composer", "method": "post", "action": action},
        hidden_field("form_token", session.form_token),
        element("label", {"for": "message"}, "Your message"),
        element("textarea", attributes),
        element(
            "div",
            {"class": "actions"},
            element("button", {}, "Send"),
            element("a", {"href": action}, "Show new messages"),
        ),
    )


def calls_page(*, base: str, calls: Sequence[Call]) -> bytes:
    """Every call, the newest first, as the sequence has them."""
    return _page(
        "Calls",
        element("h1", {}, "Calls"),
        element(
            "p",
            {},
            "What your site and its visitors' browsers asked of the room, the newest first. Also ",
            element("a", {"href": f"{base}/sandbox/calls.json"}, "as JSON"),
            ".",
        ),
        call_list(calls),
        base=base,
        current="/sandbox/calls",
    )


def accounts_page(*, base: str, accounts: Sequence[Account]) -> bytes:
    """Whom the room knows."""
    listed = (
        element("ul", {"class": "accounts"}, *(_account(account) for account in accounts))
        if accounts
        else element("p", {"class": "empty"}, "The room has no accounts yet. They come with the first login.")
    )
    return _page("Accounts", element("h1", {}, "Accounts"), listed, base=base, current="/sandbox/accounts")


def _account(account: Account) -> Element:
    return element(
        "li",
        {},
        portrait(account.username, account.avatar_url),
        element(
            "div",
            {},
            element("strong", {}, account.username),
            element("span", {"class": "email"}, account.email),
            element(
                "span", {"class": "hint"}, "has a password" if account.has_password else "without a password"
            ),
        ),
    )


def settings_page(
    *, base: str, values: Mapping[str, str], problems: Mapping[str, str], notice: str, form_token: str
) -> bytes:
    """The form with the URL settings, with a problem at each address that has one."""
    return _page(
        "URL settings",
        element("h1", {}, "URL settings"),
        element("p", {"class": "banner", "role": "status"}, notice) if notice else None,
        element(
            "p",
            {},
            "The pages of your website to which the chat sends people. "
            "Leave one empty if you have none. Where ",
            element("code", {}, PATH_PLACE),
            " stands in an address, the sandbox puts the page of the chat that the person came from; "
            "do not count on that in a real room.",
        ),
        element(
            "form",
            {"class": "settings", "method": "post", "action": f"{base}/settings"},
            hidden_field("form_token", form_token),
            *(_address_field(name, values.get(name, ""), problems.get(name, "")) for name in SETTINGS_LABELS),
            element("div", {"class": "actions"}, element("button", {}, "Save")),
        ),
        base=base,
        current="/settings",
    )


def _address_field(name: str, value: str, problem: str) -> Element:
    label, meaning = SETTINGS_LABELS[name]
    attributes = {"id": name, "name": name, "value": value, "inputmode": "url", "autocomplete": "off"}
    attributes["aria-describedby"] = f"{name}-hint"
    if problem:
        attributes["aria-invalid"] = "true"
    return element(
        "div",
        {"class": "field"},
        element("label", {"for": name}, label),
        element("input", attributes),
        element(
            "p",
            {"class": "hint", "id": f"{name}-hint"},
            element("strong", {"class": "problem"}, f"Not saved: {problem}. ") if problem else None,
            meaning,
        ),
    )


def error_page(*, base: str, title: str, reason: str, back: str) -> bytes:
    """Something did not work, why, and the way back."""
    return _page(
        title,
        element("h1", {}, title),
        element("p", {"class": "banner"}, reason),
        element("p", {}, element("a", {"href": back}, "Back to the chat")),
        base=base,
    )


def _page(title: str, *main: Child, base: str, current: str = "") -> bytes:
    return page(title, *main, base=base, notice=NOTICE, navigation=NAVIGATION, current=current)

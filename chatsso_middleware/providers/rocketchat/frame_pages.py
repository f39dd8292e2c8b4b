"""What the chat's frame says to the visitor, page by page, as markup."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from ...plain_page import SPINNER, choices, form_button, link, paragraphs
from ...users import ChatUser

__all__ = [
    "entering",
    "has_left",
    "name_of",
    "no_login_page",
    "no_session",
    "not_logged_in_after_login",
    "services",
]


def name_of(user: ChatUser) -> str:
    """What `user` is called in a sentence."""
    return user.name or user.username or user.email


def entering(user: ChatUser, *, again: str, into_chat: str, works_in_app: bool) -> str:
    """While the chat takes the login over; a script turns from one of its parts to another."""
    ways = choices([link(again, "Try again"), link(into_chat, "Open the chat in a new tab", new_tab=True)])
    refused = (
        paragraphs(["The chat did not take the login that this site has made for you."])
        + '<p class="notice" id="reason" hidden></p>'
        + ways
    )
    silent = paragraphs(
        [
            "You are logged in on this site, but the chat has not answered yet. It may only be slow. "
            "If nothing happens, open the chat in a tab of its own."
        ]
    )
    alone = paragraphs(
        [
            "The chat shows this page for a moment while it logs you in. Nothing is wrong: open the chat.",
            *([] if works_in_app else [_NOT_IN_APP]),
        ]
    )
    return (
        '<div aria-live="polite">'
        + _part("entering", "", paragraphs([f"You are {name_of(user)} on this site."]) + SPINNER)
        + _part("refused", "The chat refused the login", refused)
        + _part("silent", "The chat has not answered", silent + choices([_open(into_chat), _again(again)]))
        + _part("alone", "This page belongs to the chat", alone + choices([_open(into_chat)]))
        + "</div>"
    )


_NOT_IN_APP = (
    "If you see this in the chat's app on your phone: the way in which this site logs people in works in a "
    "browser only. The site's owner can choose another."
)


def has_left(user: ChatUser, *, frame: str, forgery_token: str) -> str:
    """After a logout in the chat itself: the site's login shall not bring him back unasked."""
    name = name_of(user)
    button = form_button(frame, {"forgery_token": forgery_token}, f"Enter the chat as {name}")
    return paragraphs([f"You are still logged in on this site as {name}."]) + choices([button])


def refused(*, front_page: str) -> str:
    """Logged in on the site, which does not let him into its chats."""
    text = "This site does not let your account into its chat. Its owner can tell you why."
    return paragraphs([text]) + choices([link(front_page, "To the site", new_tab=True)])


def no_session(*, again: str, login_page: str | None) -> str:
    """Logged in on the site, but the chat gave no token."""
    if login_page is None:
        text = (
            "You are logged in on this site, but the chat has not let you in. It may be busy: wait a moment."
        )
        return paragraphs([text]) + choices([_again(again)])
    text = "The chat lets you in when you log in on this site with your password. Please log in once more."
    return paragraphs([text]) + choices([link(login_page, "Log in"), _again(again)])


def not_logged_in_after_login(*, again: str, into_chat: str) -> str:
    """Back from the login page, and still nobody: asking for the password again would never end."""
    return paragraphs(
        [
            "If you have just logged in, your browser keeps this site's cookies away while the site is shown "
            "inside the chat. Many browsers do.",
            "Open the chat in a new tab instead: there you log in once, and the chat knows you.",
        ]
    ) + choices([_open(into_chat), _again(again)])


def no_login_page(*, front_page: str, again: str) -> str:
    """Nobody is logged in, and the owner named no page to do it on."""
    text = "Log in on the site first. Then come back here and try again."
    return paragraphs([text]) + choices([link(front_page, "To the site", new_tab=True), _again(again)])


def services(titles: Mapping[str, str], *, login_page: str | None, front_page: str) -> str:
    """The services with which the chat can log a visitor in; a script shows them where it can ask the chat.

    `titles` has the services' names for people by their names in messages.
    """
    buttons = choices([_service_button(name, title) for name, title in titles.items()])
    site = (
        link(front_page, "To the site", new_tab=True)
        if login_page is None
        else link(login_page, "Log in on this site")
    )
    return (
        paragraphs(["The chat takes your login over from this site."])
        + choices([site])
        + f'<div class="more" id="services" hidden>{buttons}</div>'
        + '<p class="notice" id="notice" role="status" tabindex="-1" hidden></p>'
    )


def _service_button(name: str, title: str) -> str:
    return f'<button type="button" data-service="{escape(name)}">Log in with {escape(title)}</button>'


def _part(name: str, title: str, content: str) -> str:
    """One of several contents of a page; only the first, which has no title of its own, is shown at once."""
    attributes = f' data-title="{escape(title)}" hidden' if title else ""
    return f'<section id="{name}"{attributes}>{content}</section>'


def _open(address: str) -> str:
    # Always a new tab: in the mobile app's web view, leaving the frame would lose the app.
    return link(address, "Open the chat in a new tab", new_tab=True)


def _again(address: str) -> str:
    return link(address, "Try again")

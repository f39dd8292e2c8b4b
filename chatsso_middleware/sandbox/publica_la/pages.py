"""The HTML of the store's pages. Values come in, bytes go out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from xml.etree.ElementTree import Element

from ..call_list import call_list, hidden_field, portrait
from ..calls import Call
from ..markup import Child, element, page, picture_address
from .books import Book
from .store import User

__all__ = [
    "calls_page",
    "closed_book_page",
    "error_page",
    "library_page",
    "reader_page",
    "settings_page",
    "users_page",
]

NOTICE: Final = "a stand-in store for developers. It is not publica.la's product."

NAVIGATION: Final = (
    ("/", "Library"),
    ("/sandbox/calls", "Calls"),
    ("/sandbox/users", "Users"),
    ("/settings", "Settings"),
)

SETTINGS_LABELS: Final = {
    "redirect_url": ("redirect_url", "Where whoever could not be logged in by a token is sent."),
    "logout_url": ("logout_url", "Where whoever logged out in the store is sent."),
}
"""By the names of the fields of `StoreSettings`."""


def library_page(
    *, base: str, books: Sequence[Book], user: User | None, form_token: str, log_in: str
) -> bytes:
    """All books, and who is logged in."""
    return _page(
        "Library",
        element(
            "div",
            {"class": "room-head"},
            element("h1", {}, "Library"),
            element("div", {"class": "account"}, _who(user), _way(base, user, form_token, log_in)),
        ),
        element(
            "ul",
            {"class": "shelf"},
            *(element("li", {}, _book(base, book, number)) for number, book in enumerate(books)),
        ),
        base=base,
        current="/",
    )


def _who(user: User | None) -> Element:
    if user is None:
        return element("p", {"id": "who", "data-user": ""}, "Nobody is logged in")
    return element(
        "p",
        {"id": "who", "data-user": user.uuid},
        portrait(user.name, user.picture_url or ""),
        element("strong", {}, f"Logged in as {user.name}"),
    )


def _way(base: str, user: User | None, form_token: str, log_in: str) -> Element:
    """Log Out, or the way to where one can log in."""
    if user is None:
        return _log_in(base, log_in)
    return element(
        "form",
        {"method": "post", "action": f"{base}/logout"},
        hidden_field("form_token", form_token),
        element("button", {"class": "quiet"}, "Log out"),
    )


def _log_in(base: str, log_in: str) -> Element:
    if log_in:
        return element("a", {"class": "log-in", "href": log_in}, "Log in")
    return element("a", {"href": f"{base}/settings"}, "Enter a redirect_url to log in by")


def _book(base: str, book: Book, number: int) -> Element:
    return element(
        "a",
        {"class": "book", "href": f"{base}/reader/{book.slug}"},
        element(
            "span",
            {"class": f"cover cover-{number % 6}", "aria-hidden": "true"},
            element("span", {"class": "cover-title"}, book.title),
        ),
        element("strong", {}, book.title),
        element("span", {"class": "hint"}, book.author),
    )


def closed_book_page(*, base: str, book: Book, log_in: str) -> bytes:
    """What somebody sees of a book who is not logged in."""
    return _page(
        book.title,
        element("h1", {}, book.title),
        element("p", {"class": "banner"}, "Log in to read this book."),
        element(
            "p",
            {"class": "actions"},
            _log_in(base, log_in),
            element("a", {"href": f"{base}/"}, "Back to the library"),
        ),
        base=base,
    )


def reader_page(*, base: str, book: Book, number: int, user: User, exit_url: str | None) -> bytes:
    """One page of a book, the ways to its neighbours, and the way out."""
    address = f"{base}/reader/{book.slug}"
    turns = [
        element("a", {"href": f"{address}?page={turn}", "rel": relation}, words)
        if 0 < turn <= len(book.pages)
        else element("span", {"aria-hidden": "true"})
        for turn, relation, words in ((number - 1, "prev", "← Previous"), (number + 1, "next", "Next →"))
    ]
    return _page(
        f"{book.title}, page {number}",
        element(
            "div",
            {"class": "room-head"},
            element("h1", {}, book.title),
            element("a", {"id": "exit", "href": picture_address(exit_url) or f"{base}/"}, "Exit the reader"),
        ),
        element("p", {"class": "hint"}, f"by {book.author}, for {user.name}"),
        element("article", {"class": "leaf"}, element("p", {}, book.pages[number - 1])),
        element(
            "nav",
            {"class": "turns", "aria-label": "Pages"},
            turns[0],
            element("span", {"class": "hint"}, f"{number} of {len(book.pages)}"),
            turns[1],
        ),
        base=base,
    )


def calls_page(*, base: str, calls: Sequence[Call]) -> bytes:
    """Every visit with a token, the newest first, as the sequence has them."""
    return _page(
        "Calls",
        element("h1", {}, "Calls"),
        element(
            "p",
            {},
            "Who came with a token, what it said, and what came of it, the newest first. Also ",
            element("a", {"href": f"{base}/sandbox/calls.json"}, "as JSON"),
            ".",
        ),
        call_list(calls),
        base=base,
        current="/sandbox/calls",
    )


def users_page(*, base: str, users: Sequence[User]) -> bytes:
    """Whom the store knows."""
    listed = (
        element("ul", {"class": "accounts"}, *(_user(user) for user in users))
        if users
        else element("p", {"class": "empty"}, "The store has no users yet. They come with the first token.")
    )
    return _page("Users", element("h1", {}, "Users"), listed, base=base, current="/sandbox/users")


def _user(user: User) -> Element:
    terms = {True: "accepted the terms", False: "has not accepted the terms", None: "terms not asked"}
    visits = f"{user.visits} visit{'' if user.visits == 1 else 's'} with a token"
    return element(
        "li",
        {},
        portrait(user.name, user.picture_url or ""),
        element(
            "div",
            {},
            element("strong", {}, user.uuid),
            element("span", {"class": "email"}, user.email or "no email address"),
            element("span", {"class": "hint"}, f"{visits}, {terms[user.accepts_terms]}"),
        ),
    )


def settings_page(
    *,
    base: str,
    issuer: str,
    values: Mapping[str, str],
    problems: Mapping[str, str],
    notice: str,
    form_token: str,
) -> bytes:
    """The form with the settings of the auth token, with a problem at each address that has one."""
    return _page(
        "Settings",
        element("h1", {}, "Settings of the auth token"),
        element("p", {"class": "banner", "role": "status"}, notice) if notice else None,
        element(
            "p",
            {},
            "The store takes tokens whose issuer is ",
            element("code", {"id": "issuer"}, issuer),
            ", signed by HS256 with the key that stands where the sandbox was started.",
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


def error_page(*, base: str, title: str, reason: str) -> bytes:
    """Something did not work, why, and the way back."""
    return _page(
        title,
        element("h1", {}, title),
        element("p", {"class": "banner"}, reason),
        element("p", {}, element("a", {"href": f"{base}/"}, "Back to the library")),
        base=base,
    )


def _page(title: str, *main: Child, base: str, current: str = "") -> bytes:
    style = element("link", {"rel": "stylesheet", "href": f"{base}/sandbox/store.css"})
    return page(title, *main, base=base, notice=NOTICE, navigation=NAVIGATION, current=current, head=[style])

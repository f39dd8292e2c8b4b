"""The HTML of the directory's pages. Values come in, bytes go out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from xml.etree.ElementTree import Element

from ..call_list import call_list, portrait
from ..calls import Call
from ..markup import Child, element, page
from .people import Person

__all__ = ["calls_page", "error_page", "people_page"]

NOTICE: Final = "a stand-in directory of users for developers. It is nobody's product."

NAVIGATION: Final = (("/", "People"), ("/sandbox/calls", "Calls"))


def people_page(*, base: str, people: Sequence[Person]) -> bytes:
    """Whom the directory knows."""
    listed = (
        element("ul", {"class": "accounts"}, *(_person(person) for person in people))
        if people
        else element("p", {"class": "empty"}, "Nobody yet. Start the sandbox with --account ann:sesame.")
    )
    return _page(
        "People",
        element("h1", {}, "People"),
        element(
            "p",
            {},
            "Who can log in. Other systems ask ",
            element("code", {}, "/login"),
            " whether a login and a password belong together.",
        ),
        listed,
        base=base,
        current="/",
    )


def _person(person: Person) -> Element:
    return element(
        "li",
        {},
        portrait(person.name or person.login, person.avatar_url or ""),
        element(
            "div",
            {},
            element("strong", {}, person.name or person.login),
            element("span", {"class": "email"}, f"{person.login}, {person.email}"),
            element("span", {"class": "hint"}, f"id {person.id}, {person.state}"),
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
            "What the directory was asked, the newest first. Also ",
            element("a", {"href": f"{base}/sandbox/calls.json"}, "as JSON"),
            ".",
        ),
        call_list(calls),
        base=base,
        current="/sandbox/calls",
    )


def error_page(*, base: str, title: str, reason: str) -> bytes:
    """Something did not work, why, and the way back."""
    return _page(
        title,
        element("h1", {}, title),
        element("p", {"class": "banner"}, reason),
        element("p", {}, element("a", {"href": f"{base}/"}, "Back to the people")),
        base=base,
    )


def _page(title: str, *main: Child, base: str, current: str = "") -> bytes:
    return page(title, *main, base=base, notice=NOTICE, navigation=NAVIGATION, current=current)

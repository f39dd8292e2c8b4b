"""What the addresses of the sign-in page share: from the request to its surroundings, and to an answer."""

from __future__ import annotations

from typing import Any

from ..signin.embedding import Place
from ..signin.hosted_page import HostedPage
from ..signin.pages import Surroundings
from ..signin.texts import Alert
from ..urls import is_path_on_this_host
from ..users import ChatUser
from .answers import Answer, redirect
from .forgery import FIELD
from .own_forms import fresh_mark, mark_of
from .ways import link_to_site

__all__ = [
    "PlaceRefused",
    "form_page",
    "logged_in_page",
    "name_of",
    "path_on_site",
    "problem",
    "renew_mark",
    "see_other",
    "shown",
    "surroundings",
    "unembedded",
]


class PlaceRefused(Exception):
    """The address says that the page is shown where the owner did not allow it."""


def surroundings(request: Any) -> Surroundings:
    """What the request says of the page that it asks for. Raises `PlaceRefused`."""
    place = request.hosted_page.embedding.place(request.GET.get("origin"), request.GET.get("embed"))
    if place is None:
        raise PlaceRefused
    return _around(request, place)


def unembedded(request: Any) -> Surroundings:
    """The surroundings of a page that is shown by itself, whatever its address says."""
    return _around(request, Place("tab"))


def form_page(
    request: Any,
    around: Surroundings,
    *,
    status: int = 200,
    alert: Alert | None = None,
    login: str = "",
    terms: bool = False,
) -> Answer:
    """The form, with what was entered but the password."""
    return shown(
        request, "form", around, status=status, alert=alert, login=login, terms=terms, action=around.address()
    )


def logged_in_page(request: Any, around: Surroundings, user: ChatUser) -> Answer:
    """What somebody sees in place of the form who is logged in."""
    return shown(
        request,
        "logged_in",
        around,
        name=name_of(user),
        action=around.address(),
        log_out=around.address("/logout"),
        destination=around.destination,
    )


def problem(request: Any, around: Surroundings, status: int, heading: str, text: str) -> Answer:
    """A page that says what cannot be done; both texts are messages of the catalogues."""
    language = around.language
    return shown(
        request,
        "problem",
        around,
        status=status,
        heading=language.text(heading),
        text=language.text(text),
        way_on=around.address(),
    )


def shown(request: Any, template: str, around: Surroundings, *, status: int = 200, **facts: Any) -> Answer:
    """The page of `template`, with a mark against forgery."""
    hosted: HostedPage = request.hosted_page
    mark = mark_of(request)
    page = hosted.pages.page(template, around, {FIELD: mark.token, **facts})
    answer = Answer(status=status, charset="utf-8", content_type="text/html", text=page.markup)
    answer.headers["Content-Security-Policy"] = page.policy
    answer.headers["Content-Language"] = page.language
    answer.headers["Vary"] = "Accept-Language"
    # In another site's frame a guest has no cookie of ours, and nothing that one would have to protect.
    keeps_cookies = around.place.kind != "frame" or request.chatsso.user is not None
    if mark.set_cookie is not None and mark.token in page.markup and keeps_cookies:
        answer.headers.add("Set-Cookie", mark.set_cookie)
    return answer


def see_other(request: Any, address: str) -> Answer:
    """On to `address` after a login or a logout, with a new mark."""
    answer = redirect(address)
    answer.status_int = 303
    return renew_mark(request, answer)


def renew_mark(request: Any, answer: Answer) -> Answer:
    """`answer`, which gives the browser a new mark: what was known of the old one is worth nothing then."""
    answer.headers.add("Set-Cookie", str(fresh_mark(request).set_cookie))
    return answer


def name_of(user: ChatUser) -> str:
    """What `user` is called in a sentence."""
    return user.name or user.username or user.email


def path_on_site(path: str | None) -> str | None:
    """`path` if a browser that is sent there stays on this host."""
    return path if path is not None and is_path_on_this_host(path) else None


def _around(request: Any, place: Place) -> Surroundings:
    languages = request.hosted_page.languages
    asked = languages.get(request.GET.get("lang"))
    accepted = request.accept_language.lookup(language_tags=languages.tags, default=languages.first.tag)
    return Surroundings(
        base=f"{request.chatsso.mount}/signin",
        front=link_to_site(request)[0],
        language=asked or languages.get(accepted),
        place=place,
        next=path_on_site(request.GET.get("next")),
        language_asked=asked is not None,
    )

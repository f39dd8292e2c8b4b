"""The site whose login is the hosted page, without a socket: its pages, its settings, its headers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import html5lib
import pytest
import webtest

from example_app.reading_room.headers import content_security_policy
from example_app.reading_room.pages import PAGES
from example_app.reading_room.settings import RoomSettings

COMPLETE = {
    "site.store_url": "https://books.example.com/",
    "site.chat_url": "https://millbrook.discussionchatroom.com",
    "site.sign_in": "/chatsso/signin",
}


@pytest.fixture
def visitor(make_site: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> webtest.TestApp:
    """Somebody on the site, whose store and chat nobody runs."""
    addresses = {"store_address": "http://127.0.0.1:1", "chat_address": "http://127.0.0.1:2"}
    names = ("DIRECTORY_API_KEY", "PUBLICA_LA_KEY", "WEBSITE_TOOLBOX_API_KEY")
    application = make_site(
        addresses, dict.fromkeys(names, "a key of more than thirty-two characters"), chat="signin"
    )
    return webtest.TestApp(application, extra_environ={"HTTP_ACCEPT": "text/html"})


@pytest.mark.parametrize("path", [*(pattern for _, pattern in PAGES), "/nothing-here"])
def test_every_page_is_whole_html_with_the_way_to_the_login(visitor: webtest.TestApp, path: str) -> None:
    page: Any = visitor.get(path, status=404 if path == "/nothing-here" else 200)
    parser = html5lib.HTMLParser()
    parser.parse(page.body)
    assert parser.errors == []
    document = page.html
    [way] = document.select(".account a")
    assert way["href"] == f"/chatsso/signin?next={path}"
    assert len(document.select("h1")) == 1
    assert document.html["lang"] == "en"
    assert all(image.has_attr("alt") for image in document.select("img"))
    names = [element["id"] for element in document.select("[id]")]
    assert len(names) == len(set(names))
    for part in document.select("link[href^='/'], img[src^='/']"):
        visitor.get(part.get("href") or part["src"], status=200)


def test_the_page_one_is_on_is_marked_in_the_navigation(visitor: webtest.TestApp) -> None:
    page: Any = visitor.get("/books")
    [current] = page.html.select("[aria-current=page]")
    assert current.text == "Books"


def test_a_guest_s_links_lead_through_the_login_to_the_very_book(visitor: webtest.TestApp) -> None:
    page: Any = visitor.get("/books")
    addresses = [link["href"] for link in page.html.select(".table a")]
    assert "/chatsso/go?to=%2Freader%2Fnight-trains&provider=publica_la" in addresses
    assert len(addresses) == 4


def test_a_post_to_a_page_is_not_understood(visitor: webtest.TestApp) -> None:
    visitor.post("/books", status=404)


def test_addresses_have_no_slash_at_their_end() -> None:
    site = RoomSettings.from_ini(COMPLETE)
    assert site.store_url == "https://books.example.com"
    assert site.chat_origin == "https://millbrook.discussionchatroom.com"
    assert site.chat_host == "millbrook.discussionchatroom.com"
    assert site.sign_in == "/chatsso/signin"


@pytest.mark.parametrize("key", COMPLETE)
def test_a_missing_address_is_named(key: str) -> None:
    with pytest.raises(ValueError, match=f"^{key} is missing"):
        RoomSettings.from_ini({**COMPLETE, key: " "})


def test_the_policy_lets_the_chat_in_and_nobody_else() -> None:
    policy = content_security_policy(RoomSettings.from_ini(COMPLETE))
    directives = dict(part.split(" ", 1) for part in policy.split("; "))
    chat = "https://millbrook.discussionchatroom.com"
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == chat
    assert directives["img-src"] == directives["frame-src"] == f"'self' {chat}"
    assert "books.example.com" not in policy


def test_only_pages_have_a_policy_and_no_cache_keeps_them(visitor: webtest.TestApp) -> None:
    page, style = visitor.get("/"), visitor.get("/static/room.css")
    assert "Content-Security-Policy" in page.headers
    assert page.headers["Cache-Control"] == "private, no-cache"
    assert "Content-Security-Policy" not in style.headers
    assert style.headers["X-Content-Type-Options"] == "nosniff"

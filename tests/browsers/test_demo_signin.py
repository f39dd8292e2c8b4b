"""The demo with the hosted login page, as a reader sees it: one card for the site, the books and the chat."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from selenium import webdriver

from example_app.first_readers import CARD, LOCKED_CARD, PASSWORD
from example_app.reading_room.pages import PAGES
from tests.support.person import Person

pytestmark = pytest.mark.browser

NORA = "nora.finch@example.org"


class Reader(Person):
    """Somebody with the demo."""

    def __init__(self, window: webdriver.Chrome, site: str, chat: str) -> None:
        super().__init__(window)
        self.site = site
        self.chat = chat

    def log_in(self, card: str = CARD, password: str = PASSWORD) -> None:
        """By the form that is shown."""
        self.fill_in(login=card, password=password)
        self.click_and_leave("main form button:not([type=button])")

    def enter(self) -> None:
        self.open(self.site)
        self.click_and_leave(".account a")
        self.log_in()

    def in_chat_as(self) -> str:
        """Whom the chat takes him for, in a window of its own; empty for nobody."""
        self.open(self.chat)
        return str(self.find("#who").get_attribute("data-user"))


@pytest.fixture(params=["direct", "gateway"])
def reader(
    request: pytest.FixtureRequest, chromium: webdriver.Chrome, start_demo: Callable[..., tuple[str, str]]
) -> Reader:
    """Somebody with each delivery in turn."""
    return Reader(chromium, *start_demo("--chat", "signin", "--delivery", request.param))


def test_one_card_opens_the_book_the_site_and_the_chat_until_the_reader_logs_out(reader: Reader) -> None:
    reader.open(reader.site)
    reader.click_and_leave("nav.pages a[href='/books']")
    reader.click_and_leave(".table li:nth-child(2) a")
    assert urlsplit(reader.window.current_url).path == "/chatsso/signin"
    reader.log_in()
    store = urlsplit(reader.window.current_url)
    assert store.path == "/reader/night-trains"
    assert f"{store.scheme}://{store.netloc}" not in (reader.site, reader.chat)
    assert "for nora.finch@example.org" in reader.find("main").text
    reader.click_and_leave("#exit")
    assert reader.window.current_url == f"{reader.site}/books"
    assert reader.find("#reader").text == "Nora Finch"
    assert reader.in_chat_as() == NORA

    reader.open(reader.site)
    reader.click_and_leave(".account a")
    reader.click_and_leave("main form button")
    assert reader.window.current_url == f"{reader.site}/"
    assert not reader.find_all("#reader")
    assert reader.in_chat_as() == ""
    reader.open(f"{reader.site}/books")
    reader.click_and_leave(".table li:nth-child(2) a")
    assert urlsplit(reader.window.current_url).path == "/chatsso/signin"
    assert reader.policy_complaints() == []


def test_the_reading_circle_knows_the_reader_and_lets_him_go(reader: Reader) -> None:
    reader.enter()
    reader.open(f"{reader.site}/circle")
    with reader.inside(".room iframe"):
        reader.wait(lambda: reader.find("#who").get_attribute("data-user") == NORA)
        reader.find(".account form button").click()
    reader.wait(lambda: "Log out?" in reader.find("h1").text)
    reader.click_and_leave("main form button")
    assert reader.window.current_url == f"{reader.site}/"
    assert reader.find(".account .button").text == "Log in"
    assert reader.in_chat_as() == ""


def test_a_locked_card_gets_in_nowhere_and_its_reader_is_told(reader: Reader) -> None:
    reader.open(f"{reader.site}/chatsso/signin")
    reader.log_in(LOCKED_CARD)
    assert "This card is locked." in reader.find("#alert").text
    reader.log_in()
    assert reader.find("#reader").text == "Nora Finch"


def test_no_page_of_the_site_has_a_fault_that_axe_or_a_ruler_finds(
    chromium: webdriver.Chrome, start_demo: Callable[..., tuple[str, str]]
) -> None:
    reader = Reader(chromium, *start_demo("--chat", "signin"))
    for _, path in PAGES:
        reader.open(reader.site + path)
        assert (path, reader.faults()) == (path, [])
    reader.open(f"{reader.site}/chatsso/signin?lang=de")
    assert reader.faults() == []
    reader.enter()
    assert reader.faults() == []

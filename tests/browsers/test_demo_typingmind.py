"""The demo with an assistant of TypingMind, as a person sees it: by the link, and by the bubble."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from selenium import webdriver

from example_app.first_members import DEMO_EMAIL, DEMO_PASSWORD
from tests.support.person import PHONE
from tests.support.person import Person as Anybody

pytestmark = pytest.mark.browser

VARIANTS = [(), ("--noticed",), ("--delivery", "gateway"), ("--noticed", "--delivery", "gateway")]
BUBBLE = "#typingmind-widget"
CHAT = "nav.pages a:last-child"
WIDGET = "iframe[title='Chat with the assistant']"


class Person(Anybody):
    """Somebody with the demo."""

    def __init__(self, window: webdriver.Chrome, site: str, chat: str) -> None:
        super().__init__(window)
        self.site = site
        self.chat = chat

    def log_in(self) -> None:
        """By the form that is shown."""
        self.fill_in(email=DEMO_EMAIL, password=DEMO_PASSWORD)
        self.click_and_leave("main form button")

    def who(self) -> str:
        """Whom the assistant takes him for, in the window or frame that is shown."""
        address: str | None = self.wait(lambda: self.find("#who")).get_attribute("data-user")
        return address or ""


@pytest.fixture(params=VARIANTS, ids=lambda options: "-".join(options).replace("--", "") or "explicit")
def person(
    request: pytest.FixtureRequest, chromium: webdriver.Chrome, start_demo: Callable[..., tuple[str, str]]
) -> Person:
    """Somebody with each variant of the site and each delivery in turn."""
    return Person(chromium, *start_demo("--chat", "typingmind", *request.param))


def test_whoever_follows_the_link_logs_in_on_the_way_and_is_known(person: Person) -> None:
    person.open(person.site)
    person.click_and_leave(CHAT)
    person.log_in()
    assert person.window.current_url == f"{person.chat}/", "the token must not stay in the address"
    assert person.who() == DEMO_EMAIL
    assert person.policy_complaints() == []


def test_the_bubble_knows_the_member_until_he_logs_out(person: Person) -> None:
    person.open(f"{person.site}/login")
    assert not person.find_all(BUBBLE)
    person.log_in()
    person.open(f"{person.site}/shed")
    person.wait(lambda: person.find(BUBBLE)).click()
    with person.inside(WIDGET):
        assert person.who() == DEMO_EMAIL
        person.find("#message").send_keys("What eats my cabbages?")
        person.find(".composer button").click()
        person.wait(lambda: len(person.find_all(".messages li")) == 2)
    person.find(BUBBLE).click()

    person.click_and_leave(".account form button")
    person.open(f"{person.site}/shed")
    assert not person.find_all(BUBBLE)
    assert "data-external-auth-code" not in person.window.page_source
    person.click_and_leave(CHAT)
    assert person.window.current_url.startswith(f"{person.site}/login?")
    assert person.policy_complaints() == []


def test_the_shed_has_no_fault_that_axe_or_a_ruler_finds(
    chromium: webdriver.Chrome, start_demo: Callable[..., tuple[str, str]]
) -> None:
    person = Person(chromium, *start_demo("--chat", "typingmind"))
    person.open(f"{person.site}/shed")
    assert person.faults() == []
    person.open(f"{person.site}/login")
    person.log_in()
    person.open(f"{person.site}/shed")
    person.wait(lambda: person.find(BUBBLE))
    assert person.faults() == []
    person.on_screen(PHONE, "light")
    corner = person.find(BUBBLE).rect
    assert 0 < corner["x"] < corner["x"] + corner["width"] <= PHONE[0]

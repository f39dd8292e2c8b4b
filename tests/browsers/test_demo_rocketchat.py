"""The demo with a Rocket.Chat, as a person sees it: site and chat, each logged in and out from the other."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from example_app.first_members import DEMO_EMAIL, DEMO_PASSWORD
from tests.support.person import Person as Anybody

pytestmark = pytest.mark.browser

ROSA = "Rosa.Lindqvist"
VARIANTS = [(), ("--noticed",), ("--delivery", "gateway"), ("--noticed", "--delivery", "gateway")]


class Person(Anybody):
    """Somebody with the demo."""

    def __init__(self, window: webdriver.Chrome, site: str, chat: str) -> None:
        super().__init__(window)
        self.site = site
        self.chat = chat

    def fill_in_login(self) -> None:
        self.wait(lambda: self.find("main form input[name=email]")).send_keys(DEMO_EMAIL)
        self.find("main form input[name=password]").send_keys(DEMO_PASSWORD)

    def log_in_on_site(self) -> None:
        self.open(f"{self.site}/login")
        self.fill_in_login()
        self.click_and_leave("main form button")

    def log_out_on_site(self) -> None:
        self.open(f"{self.site}/logout")
        self.click_and_leave("main form button")

    def join(self, username: str, email: str) -> None:
        self.open(f"{self.site}/signup")
        self.fill_in(username=username, email=email, password=DEMO_PASSWORD)
        self.click_and_leave("main form button")

    def chat_shows(self, state: str) -> bool:
        return bool(self.find("#chat").get_attribute("data-state") == state)

    def wait_until_in_chat_as(self, username: str) -> None:
        self.wait(lambda: self.find("#whoami").get_attribute("data-user") == username)

    def wait_for_login_page(self) -> None:
        """Until the chat shows the site's login page in its frame."""
        self.wait(lambda: self.chat_shows("frame"))
        assert self.find("#whoami").get_attribute("data-user") == ""
        with self.inside("#login-frame"):
            self.wait(lambda: self.find("main form input[name=email]"))


@pytest.fixture(params=VARIANTS, ids=lambda options: "-".join(options).replace("--", "") or "explicit")
def person(
    request: pytest.FixtureRequest, chromium: webdriver.Chrome, start_demo: Callable[..., tuple[str, str]]
) -> Person:
    """Somebody with each variant of the site and each delivery in turn."""
    return Person(chromium, *start_demo("--chat", "rocketchat", *request.param))


@pytest.fixture
def visitor(chromium: webdriver.Chrome, start_demo: Callable[..., tuple[str, str]]) -> Person:
    """Somebody with the demo as it is."""
    return Person(chromium, *start_demo("--chat", "rocketchat"))


def test_whoever_logs_in_on_the_site_and_follows_the_link_is_in_the_chat(person: Person) -> None:
    person.log_in_on_site()
    person.click_and_leave("nav.pages a:last-child")
    person.wait_until_in_chat_as(ROSA)
    assert person.window.current_url == f"{person.chat}/", "the token must not stay in the address"

    person.log_out_on_site()
    person.open(person.chat)
    person.wait_for_login_page()


def test_whoever_opens_the_chat_logs_in_on_the_site_s_page_in_its_frame(person: Person) -> None:
    person.open(person.chat)
    person.wait_for_login_page()
    with person.inside("#login-frame"):
        person.find("main form button").click()
        person.wait(lambda: person.find(".errors"))
        assert not person.window.find_elements(By.TAG_NAME, "nav"), "a frame is no place for the whole site"
        person.fill_in_login()
        person.find("main form button").click()
    person.wait_until_in_chat_as(ROSA)
    person.wait(lambda: person.chat_shows("in"))

    person.open(f"{person.site}/profile")
    assert DEMO_EMAIL in person.find("main").text
    assert not person.window.find_elements(By.CSS_SELECTOR, ".notice"), "he was greeted by the chat already"


def test_an_open_chat_is_over_when_its_user_logs_out_on_the_site(person: Person) -> None:
    person.log_in_on_site()
    chat = person.window.current_window_handle
    person.open(person.chat)
    person.wait_until_in_chat_as(ROSA)
    person.window.switch_to.new_window("tab")
    person.log_out_on_site()
    person.window.close()
    person.window.switch_to.window(chat)
    person.wait_for_login_page()
    person.window.refresh()
    person.wait_for_login_page()


def test_whoever_logs_out_in_the_chat_comes_back_by_a_button_and_not_by_himself(person: Person) -> None:
    person.log_in_on_site()
    person.open(person.chat)
    person.wait_until_in_chat_as(ROSA)
    person.find("#log-out").click()
    person.wait(lambda: person.window.current_url == f"{person.site}/logout")
    person.wait(lambda: "Log out?" in person.find("main").text)
    person.click_and_leave("main .actions a")
    assert ROSA.replace(".", " ") in person.find(".account").text, "he is still logged in on the site"

    person.open(person.chat)
    person.wait(lambda: person.chat_shows("frame"))
    with person.inside("#login-frame"):
        button = person.wait(lambda: person.find("main form button"))
        assert button.text == "Enter the chat as Rosa Lindqvist"
        button.click()
    person.wait_until_in_chat_as(ROSA)


def test_the_next_one_at_the_same_browser_is_not_taken_for_the_last(person: Person) -> None:
    person.log_in_on_site()
    person.open(person.chat)
    person.wait_until_in_chat_as(ROSA)
    person.log_out_on_site()
    person.join("Bea", "bea@example.com")
    person.open(person.chat)
    person.wait_until_in_chat_as("Bea")


def test_the_chat_in_the_shed_follows_the_site(person: Person) -> None:
    person.log_in_on_site()
    person.open(f"{person.site}/shed")
    with person.inside(".room iframe"):
        person.wait_until_in_chat_as(ROSA)
    person.click_and_leave(".account form button")
    person.open(f"{person.site}/shed")
    with person.inside(".room iframe"):
        person.wait_for_login_page()
        with person.inside("#login-frame"):
            person.fill_in_login()
            person.find("main form button").click()
        person.wait_until_in_chat_as(ROSA)
    assert person.policy_complaints() == []


def test_a_logout_in_the_chat_of_the_shed_asks_there_and_goes_on_in_the_whole_window(visitor: Person) -> None:
    visitor.log_in_on_site()
    visitor.open(f"{visitor.site}/shed")
    with visitor.inside(".room iframe"):
        visitor.wait_until_in_chat_as(ROSA)
        visitor.find("#log-out").click()
        visitor.wait(lambda: "Log out?" in visitor.find("main").text)
        visitor.find("main .actions a").click()
    visitor.wait(lambda: visitor.window.current_url == f"{visitor.site}/")
    assert not visitor.window.find_elements(By.TAG_NAME, "iframe")


def test_the_site_s_forms_fit_into_a_narrow_frame(visitor: Person) -> None:
    visitor.window.set_window_size(390, 844)
    visitor.open(visitor.chat)
    visitor.wait_for_login_page()
    with visitor.inside("#login-frame"):
        for selector in (".actions button", "a[href*='/signup']", "main form button"):
            visitor.click_and_leave(selector)
            too_wide = "return document.documentElement.scrollWidth > document.documentElement.clientWidth"
            assert visitor.window.execute_script(too_wide) is False
            assert not visitor.window.find_elements(By.TAG_NAME, "nav")

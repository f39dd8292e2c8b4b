"""The Iframe URL in a real browser: in the chat's frame, in the mobile app's web view, and in a tab."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any
from urllib.parse import unquote

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from chatsso_middleware.providers.rocketchat.chat_address import ChatAddress
from chatsso_middleware.providers.rocketchat.frame import Frame
from chatsso_middleware.providers.rocketchat.oauth import OAuthHandOver, OAuthVerifier
from chatsso_middleware.sessions import ChatSession
from chatsso_middleware.users import ChatUser
from tests.support.rocketchat_frames import BASE, FrameSite, chat_app, page_app
from tests.support.servers import serving
from tests.support.window_waiting import wait_until

pytestmark = pytest.mark.browser

ANN = ChatUser("ann@example.com", name="Ann")
LOGIN = {"event": "login-with-token", "loginToken": "t0ken"}
LONG = 60.0
"""Seconds that nobody waits for: the test has what it wants long before."""
HOSTILE = "</script><!--<script>\"'\\\u2028\u2029&lt;"

THE_APP = """
  window.ReactNativeWebView = { postMessage() {} };
  window.messages = [];
  addEventListener("load", () => setTimeout(() => {
    addEventListener("message", ({ data }) => {
      if (typeof data === "object") {
        window.messages.push(data);
        window.location.hash = JSON.stringify(data);
      }
    });
  }, 700));
"""
"""What the mobile app adds to a page some time after it was loaded."""


def by_host(service: str, response: Mapping[str, Any]) -> ChatUser | None:
    return ANN if response == {"token": "good"} else None


class World:
    """The site, the chat that shows its frame, and the browser in front of them."""

    def __init__(self, window: webdriver.Chrome, stack: ExitStack) -> None:
        self.window = window
        self.stack = stack
        self.site = FrameSite()
        self.site_url = stack.enter_context(serving(self.site))
        self.chat_url = stack.enter_context(serving(chat_app(f"{self.site_url}{BASE}/frame")))

    def offer(self, *services: str, **options: Any) -> None:
        """Put the frame's endpoints onto the site."""
        chat = ChatAddress.of(self.chat_url)
        oauth = OAuthVerifier(services, by_host=by_host) if services else None
        facts: dict[str, Any] = {
            "token_field": "loginToken",
            "patience": LONG,
            "oauth_patience": LONG,
            **options,
        }
        frame = Frame(chat, provider="rocketchat", ancestors=chat.origin, oauth=oauth, **facts)
        self.site.endpoints = [frame.endpoint]
        if oauth is not None:
            self.site.endpoints = [frame.endpoint, OAuthHandOver(oauth).endpoint]

    def open_chat(self) -> None:
        self.window.get(self.chat_url)

    def received(self, number: int) -> list[Any]:
        """What our frame has sent to the chat, once it is `number` messages."""
        self.window.switch_to.default_content()
        self.wait(lambda: len(self.window.execute_script("return received")) >= number)
        messages = self.window.execute_script("return received")
        assert all(message["ours"] and message["origin"] == self.site_url for message in messages)
        assert len(messages) == number
        return [message["data"] for message in messages]

    def reply(self, message: object) -> None:
        """Let the chat's page say something to our frame."""
        self.window.switch_to.default_content()
        self.window.execute_script("reply(arguments[0])", message)

    def enter_frame(self) -> None:
        self.window.switch_to.default_content()
        self.window.switch_to.frame(0)

    def shows(self, title: str) -> str:
        """Wait until the page says `title`, and give what can be read on it."""
        self.wait(lambda: self.heading() == title)
        return self.window.find_element(By.TAG_NAME, "main").text

    def heading(self) -> str:
        found = self.window.find_elements(By.TAG_NAME, "h1")
        return found[0].text if found else ""

    def control(self, text: str) -> WebElement:
        """The visible link or button with this text."""
        found = self.window.find_elements(By.CSS_SELECTOR, "a, button")
        (one,) = [control for control in found if control.is_displayed() and control.text == text]
        return one

    def wait(self, condition: Any) -> None:
        wait_until(self.window, condition)


@pytest.fixture
def world(chromium: webdriver.Chrome) -> Iterator[World]:
    with ExitStack() as stack:
        yield World(chromium, stack)


def test_who_is_logged_in_is_handed_over_to_the_chat_once(world: World) -> None:
    world.offer()
    world.site.user = ANN
    world.open_chat()
    assert world.received(1) == [LOGIN]
    world.enter_frame()
    assert "You are Ann on this site." in world.shows("Entering the chat")


def test_a_chat_that_is_late_lets_him_in_without_a_click(world: World) -> None:
    world.offer()
    world.site.user = ANN
    world.site.session = None
    world.open_chat()
    world.enter_frame()
    assert "It may be busy: wait a moment." in world.shows("The chat could not log you in")
    world.site.session = ChatSession("t0ken", 0.0)
    world.shows("Entering the chat")
    assert world.received(1) == [LOGIN]
    assert world.site.asked == ["frame", "frame"]


def test_a_refusal_is_explained_and_the_page_never_tries_again_by_itself(world: World) -> None:
    world.offer()
    world.site.user = ANN
    world.open_chat()
    world.received(1)
    world.reply("login-error")
    world.reply({"event": "login-error", "response": "<img src=x> is deactivated"})
    world.enter_frame()
    text = world.shows("The chat refused the login")
    assert "<img src=x> is deactivated" in text
    assert "You are Ann" not in text
    assert world.window.execute_script("return document.activeElement.localName") == "h1"
    assert world.window.find_elements(By.TAG_NAME, "img") == []
    assert world.received(1) == [LOGIN]
    world.enter_frame()
    world.control("Try again").click()
    assert world.received(2) == [LOGIN, LOGIN]


def test_a_refusal_without_words_of_the_chat_is_explained_too(world: World) -> None:
    world.offer()
    world.site.user = ANN
    world.open_chat()
    world.received(1)
    world.reply({"event": "login-error", "response": {"error": 403}})
    world.enter_frame()
    world.shows("The chat refused the login")
    assert not world.window.find_element(By.ID, "reason").is_displayed()


def test_nobody_but_the_chat_can_say_that_it_refused(world: World) -> None:
    world.offer()
    world.site.user = ANN
    world.open_chat()
    world.received(1)
    stranger = world.stack.enter_context(
        serving(
            page_app(
                {
                    "/": """<script>
                      parent.frames[0].postMessage({ event: "login-error", response: "a lie" }, "*");
                      parent.postMessage("told", "*");
                    </script>"""
                }
            )
        )
    )
    world.window.execute_script(
        """const other = document.createElement("iframe");
           other.src = arguments[0];
           document.body.append(other);""",
        stranger,
    )
    world.wait(lambda: len(world.window.execute_script("return received")) == 2)
    world.reply({"event": "login-error", "response": "the truth"})
    world.enter_frame()
    text = world.shows("The chat refused the login")
    assert "the truth" in text
    assert "a lie" not in text


def test_a_chat_that_stays_silent_leads_to_calm_words(world: World) -> None:
    world.offer(patience=0.3)
    world.site.user = ANN
    world.open_chat()
    world.received(1)
    world.enter_frame()
    assert "has not answered yet" in world.shows("The chat has not answered")
    assert world.control("Open the chat in a new tab").get_attribute("target") == "_blank"
    assert world.received(1) == [LOGIN]


def test_a_stranger_who_frames_the_page_gets_nothing(world: World) -> None:
    world.offer()
    world.site.user = ANN
    stranger = world.stack.enter_context(serving(chat_app(f"{world.site_url}{BASE}/frame")))
    world.window.get(stranger)
    world.wait(lambda: "frame" in world.site.asked)
    world.enter_frame()
    assert world.window.execute_script("return document.URL").startswith("chrome-error:")
    world.window.switch_to.default_content()
    assert world.window.execute_script("return received") == []


def test_hostile_values_arrive_as_they_are(world: World) -> None:
    world.offer()
    world.site.user = ChatUser("ann@example.com", name=HOSTILE)
    world.site.session = ChatSession(HOSTILE, 0.0)
    world.open_chat()
    assert world.received(1) == [{"event": "login-with-token", "loginToken": HOSTILE}]
    world.enter_frame()
    shown = world.shows("Entering the chat")
    assert "You are </script><!--<script>\"'\\" in shown


def test_in_mode_mongodb_the_chat_is_sent_to_the_api_url(world: World) -> None:
    world.offer(token_field="token")
    world.site.user = ANN
    world.open_chat()
    assert world.received(1) == [{"event": "try-iframe-login"}]


def as_the_app_reads(address: str, server: str) -> Any:
    """Observed in the mobile app: how it finds the token in the address of its web view."""
    decoded = unquote(address)
    assert re.search(f"(?=.*({server}))(?=.*(event|loginToken|token))", decoded)
    return json.loads(decoded.split("#")[1])


def test_the_mobile_app_finds_the_token_in_the_address_and_is_told_once(world: World) -> None:
    world.offer()
    world.site.user = ANN
    world.window.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": THE_APP})
    world.window.get(f"{world.site_url}{BASE}/frame#left-over")
    world.wait(lambda: "loginToken" in world.window.current_url)
    assert as_the_app_reads(world.window.current_url, world.chat_url) == {**LOGIN, "server": world.chat_url}
    told = world.window.execute_async_script("setTimeout(() => arguments[0](messages.length), 1000)")
    assert told == 1, "each further message would make the app wait anew"


def test_in_mode_mongodb_the_mobile_app_shows_why_it_cannot_work(world: World) -> None:
    world.offer(token_field="token")
    world.site.user = ANN
    world.window.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": THE_APP})
    world.window.get(f"{world.site_url}{BASE}/frame")
    assert "works in a browser only" in world.shows("This page belongs to the chat")


def test_a_person_who_opens_the_page_himself_is_led_to_the_chat(world: World) -> None:
    world.offer(patience=0.1)
    world.site.user = ANN
    world.window.get(f"{world.site_url}{BASE}/frame")
    world.shows("This page belongs to the chat")
    address = world.control("Open the chat in a new tab").get_attribute("href")
    assert address == f"{world.site_url}/chatsso/login?to=%2F&provider=rocketchat"
    assert "#" not in world.window.current_url


def test_an_app_that_never_listens_ends_in_the_same_words(world: World) -> None:
    world.offer(patience=0.1)
    world.site.user = ANN
    source = "window.ReactNativeWebView = { postMessage() {} };"
    world.window.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": source})
    world.window.get(f"{world.site_url}{BASE}/frame")
    world.shows("This page belongs to the chat")


def test_a_guest_logs_in_on_the_site_inside_the_frame(world: World) -> None:
    world.offer()
    world.open_chat()
    world.enter_frame()
    world.wait(lambda: world.window.find_elements(By.ID, "login"))
    world.window.find_element(By.ID, "login").click()
    assert world.received(1) == [LOGIN]


def test_a_login_that_the_browser_forgets_is_asked_for_once(world: World) -> None:
    world.offer()
    world.site.keeps_logins = False
    world.open_chat()
    world.enter_frame()
    world.wait(lambda: world.window.find_elements(By.ID, "login"))
    world.window.find_element(By.ID, "login").click()
    assert "cookies" in world.shows("The chat does not see your login")
    assert world.control("Open the chat in a new tab").get_attribute("target") == "_blank"


def test_who_left_the_chat_enters_it_by_a_button(world: World) -> None:
    world.offer()
    world.site.user = ANN
    world.site.has_left = True
    world.open_chat()
    world.enter_frame()
    world.shows("You logged out of the chat")
    world.control("Enter the chat as Ann").click()
    assert world.received(1) == [LOGIN]
    assert world.site.handed_over == [{"forgery_token": "f0rgery"}]
    assert world.site.has_left is False


def test_the_chat_logs_a_guest_in_with_a_service_and_the_site_confirms_it(world: World) -> None:
    world.offer("google", "facebook")
    world.open_chat()
    world.enter_frame()
    world.control("Log in with Facebook")
    world.control("Log in with Google").click()
    assert world.received(1) == [{"event": "call-google-login", "scopes": "profile email"}]
    world.enter_frame()
    assert not world.control("Log in with Facebook").is_enabled()
    world.reply({"event": "facebook-login-success", "response": {"token": "another"}})
    world.reply({"event": "google-login-success", "response": {"token": "good"}})
    assert world.received(2)[1] == LOGIN
    assert world.site.handed_over == [
        {"service": "google", "response": {"token": "good"}, "forgery_token": "f0rgery"}
    ]


def test_a_login_that_is_not_confirmed_is_explained_and_may_be_tried_again(world: World) -> None:
    world.offer("google")
    world.open_chat()
    world.enter_frame()
    world.control("Log in with Google").click()
    world.received(1)
    world.reply({"event": "google-login-success", "response": {"token": "bad"}})
    world.enter_frame()
    assert "Google did not confirm this login. You can try again" in notice(world, "did not confirm")
    assert world.window.execute_script("return document.activeElement.id") == "notice"
    world.control("Log in with Google").click()
    world.received(2)
    world.reply({"event": "google-login-error", "error": "popup closed"})
    world.enter_frame()
    notice(world, "Google did not log you in.")
    assert world.control("Log in with Google").is_enabled()
    assert world.site.user is None


def notice(world: World, part: str) -> str:
    """The notice, once `part` stands in it."""
    element = world.window.find_element(By.ID, "notice")
    world.wait(lambda: part in element.text)
    return element.text


def test_a_chat_that_does_not_answer_ends_in_a_message_and_a_late_answer_counts_no_more(world: World) -> None:
    world.offer("google", oauth_patience=0.3)
    world.open_chat()
    world.enter_frame()
    world.control("Log in with Google").click()
    world.received(1)
    world.enter_frame()
    notice(world, "Google has not answered.")
    world.window.execute_script("addEventListener('message', (event) => { window.lastHeard = event.data; })")
    world.reply({"event": "google-login-success", "response": {"token": "good"}})
    world.reply("after it")
    world.enter_frame()
    world.wait(lambda: world.window.execute_script("return window.lastHeard") == "after it")
    assert world.control("Log in with Google").is_enabled()
    assert world.site.handed_over == []


def test_a_page_in_place_of_our_answer_is_no_login(world: World) -> None:
    world.offer("google")
    world.open_chat()
    world.enter_frame()
    world.control("Log in with Google").click()
    world.received(1)
    world.site.endpoints = [world.site.endpoints[0]]
    world.site.pages[f"{BASE}/oauth"] = "<h1>Forbidden</h1>"
    world.reply({"event": "google-login-success", "response": {"token": "good"}})
    world.enter_frame()
    notice(world, "This site could not log you in.")


def test_without_the_chat_around_the_page_no_services_are_offered(world: World) -> None:
    world.offer("google")
    world.window.get(f"{world.site_url}{BASE}/frame")
    world.shows("Log in to the chat")
    assert not world.window.find_element(By.ID, "services").is_displayed()
    world.control("Log in on this site").click()
    world.wait(lambda: world.window.find_elements(By.ID, "login"))

"""The script for pages of the site that show the chat in a frame, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from selenium import webdriver

from chatsso_middleware.providers.rocketchat.browser import BrowserSide
from chatsso_middleware.users import ChatUser
from tests.support.rocketchat_frames import BASE, FrameSite, chat_app
from tests.support.servers import serving
from tests.support.window_waiting import wait_until

pytestmark = pytest.mark.browser

ANN = ChatUser("ann@example.com")
SCRIPT = f'<script src="{BASE}/embed.js" defer></script>'
STARTUP = {"eventName": "startup", "data": True}
LOGIN = {"externalCommand": "login-with-token", "token": "t0ken"}
LOGOUT = {"externalCommand": "logout"}
GO = {"externalCommand": "go", "path": "/marker"}
MARKS = "return localStorage.length"
NOTE_TIMERS = """
  window.cancelled = [];
  const cancel = window.clearTimeout;
  window.clearTimeout = (timer) => {
    if (timer !== undefined) cancelled.push(timer);
    cancel(timer);
  };
"""


class World:
    """The site with a page that shows the chat, the chat, and the browser in front of them."""

    def __init__(self, window: webdriver.Chrome, stack: ExitStack) -> None:
        self.window = window
        self.site = FrameSite()
        self.site_url = stack.enter_context(serving(self.site))
        self.chat_url = stack.enter_context(serving(chat_app("about:blank")))
        self.stranger_url = stack.enter_context(serving(chat_app("about:blank")))
        self.site.endpoints = BrowserSide(self.chat_url, token_field="loginToken", embed=True).endpoints

    def show(self, source: str | None = None) -> None:
        """Open a page with a frame on `source`, and wait until the page and its frame are there."""
        address = source or f"{self.chat_url}/channel/general"
        self.site.pages["/page"] = f'<!doctype html>{SCRIPT}<iframe src="{address}"></iframe>'
        self.window.get(f"{self.site_url}/page")

    def received(self, number: int) -> list[Any]:
        """What the chat in the frame was told, once it is `number` messages."""
        self.window.switch_to.default_content()
        self.window.switch_to.frame(0)
        self.wait(lambda: len(self.window.execute_script("return received")) >= number)
        messages = self.window.execute_script("return received")
        self.window.switch_to.default_content()
        assert all(message["origin"] == self.site_url for message in messages)
        return [message["data"] for message in messages]

    def say(self, message: object) -> None:
        """Let the chat say something to the page around it."""
        self.window.switch_to.default_content()
        self.window.switch_to.frame(0)
        self.window.execute_script("say(arguments[0])", message)
        self.window.switch_to.default_content()

    def received_after(self, answers: int) -> list[Any]:
        """What the chat was told up to a command that we give once the script has got so many answers."""
        count = """return performance.getEntriesByType("resource")
                     .filter((entry) => entry.name.endsWith("/embed")).length"""
        self.wait(lambda: self.run(count) >= answers)
        self.run("chatssoRocketChat.go('/marker')")
        self.wait(lambda: GO in self.received(1))
        return self.received(1)

    def run(self, script: str) -> Any:
        self.window.switch_to.default_content()
        return self.window.execute_script(script)

    def wait(self, condition: Any) -> None:
        wait_until(self.window, condition)


@pytest.fixture
def world(chromium: webdriver.Chrome) -> Iterator[World]:
    with ExitStack() as stack:
        yield World(chromium, stack)


def test_the_chat_in_a_frame_is_told_who_is_logged_in(world: World) -> None:
    world.site.user = ANN
    world.show()
    assert world.received(1)[0] == LOGIN


def test_it_is_told_again_when_it_starts(world: World) -> None:
    world.site.user = ANN
    world.show()
    before = len(world.received(1))
    world.say(STARTUP)
    assert set(map(str, world.received(before + 1))) == {str(LOGIN)}


def test_a_chat_that_may_not_have_listened_is_told_again(world: World) -> None:
    world.site.user = ANN
    world.show()
    world.received(1)
    world.window.switch_to.frame(0)
    world.window.execute_script("received.length = 0")
    assert world.received(1) == [LOGIN]


def test_a_frame_that_comes_later_is_told_too(world: World) -> None:
    world.site.user = ANN
    world.site.pages["/page"] = f"<!doctype html>{SCRIPT}<title>Empty</title>"
    world.window.get(f"{world.site_url}/page")
    assert "embed" not in world.site.asked, "a page without the chat asks for no token"
    world.window.execute_script(
        """const frame = document.createElement("iframe");
           frame.src = arguments[0];
           document.body.append(frame);""",
        f"{world.chat_url}/channel/general",
    )
    assert world.received(1)[0] == LOGIN


def test_the_sites_logout_reaches_the_chat_once(world: World) -> None:
    world.site.user = ANN
    world.show()
    world.received(1)
    world.site.user = None
    world.show()
    assert world.received(1)[0] == LOGOUT
    world.wait(lambda: world.run("return localStorage.length") == 0)
    world.show()
    world.say(STARTUP)
    assert world.received_after(2) == [GO]


def test_only_a_login_that_the_chat_was_told_of_is_taken_back_at_the_sites_logout(world: World) -> None:
    world.site.user = ANN
    world.site.session = None  # so that there is nothing to tell the chat
    world.show()
    assert world.received_after(1) == [GO]
    assert world.run(MARKS) == 0
    world.site.user = None
    world.show()
    assert world.received_after(1) == [GO], "he may have logged in to the chat by himself"


def test_in_mode_mongodb_the_chat_logs_in_by_itself_and_the_sites_logout_reaches_it(world: World) -> None:
    world.site.endpoints = BrowserSide(world.chat_url, token_field="token", embed=True).endpoints
    world.site.user = ANN
    world.show()
    assert world.received_after(1) == [GO]
    assert world.run(MARKS) == 1
    world.site.user = None
    world.show()
    assert world.received(1)[0] == LOGOUT


def test_who_logs_in_again_soon_is_not_forgotten(world: World) -> None:
    world.site.user = ANN
    world.show()
    world.received(1)
    world.site.user = None
    world.show()
    assert world.received(1)[0] == LOGOUT
    world.run(NOTE_TIMERS)
    world.site.user = ANN
    world.run("chatssoRocketChat.login();")
    world.wait(lambda: LOGIN in world.received(1))
    assert world.run("return cancelled.length") == 1, "the timer that would forget the login"
    assert world.run(MARKS) == 1


def test_a_guest_who_logged_in_to_the_chat_by_himself_is_left_alone(world: World) -> None:
    world.show()
    world.say(STARTUP)
    assert world.received_after(2) == [GO]


def test_who_left_the_chat_is_neither_logged_in_nor_out(world: World) -> None:
    world.site.user = ANN
    world.site.has_left = True
    world.show()
    assert world.received_after(1) == [GO]


def test_a_page_may_steer_the_chat(world: World) -> None:
    world.site.user = ANN
    world.site.has_left = True  # so that nothing is sent unasked
    world.show()
    world.wait(lambda: "embed" in world.site.asked)
    world.run("chatssoRocketChat.go('/channel/random'); chatssoRocketChat.setUserStatus('away');")
    world.run("chatssoRocketChat.logout();")
    assert world.received(3) == [
        {"externalCommand": "go", "path": "/channel/random"},
        {"externalCommand": "set-user-status", "status": "away"},
        LOGOUT,
    ]
    world.site.has_left = False
    world.run("chatssoRocketChat.login();")
    assert world.received(4)[3] == LOGIN


def test_a_frame_of_somebody_else_is_told_nothing(world: World) -> None:
    world.site.user = ANN
    world.show(f"{world.stranger_url}/channel/general")
    world.run("chatssoRocketChat.login(); chatssoRocketChat.go('/'); chatssoRocketChat.logout();")
    world.say(STARTUP)
    world.run("frames[0].postMessage('after it all', '*')")
    assert world.received(1) == ["after it all"]
    assert "embed" not in world.site.asked


@pytest.mark.parametrize("query", ["?to=/channel/general&provider=rocketchat", "?to=/channel/general"])
def test_a_frame_that_goes_through_our_gateway_is_the_chat(world: World, query: str) -> None:
    world.site.user = ANN
    redirect = f'<meta http-equiv="refresh" content="0; url={world.chat_url}/channel/general">'
    world.site.pages["/chatsso/go"] = redirect
    world.show(f"/chatsso/go{query}")
    world.wait(lambda: shows_the_chat(world))
    assert world.received(1)[0] == LOGIN


def shows_the_chat(world: World) -> bool:
    world.window.switch_to.default_content()
    world.window.switch_to.frame(0)
    address: str = world.window.execute_script("return location.href")
    world.window.switch_to.default_content()
    return address.startswith(world.chat_url)


@pytest.mark.parametrize(
    "address", ["/chatsso/go?provider=another", "/chatsso/gone?to=/", "about:blank", "//["]
)
def test_other_frames_of_the_site_are_not_the_chat(world: World, address: str) -> None:
    world.site.user = ANN
    world.site.pages["/chatsso/go"] = world.site.pages["/chatsso/gone"] = "<title>another</title>"
    world.show(address)
    world.run("chatssoRocketChat.login();")
    assert "embed" not in world.site.asked

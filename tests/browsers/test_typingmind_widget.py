"""The stand-in instance in a real browser: the link, the widget, and the script that adds the widget's tag.

The site in these tests is not ours but the smallest there can be; the provider's tokens and endpoints are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from chatsso_middleware.page.edits import PageEdits, ScriptAttributes
from chatsso_middleware.page.markup import script_tag
from chatsso_middleware.page.rewriter import rewrite
from chatsso_middleware.providers import ChatAPI, Visit
from chatsso_middleware.providers.typingmind import TypingMind
from chatsso_middleware.sandbox.typingmind import RunningSandbox, serve
from chatsso_middleware.secret import Secret
from chatsso_middleware.sessions import ChatSession
from chatsso_middleware.users import ChatUser
from tests.support.servers import serving
from tests.support.window_waiting import wait_until

pytestmark = pytest.mark.browser

BASE = "/chatsso/typingmind"
ANN = ChatUser("ann@example.com", id="42")
PAGE = (
    '<!doctype html><html lang="en"><meta name="viewport" content="width=device-width, initial-scale=1">'
    "<title>Site</title><h1>Site</h1>{}</html>"
)


class Site:
    """One page, and the provider's own addresses."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self.sandbox = sandbox
        self.user: ChatUser | None = None
        self.page = ""
        self.policy = ""
        self.answered: list[tuple[str, int]] = []

    def instance(self, placing: str, **options: Any) -> TypingMind:
        settings = {
            "url": self.sandbox.url,
            "secret": Secret(self.sandbox.secret),
            "form": "user",
            "expires": timedelta(days=7),
            "widget": placing,
            "api_key": None,
            "api_url": self.sandbox.url,
            **options,
        }
        self.provider = TypingMind(settings, ChatAPI("typingmind", timeout=10))
        return self.provider

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        endpoint = next((one for one in self.provider.endpoints if path == f"{BASE}/{one.path}"), None)
        if endpoint is None:
            headers = [("Content-Type", "text/html; charset=utf-8")]
            if self.policy:
                headers.append(("Content-Security-Policy", self.policy))
            start_response("200 OK", headers)
            return [self.page.encode()]
        visit = Visit(
            method="GET",
            same_origin=environ.get("HTTP_SEC_FETCH_SITE") == "same-origin",
            user=self.user,
            session=self.session,
        )
        reply = endpoint.answer(visit)
        self.answered.append((endpoint.path, reply.status))
        start_response(f"{reply.status} Status", [("Content-Type", reply.content_type)])
        return [reply.body.encode()]

    def session(self) -> ChatSession | None:
        return self.provider.open_session(self.user) if self.user is not None else None


def stranger(_environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """A page of somebody else."""
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
    return [PAGE.format("").encode()]


class World:
    """The instance, the site, and the browser in front of them."""

    def __init__(self, window: webdriver.Chrome, stack: ExitStack) -> None:
        self.window = window
        self.sandbox = stack.enter_context(serve())
        self.site = Site(self.sandbox)
        self.site_url = stack.enter_context(serving(self.site))
        self.stranger_url = stack.enter_context(serving(stranger))

    def open(self, content: str) -> None:
        """Show a page of the site with `content` in its body."""
        self.site.page = PAGE.format(content)
        self.window.get(f"{self.site_url}/")

    def open_widget(self) -> None:
        """Click the bubble, and look into the frame that it opens."""
        self.wait(lambda: self.window.find_elements(By.ID, "typingmind-widget"))
        self.window.find_element(By.ID, "typingmind-widget").click()
        self.wait(lambda: self.window.find_elements(By.TAG_NAME, "iframe"))
        self.window.switch_to.frame(self.window.find_element(By.TAG_NAME, "iframe"))
        self.wait(lambda: self.window.find_elements(By.ID, "who"))

    @property
    def who(self) -> str:
        """Whoever is logged in, in the page or frame that is looked at."""
        return self.window.find_element(By.ID, "who").get_attribute("data-user") or ""

    def wait(self, condition: Any) -> None:
        wait_until(self.window, condition)


@pytest.fixture
def world(chromium: webdriver.Chrome) -> Iterator[World]:
    with ExitStack() as stack:
        yield World(chromium, stack)


def completed(instance: TypingMind, session: ChatSession) -> str:
    """The widget's tag as an author writes it, edited as a page is."""
    tag = f'<script defer src="{instance.url}/widget.js"></script>'
    script = ScriptAttributes(instance.hosts, instance.widget_scripts, instance.widget_attributes(session))
    return rewrite(tag.encode(), PageEdits(scripts=(script,))).decode()


def test_a_link_logs_in_and_the_address_bar_keeps_no_token(world: World) -> None:
    instance = world.site.instance("attribute")
    ((name, code),) = instance.link_parameters(instance.open_session(ANN), remember=False)
    world.open(f'<a id="chat" href="{world.sandbox.url}/?{name}={code}">Chat</a>')
    world.window.find_element(By.ID, "chat").click()
    world.wait(lambda: world.window.find_elements(By.ID, "who"))
    assert world.who == "ann@example.com"
    assert world.window.current_url == f"{world.sandbox.url}/"
    world.window.find_element(By.ID, "message").send_keys("Is anybody there?")
    world.window.find_element(By.CSS_SELECTOR, ".composer button").click()
    world.wait(lambda: len(world.window.find_elements(By.CSS_SELECTOR, ".messages li")) == 2)


def test_the_tag_on_the_page_logs_the_widget_in(world: World) -> None:
    instance = world.site.instance("attribute")
    world.site.policy = f"default-src 'none'; script-src {world.sandbox.url}; frame-src {world.sandbox.url}"
    world.open(completed(instance, instance.open_session(ANN)))
    world.open_widget()
    assert world.who == "ann@example.com"
    world.window.find_element(By.ID, "message").send_keys("Is anybody there?")
    world.window.find_element(By.CSS_SELECTOR, ".composer button").click()
    world.wait(lambda: len(world.window.find_elements(By.CSS_SELECTOR, ".messages li")) == 2)
    assert world.who == "ann@example.com"


def test_a_tag_without_a_code_is_a_guests(world: World) -> None:
    instance = world.site.instance("attribute")
    world.open(f'<script defer src="{instance.url}/widget.js"></script>')
    world.open_widget()
    assert world.who == ""
    assert world.window.find_elements(By.ID, "message") == []


def test_a_tag_of_another_instance_logs_nobody_in(world: World) -> None:
    instance = world.site.instance("attribute", secret=Secret("the secret of another instance, of 40 octets"))
    world.open(completed(instance, instance.open_session(ANN)))
    world.open_widget()
    assert world.who == ""
    assert world.sandbox.instance.users == ()


def test_the_tag_that_is_placed_logs_the_widget_in(world: World) -> None:
    instance = world.site.instance("insert")
    widget = instance.widget(instance.open_session(ANN))
    assert widget is not None
    world.open(script_tag(widget.source, widget.attributes))
    world.open_widget()
    assert world.who == "ann@example.com"


def loader(world: World, *, guests: bool) -> str:
    return script_tag(f"{BASE}/{world.site.instance('insert').widget_loader(guests=guests)}")


def test_the_script_adds_the_tag_to_a_page_that_holds_no_token(world: World) -> None:
    tag = loader(world, guests=True)
    world.site.user = ANN
    world.open(tag)
    assert "eyJ" not in world.site.page
    world.open_widget()
    assert world.who == "ann@example.com"


def test_the_script_adds_a_tag_for_guests_where_they_may_chat(world: World) -> None:
    world.open(loader(world, guests=True))
    world.open_widget()
    assert world.who == ""


def test_where_guests_log_in_first_they_get_no_widget(world: World) -> None:
    tag = loader(world, guests=False)
    world.open(tag)
    asked = "return performance.getEntriesByType('resource').some((one) => one.name.endsWith('/code'))"
    world.wait(lambda: world.window.execute_script(asked))
    world.wait(lambda: world.window.execute_script("return document.readyState") == "complete")
    added = "return Array.from(document.scripts).filter((one) => one.src.endsWith('/widget.js')).length"
    # What the script does after its answer is done before a promise that is made later.
    world.window.execute_async_script(
        "fetch(arguments[0]).then((answer) => answer.text()).then(arguments[1])", f"{BASE}/code"
    )
    assert world.window.execute_script(added) == 0
    world.site.user = ANN
    world.open(tag)
    world.open_widget()
    assert world.who == "ann@example.com"


def test_a_page_of_another_origin_is_not_told_the_code(world: World) -> None:
    world.site.instance("insert")
    world.site.user = ANN
    world.window.get(world.stranger_url)
    world.window.execute_async_script(
        """const [address, done] = arguments;
           fetch(address, { mode: "no-cors", credentials: "include" }).then(done, done);""",
        f"{world.site_url}{BASE}/code",
    )
    assert world.site.answered == [("code", 403)]


def test_the_bubble_can_be_worked_by_keyboard_and_fits_a_phone(world: World) -> None:
    instance = world.site.instance("attribute")
    world.window.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True},
    )
    world.open(completed(instance, instance.open_session(ANN)))
    world.wait(lambda: world.window.find_elements(By.ID, "typingmind-widget"))
    bubble = world.window.find_element(By.ID, "typingmind-widget")
    bubble.send_keys("\n")
    assert bubble.get_attribute("aria-expanded") == "true"
    frame = world.window.find_element(By.TAG_NAME, "iframe")
    box = frame.rect
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    assert box["y"] >= 0
    world.window.find_element(By.TAG_NAME, "body").send_keys("\ue00c")
    assert bubble.get_attribute("aria-expanded") == "false"
    assert not frame.is_displayed()

"""The hosted login page in a real browser: for everybody, by keyboard alone, without scripts, in frames."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from webob import Request, Response

from tests.support.servers import serving
from tests.support.signin_site import PASSWORD, SignInSite, running_site
from tests.support.window_waiting import wait_until

pytestmark = pytest.mark.browser

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
PHONE, DESK = (390, 844), (1280, 800)
APP_PAGE = """<!doctype html><html lang="en"><title>App</title>
<iframe id="login" title="Log in" src="{frame}" width="500" height="700"></iframe>
<form id="enter" method="post" action="{page}/enter" referrerpolicy="origin">
  <input type="hidden" name="code"><input type="hidden" name="next" value="/board"></form>
<script>
window.received = [];
addEventListener("message", (event) => {
  const frame = document.getElementById("login");
  received.push({ ours: event.source === frame.contentWindow, origin: event.origin, data: event.data });
});
</script>"""


class App:
    """Another site, which shows the login page in a frame."""

    def __init__(self) -> None:
        self.page = ""
        self.origin = ""
        self.frame = ""

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        content = APP_PAGE.replace("{frame}", self.frame).replace("{page}", self.page)
        response: Any = Response(content) if Request(environ).path == "/" else Response(status=404)
        return response(environ, start_response)


class Window:
    """The browser's window, as a person uses it."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def wait(self, holds: Callable[[], Any]) -> Any:
        return wait_until(self.driver, holds)

    def by_id(self, name: str) -> WebElement:
        return self.driver.find_element(By.ID, name)

    def shows(self, heading: str) -> None:
        """Wait for the page with this heading."""
        self.wait(lambda: heading in [found.text for found in self.driver.find_elements(By.TAG_NAME, "h1")])

    def press(self, *keys: str) -> WebElement:
        """Press keys wherever the focus is, and give what has the focus then."""
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)
        return self.driver.switch_to.active_element

    def log_in(self, login: str = "ann", password: str = PASSWORD) -> None:
        field = self.by_id("login")
        field.clear()
        field.send_keys(login)
        self.by_id("password").send_keys(password, Keys.ENTER)

    def on_phone_or_desk(self, size: tuple[int, int], scheme: str) -> None:
        """Show pages as a screen of `size` does, in the ``light`` or ``dark`` scheme."""
        metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})

    def violations(self) -> list[str]:
        """What axe finds wrong with the page, in a few words."""
        found = self.driver.execute_async_script(
            AXE + "; const done = arguments[arguments.length - 1];"
            "axe.run(document, {resultTypes: ['violations']}).then((results) => done(results.violations));"
        )
        return [f"{problem['id']}: {[node['target'] for node in problem['nodes']]}" for problem in found]

    def inspect(self) -> None:
        """The page that is shown has no fault that axe or a ruler finds, in any of its forms."""
        for size in (PHONE, DESK):
            for scheme in ("light", "dark"):
                self.on_phone_or_desk(size, scheme)
                assert self.violations() == []
            measure = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert self.driver.execute_script(measure) == 0, "it scrolls sideways"
            for control in self.driver.find_elements(By.CSS_SELECTOR, "button, .button, input[type=text]"):
                assert control.size["height"] >= 44, "too small for a finger"


@pytest.fixture
def window(chromium: webdriver.Chrome) -> Window:
    return Window(chromium)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., SignInSite]]:
    with ExitStack() as stack:
        yield lambda **written: stack.enter_context(running_site(tmp_path, **written))


StartSite = Callable[..., SignInSite]


def test_no_page_has_a_fault_that_axe_finds(window: Window, start: StartSite) -> None:
    site = start(
        title="Harvest",
        color="#ffd000",
        terms_url="/terms",
        terms_required="yes",
        faq_url="/faq",
        reset_url="/reset",
        embed_origins="https://app.example.com webview",
        limit_account="2 per minute",
    )
    window.driver.get(f"{site.page}?lang=de")
    window.shows("Anmelden")
    window.inspect()
    window.by_id("password").send_keys(Keys.ENTER)
    window.wait(lambda: window.driver.find_elements(By.ID, "terms-mistake"))
    window.inspect()
    for _ in range(3):
        window.driver.get(site.page)
        window.by_id("terms").click()
        window.log_in(password="wrong")
        window.wait(lambda: window.driver.find_elements(By.ID, "alert"))
        window.inspect()
    assert "too many attempts" in window.by_id("alert").text
    site.people.down = True
    window.driver.get(site.page)
    window.by_id("terms").click()
    window.log_in(login="ann@example.com")
    window.wait(lambda: "not your password" in window.by_id("alert").text)
    window.inspect()
    site.people.down = False
    window.driver.get(f"{site.page}?origin=https://stranger.example.com")
    window.shows("This page cannot be shown here")
    window.inspect()
    window.driver.get(f"{site.page}/embed")
    window.shows("Embed this login page")
    window.inspect()
    window.driver.get(f"{site.page}?embed=webview")
    window.by_id("terms").click()
    window.log_in(login="ann@example.com")
    window.shows("You are logged in")
    window.inspect()
    window.driver.get(site.page)
    window.shows("You are logged in")
    window.inspect()
    window.driver.get(f"{site.page}/logout")
    window.shows("Log out?")
    window.inspect()
    window.driver.find_element(By.CSS_SELECTOR, "main button").click()
    window.wait(lambda: window.driver.find_elements(By.ID, "who"))
    window.driver.get(f"{site.page}/logout")
    window.shows("You are logged out")
    window.inspect()


def test_the_keyboard_alone_is_enough(window: Window, start: StartSite) -> None:
    site = start(reset_url="/reset", languages="en")
    window.driver.get(f"{site.page}?next=/board")
    assert window.driver.switch_to.active_element == window.by_id("login")
    window.press("ann", Keys.TAB, "wrong", Keys.ENTER)
    window.wait(lambda: window.driver.find_elements(By.ID, "alert"))
    window.wait(lambda: window.driver.switch_to.active_element == window.by_id("alert"))
    assert window.press(Keys.TAB) == window.by_id("login")
    assert window.by_id("login").get_property("value") == "ann"
    assert window.press(Keys.TAB) == window.by_id("password")
    toggle = window.press(Keys.TAB)
    assert toggle.get_attribute("aria-label") == "Show password"
    window.press(Keys.SPACE)
    assert window.by_id("password").get_property("type") == "text"
    assert toggle.get_attribute("aria-label") == "Hide password"
    send = window.press(Keys.TAB)
    assert send.text == "Log in"
    assert window.press(Keys.TAB).text == "Forgot your password?"
    window.by_id("password").send_keys(PASSWORD)
    send.send_keys(Keys.ENTER)
    window.wait(lambda: window.driver.find_elements(By.ID, "who"))
    assert window.by_id("path").text == "/board"


def test_a_link_in_the_summary_leads_to_its_field(window: Window, start: StartSite) -> None:
    site = start()
    window.driver.get(site.page)
    window.press("ann", Keys.ENTER)
    window.wait(lambda: window.driver.find_elements(By.ID, "alert"))
    link = window.press(Keys.TAB)
    assert link.text == "Enter your password."
    assert window.press(Keys.ENTER) == window.by_id("password")


def test_a_password_that_was_shown_is_hidden_again_before_it_is_sent(
    window: Window, start: StartSite
) -> None:
    site = start()
    window.driver.get(site.page)
    window.driver.find_element(By.CLASS_NAME, "show").click()
    window.driver.execute_script(
        "document.getElementById('form').addEventListener('submit', (event) => {"
        "  window.typeWhenSent = document.getElementById('password').type; event.preventDefault(); });"
    )
    window.log_in()
    window.wait(lambda: window.driver.execute_script("return window.typeWhenSent") == "password")


def test_a_second_click_is_no_second_attempt(window: Window, start: StartSite) -> None:
    site = start()
    window.driver.get(site.page)
    sent = window.driver.execute_script(
        """
        const form = document.getElementById("form");
        let sent = 0;
        form.addEventListener("submit", (event) => {
          if (!event.defaultPrevented) { sent += 1; event.preventDefault(); }
        });
        const button = form.querySelector("button:not([type])");
        button.click();
        button.click();
        return [sent, button.getAttribute("aria-disabled")];
        """
    )
    assert sent == [1, "true"]


def test_all_works_without_scripts(window: Window, start: StartSite) -> None:
    site = start()
    window.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    window.driver.get(f"{site.page}?next=/board")
    assert window.driver.find_elements(By.CLASS_NAME, "show") == []
    window.log_in(password="wrong")
    window.wait(lambda: window.driver.find_elements(By.ID, "alert"))
    assert window.driver.switch_to.active_element == window.by_id("alert"), "autofocus alone does it"
    window.log_in()
    window.wait(lambda: window.driver.find_elements(By.ID, "who"))
    assert window.by_id("who").text == "ann@example.com"


def test_a_login_that_leads_on_into_the_chat_is_let_through(window: Window, start: StartSite) -> None:
    site = start()
    window.driver.get(f"{site.page}?next=/to-the-chat")
    window.log_in()
    window.wait(lambda: window.driver.current_url.startswith(site.chat_url))


def test_the_pages_break_no_rule_of_their_own_policy(window: Window, start: StartSite) -> None:
    site = start(embed_origins="webview")
    listen = "addEventListener('securitypolicyviolation', (event) => { window.broken = event.blockedURI; });"
    window.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": listen})
    for below in ("", "/logout", "/embed", "?embed=webview"):
        window.driver.get(site.page + below)
        assert window.driver.execute_script("return window.broken") is None
        colour = window.driver.find_element(By.TAG_NAME, "main").value_of_css_property("background-color")
        assert colour == "rgba(255, 255, 255, 1)", "the style is applied"
    window.log_in()
    window.shows("You are logged in")
    assert window.driver.execute_script("return window.broken") is None


@pytest.fixture
def app() -> Iterator[App]:
    """Another site as the browser sees it, by its host name: our cookies are a third party's there."""
    app = App()
    with serving(app) as url:
        app.origin = url.replace("127.0.0.1", "localhost")
        yield app


def test_a_page_around_the_frame_gets_the_code_and_brings_the_login_home(
    window: Window, start: StartSite, app: App
) -> None:
    site = start(embed_origins=app.origin)
    app.page, app.frame = site.page, f"{site.page}?origin={app.origin}"
    window.driver.get(app.origin)
    window.driver.switch_to.frame(window.by_id("login"))
    window.log_in(password="wrong")
    window.wait(lambda: window.driver.find_elements(By.ID, "alert"))
    window.wait(lambda: window.driver.execute_script("return document.activeElement.id") == "alert")
    window.log_in()
    window.driver.switch_to.default_content()
    window.wait(lambda: window.driver.execute_script("return received.length"))
    (message,) = window.driver.execute_script("return received")
    assert (message["ours"], message["origin"]) == (True, site.url)
    assert message["data"]["type"] == "chatsso:signin"
    window.driver.execute_script(
        "const form = document.getElementById('enter'); form.code.value = arguments[0]; form.submit();",
        message["data"]["code"],
    )
    window.wait(lambda: window.driver.find_elements(By.ID, "who"))
    assert window.by_id("path").text == "/board"
    window.driver.get(site.url)
    assert window.by_id("who").text == "ann@example.com"


def test_a_page_may_fetch_the_user_of_its_own_code(window: Window, start: StartSite, app: App) -> None:
    site = start(embed_origins=app.origin)
    app.page, app.frame = site.page, f"{site.page}?origin={app.origin}"
    window.driver.get(app.origin)
    window.driver.switch_to.frame(window.by_id("login"))
    window.log_in()
    window.driver.switch_to.default_content()
    window.wait(lambda: window.driver.execute_script("return received.length"))
    user = window.driver.execute_async_script(
        """
        const done = arguments[arguments.length - 1];
        const body = new URLSearchParams({ code: received[0].data.code, audience: location.origin });
        fetch(arguments[0] + "/code", { method: "POST", body })
          .then((answer) => answer.json()).then(done, (error) => done(String(error)));
        """,
        site.page,
    )
    assert user["email"] == "ann@example.com"


def test_a_stranger_cannot_show_the_page_in_a_frame(window: Window, start: StartSite, app: App) -> None:
    site = start(embed_origins="https://app.example.com")
    for query in ("", "?origin=https://app.example.com", f"?origin={app.origin}"):
        app.frame = site.page + query
        window.driver.get(app.origin)
        window.driver.switch_to.frame(window.by_id("login"))
        assert window.driver.execute_script("return document.URL").startswith("chrome-error:")
        window.driver.switch_to.default_content()
    assert window.driver.execute_script("return received") == []


@pytest.mark.parametrize(
    "bridge",
    [
        "window.ReactNativeWebView = bridge;",
        "window.chatsso = bridge;",
        "window.webkit = { messageHandlers: { chatsso: bridge } };",
    ],
)
def test_an_app_gets_the_code_through_the_bridge_of_its_web_view(
    window: Window, start: StartSite, bridge: str
) -> None:
    site = start(embed_origins="webview")
    source = "const bridge = { postMessage: (text) => { window.told = text; } }; " + bridge
    window.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": source})
    window.driver.get(f"{site.page}?embed=webview")
    window.log_in()
    window.shows("You are logged in")
    message = json.loads(window.driver.execute_script("return window.told"))
    assert message["type"] == "chatsso:signin"
    assert len(message["code"]) == 43
    assert not window.by_id("nobody").is_displayed()


@pytest.mark.parametrize("query", ["?embed=webview", "?origin=https://app.example.com"])
def test_a_page_with_nobody_around_it_says_so(window: Window, start: StartSite, query: str) -> None:
    site = start(embed_origins="https://app.example.com webview")
    window.driver.get(site.page + query)
    window.log_in()
    window.shows("You are logged in")
    assert "neither is here" in window.by_id("nobody").text

"""The page of the stand-in Rocket.Chat in a browser: it behaves as published clients do.

The site in these tests is not ours but the smallest there can be, so that the page is tested by itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from webob import Request, Response

from chatsso_middleware.sandbox.rocketchat import Behaviour, ChatSettings, RunningSandbox, User, serve
from tests.support.servers import serving
from tests.support.window_waiting import wait_until

pytestmark = pytest.mark.browser

NOBODY = "Nobody is logged in"
FRAME = """<!DOCTYPE html><title>Login page</title><h1>Log in to the site</h1><script>
window.heard = [];
window.addEventListener("message", (event) => window.heard.push([event.origin, event.data]));
</script>"""
PARENT = """<!DOCTYPE html><title>Site</title>
<iframe id="chat" src="{chat}" width="900" height="600"></iframe>
<script>
window.heard = [];
window.addEventListener("message", (event) => window.heard.push(event.data));
</script>"""


class Site:
    """A site with an API URL and an Iframe URL, and nothing else."""

    def __init__(self) -> None:
        self.url = ""
        self.answer: dict[str, str] | None = None
        self.asked: list[Request] = []
        self.chat = ""

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        request = Request(environ)
        views = {"/token": self.token, "/frame": self.frame, "/parent": self.parent}
        response = views.get(request.path_info, self.elsewhere)(request)
        return response(environ, start_response)

    def token(self, request: Request) -> Response:
        self.asked.append(request)
        answer = self.answer
        response = Response(status=401) if answer is None else Response(json_body=answer)
        if request.method == "OPTIONS":
            response = Response(status=204, headerlist=[("Access-Control-Allow-Headers", "Content-Type")])
        response.headers["Access-Control-Allow-Origin"] = request.headers.get("Origin", "")
        response.headers["Access-Control-Allow-Credentials"] = "true"
        return response

    def frame(self, _request: Request) -> Response:
        return Response(FRAME)

    def parent(self, _request: Request) -> Response:
        return Response(PARENT.replace("{chat}", self.chat))

    def elsewhere(self, request: Request) -> Response:
        response = Response(f"<!DOCTYPE html><title>Site</title><h1>{request.path_info}</h1>")
        response.set_cookie("session", "ann", path="/")
        return response

    @property
    def settings(self) -> ChatSettings:
        return ChatSettings(iframe_enabled=True, iframe_url=f"{self.url}/frame", api_url=f"{self.url}/token")


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    with serving(made) as url:
        made.url = url
        yield made


@pytest.fixture
def sandbox(site: Site) -> Iterator[RunningSandbox]:
    with serve(settings=site.settings) as running:
        site.chat = f"{running.url}/home"
        yield running


@pytest.fixture
def ann(sandbox: RunningSandbox) -> User:
    return sandbox.chat.add_user("ann", name="Ann Example", password="sesame")


class Window:
    """A browser's window with the chat in it."""

    def __init__(self, driver: webdriver.Chrome, sandbox: RunningSandbox) -> None:
        self.driver = driver
        self.sandbox = sandbox

    def open(self, path: str = "/home") -> None:
        self.driver.get(self.sandbox.url + path)

    def wait(self, holds: Callable[[], Any]) -> Any:
        return wait_until(self.driver, holds)

    def wait_for_state(self, state: str) -> None:
        self.wait(lambda: self.state == state)

    def wait_for_user(self, username: str) -> None:
        self.wait(lambda: self.by_id("whoami").get_attribute("data-user") == username)

    @property
    def state(self) -> str:
        return str(self.by_id("chat").get_attribute("data-state"))

    def by_id(self, name: str) -> Any:
        return self.driver.find_element(By.ID, name)

    def script(self, text: str, *arguments: Any) -> Any:
        return self.driver.execute_script(text, *arguments)

    def stored(self, name: str) -> str | None:
        value: str | None = self.script("return localStorage.getItem(arguments[0])", f"Meteor.{name}")
        return value

    def say_from_frame(self, message: dict[str, Any]) -> None:
        """Have the site's login page post a message to the chat."""
        self.driver.switch_to.frame(self.wait(lambda: self.by_id("login-frame")))
        self.wait(lambda: self.script("return Boolean(window.heard)"))
        self.script("parent.postMessage(arguments[0], arguments[1])", message, self.sandbox.url)
        self.driver.switch_to.default_content()

    def heard_by_frame(self, count: int = 1) -> list[Any]:
        self.driver.switch_to.frame(self.by_id("login-frame"))
        self.wait(lambda: self.script("return window.heard.length") >= count)
        heard: list[Any] = self.script("return window.heard")
        self.driver.switch_to.default_content()
        return heard


@pytest.fixture
def window(chromium: webdriver.Chrome, sandbox: RunningSandbox) -> Window:
    return Window(chromium, sandbox)


def test_a_login_on_the_site_is_one_in_the_chat(
    window: Window, site: Site, sandbox: RunningSandbox, ann: User
) -> None:
    window.driver.get(f"{site.url}/login")
    token = sandbox.chat.mint_token(ann).token
    site.answer = {"loginToken": token}
    window.open()
    window.wait_for_user("ann")
    assert window.by_id("whoami").text == "Logged in as Ann Example (@ann)"
    assert window.state == "in"
    assert window.stored("loginToken") == token
    assert window.stored("userId") == ann.id
    (request,) = site.asked
    assert (request.method, request.headers["Origin"]) == ("POST", sandbox.url)
    assert request.cookies["session"] == "ann"
    assert request.content_type == ""
    assert request.body == b""

    window.open("/channel/random")
    window.wait_for_user("ann")
    assert len(site.asked) == 1, "a kept token is used before the site is asked"


def test_a_token_in_the_users_document_logs_in(
    window: Window, site: Site, sandbox: RunningSandbox, ann: User
) -> None:
    sandbox.chat.users_collection.update_one({"_id": ann.id}, {"$set": {"services.iframe.token": "t0ken"}})
    site.answer = {"token": "t0ken"}
    window.open()
    window.wait_for_user("ann")
    assert len(sandbox.chat.tokens_of(ann)) == 1


def test_a_current_client_logs_in_with_both_tokens_if_both_are_there(
    window: Window, site: Site, sandbox: RunningSandbox, ann: User
) -> None:
    sandbox.chat.users_collection.update_one({"_id": ann.id}, {"$set": {"services.iframe.token": "t0ken"}})
    site.answer = {"loginToken": sandbox.chat.mint_token(ann).token, "token": "t0ken"}
    window.open()
    sandbox.calls.wait_for("/websocket/login", count=2)
    window.wait_for_user("ann")


def test_a_current_client_gets_stuck_on_an_answer_without_a_token(window: Window, site: Site) -> None:
    site.answer = {"login_token": "x"}
    window.open()
    window.wait_for_state("stuck")
    assert window.by_id("waiting").is_displayed()
    assert window.by_id("whoami").text == NOBODY


def test_who_is_not_logged_in_on_the_site_gets_its_login_page(
    window: Window, site: Site, sandbox: RunningSandbox, ann: User
) -> None:
    window.open()
    window.wait_for_state("frame")
    assert window.by_id("login-frame").get_attribute("src") == f"{site.url}/frame"
    assert window.by_id("whoami").text == NOBODY
    window.say_from_frame({"event": "login-with-token", "loginToken": sandbox.chat.mint_token(ann).token})
    window.wait_for_user("ann")
    assert window.driver.find_elements(By.ID, "login-frame") == []


def test_the_frame_can_have_the_site_asked_again(
    window: Window, site: Site, sandbox: RunningSandbox, ann: User
) -> None:
    window.open()
    window.wait_for_state("frame")
    window.say_from_frame({"event": "try-iframe-login"})
    assert window.heard_by_frame() == [[sandbox.url, {"event": "login-error", "response": ""}]]
    site.answer = {"loginToken": sandbox.chat.mint_token(ann).token}
    window.say_from_frame({"event": "try-iframe-login"})
    window.wait_for_user("ann")
    assert len(site.asked) == 3


def test_a_token_that_is_refused_is_told_to_the_frame(
    window: Window, site: Site, sandbox: RunningSandbox
) -> None:
    window.open()
    window.wait_for_state("frame")
    window.say_from_frame({"event": "login-with-token", "loginToken": "wrong"})
    ((origin, answer),) = window.heard_by_frame()
    assert origin == sandbox.url
    assert answer["event"] == "login-error"
    assert "logged out by the server" in answer["response"]
    assert window.state == "frame"


def test_a_token_of_the_site_that_is_refused_shows_the_frame(window: Window, site: Site) -> None:
    site.answer = {"loginToken": "wrong"}
    window.open()
    window.wait_for_state("frame")


def test_a_site_that_cannot_be_asked_shows_the_frame(window: Window, sandbox: RunningSandbox) -> None:
    sandbox.chat.settings = replace(sandbox.chat.settings, api_url="http://127.0.0.1:9/token")
    window.open()
    window.wait_for_state("frame")


@pytest.mark.parametrize("client", ["json", "xhr"])
def test_older_clients_ask_in_their_way(
    window: Window, site: Site, sandbox: RunningSandbox, ann: User, client: str
) -> None:
    sandbox.chat.behaviour.page_client = client
    window.open()
    window.wait_for_state("frame")
    site.answer = {"neither": "of both"}
    window.say_from_frame({"event": "try-iframe-login"})
    window.heard_by_frame()
    site.answer = {"loginToken": sandbox.chat.mint_token(ann).token, "token": "never tried"}
    window.say_from_frame({"event": "try-iframe-login"})
    window.wait_for_user("ann")
    posts = [request for request in site.asked if request.method == "POST"]
    assert {request.content_type for request in posts} == {"application/json" if client == "json" else ""}
    assert ("OPTIONS" in {request.method for request in site.asked}) == (client == "json")
    assert len(sandbox.calls.to("/websocket/login")) == 1


def test_logging_out_runs_the_script_and_asks_the_site_again(
    window: Window, site: Site, sandbox: RunningSandbox, ann: User
) -> None:
    script = "document.title = 'the script ran';"
    sandbox.chat.settings = replace(sandbox.chat.settings, script_on_logout=script)
    site.answer = {"loginToken": sandbox.chat.mint_token(ann).token}
    window.open()
    window.wait_for_user("ann")
    site.answer = None
    window.by_id("log-out").click()
    window.wait_for_state("frame")
    assert window.driver.title == "the script ran"
    assert window.stored("loginToken") is None
    assert sandbox.chat.tokens_of(ann) == ()
    assert len(site.asked) == 2


def test_a_script_that_leaves_leads_to_the_site(
    window: Window, site: Site, sandbox: RunningSandbox, ann: User
) -> None:
    script = f"window.location.href = {json.dumps(site.url + '/chatsso/logout')};"
    sandbox.chat.settings = replace(sandbox.chat.settings, script_on_logout=script)
    site.answer = {"loginToken": sandbox.chat.mint_token(ann).token}
    window.open()
    window.wait_for_user("ann")
    window.by_id("log-out").click()
    window.wait(lambda: window.driver.current_url == f"{site.url}/chatsso/logout")


def test_a_token_in_the_address_logs_in_and_is_taken_out_of_it(
    window: Window, sandbox: RunningSandbox, ann: User
) -> None:
    token = sandbox.chat.mint_token(ann).token
    window.open(f"/home?a=1&resumeToken={token}#x")
    window.wait_for_user("ann")
    window.wait(lambda: window.driver.current_url == f"{sandbox.url}/home?a=1#x")


def test_a_bad_token_in_the_address_is_as_none(window: Window, sandbox: RunningSandbox) -> None:
    window.open("/home?resumeToken=wrong")
    window.wait_for_state("frame")
    assert window.driver.current_url == f"{sandbox.url}/home"


def test_who_is_logged_out_by_the_site_is_out_in_the_open_window(
    window: Window, site: Site, sandbox: RunningSandbox, ann: User
) -> None:
    site.answer = {"loginToken": sandbox.chat.mint_token(ann).token}
    window.open()
    window.wait_for_user("ann")
    site.answer = None
    sandbox.chat.log_out_everywhere(ann)
    window.wait_for_state("frame")
    assert window.by_id("whoami").text == NOBODY


def test_a_chat_that_was_restarted_is_joined_again(
    window: Window, site: Site, sandbox: RunningSandbox, ann: User
) -> None:
    site.answer = {"loginToken": sandbox.chat.mint_token(ann).token}
    window.open()
    window.wait_for_user("ann")
    sandbox.stop()
    window.wait_for_state("connecting")
    sandbox.start()
    window.wait_for_user("ann")
    assert len(site.asked) == 1


def test_a_person_logs_in_with_a_password_instead(window: Window, sandbox: RunningSandbox, ann: User) -> None:
    sandbox.chat.require_two_factor(ann)
    window.open()
    window.wait_for_state("frame")
    window.by_id("use-password").click()
    window.by_id("login-user").send_keys("ann@example.com")
    window.by_id("login-password").send_keys("sesame\n")
    window.wait(lambda: window.by_id("problem").text == "TOTP Required")
    window.by_id("login-code").send_keys("123456\n")
    window.wait_for_user("ann")
    assert window.by_id("problem").text == ""


def test_people_talk(window: Window, site: Site, sandbox: RunningSandbox, ann: User) -> None:
    bob = sandbox.chat.add_user("bob", name="<b>Bob</b>")
    sandbox.chat.set_avatar(ann, f"{sandbox.url}/ann.png")
    sandbox.chat.say("general", bob, "Before")
    sandbox.chat.say("random", bob, "Elsewhere")
    site.answer = {"loginToken": sandbox.chat.mint_token(ann).token}
    window.open()
    window.wait_for_user("ann")
    window.by_id("message").send_keys("<i>Hello</i>\n")

    def texts() -> list[str]:
        return [each.text for each in window.driver.find_elements(By.CSS_SELECTOR, "#messages .text")]

    window.wait(lambda: texts() == ["Before", "<i>Hello</i>"])
    sandbox.chat.say("general", bob, "After")
    window.wait(lambda: texts() == ["Before", "<i>Hello</i>", "After"])
    authors = [each.text for each in window.driver.find_elements(By.CSS_SELECTOR, "#messages strong")]
    assert authors == ["<b>Bob</b>", "Ann Example", "<b>Bob</b>"]
    window.by_id("message").send_keys(" ")
    window.by_id("message").submit()
    window.wait(lambda: window.by_id("problem").text == "A message needs some text")


@pytest.mark.parametrize("service", ["facebook", "google", "twitter"])
def test_the_frame_has_a_person_log_in_at_a_service(
    window: Window, sandbox: RunningSandbox, service: str
) -> None:
    window.open()
    window.wait_for_state("frame")
    window.say_from_frame({"event": f"call-{service}-login"})
    window.wait(lambda: window.by_id("consent").is_displayed())
    window.by_id("consent-allow").click()
    window.say_from_frame({"event": f"call-{service}-login"})
    window.wait(lambda: window.by_id("consent").is_displayed())
    window.by_id("consent-deny").click()
    (_, success), (_, error) = window.heard_by_frame(2)
    answer = sandbox.chat.behaviour.oauth_answers[service]
    assert success == {"event": f"{service}-login-success", "response": answer}
    assert error["event"] == f"{service}-login-error"
    assert ("response" in error) == (service == "facebook")


def test_a_service_that_there_is_not_is_not_asked(window: Window, sandbox: RunningSandbox) -> None:
    window.open()
    window.wait_for_state("frame")
    window.say_from_frame({"event": "call-constructor-login"})
    window.say_from_frame({"event": "login-with-token", "loginToken": "wrong"})
    assert len(window.heard_by_frame()) == 1
    assert not window.by_id("consent").is_displayed()


@pytest.fixture
def embedded(window: Window, site: Site, sandbox: RunningSandbox) -> Window:
    """The chat in a page of the site that may send it commands, with nobody logged in."""
    sandbox.chat.settings = ChatSettings(
        receive_enabled=True, receive_origins=f"https://other.test,{site.url}", send_enabled=True
    )
    window.driver.get(f"{site.url}/parent")
    window.driver.switch_to.frame(window.by_id("chat"))
    window.wait_for_state("form")
    return window


def command(window: Window, sandbox: RunningSandbox, **message: Any) -> None:
    """Send a command from the page around the chat."""
    window.driver.switch_to.default_content()
    window.script(
        "frames[0].postMessage(arguments[0], arguments[1])",
        {key.replace("external_command", "externalCommand"): value for key, value in message.items()},
        sandbox.url,
    )
    window.driver.switch_to.frame(window.by_id("chat"))


def test_a_page_around_the_chat_logs_in_goes_somewhere_and_logs_out(
    embedded: Window, sandbox: RunningSandbox, ann: User
) -> None:
    token = sandbox.chat.mint_token(ann).token
    command(embedded, sandbox, external_command="login-with-token", token=token)
    embedded.wait_for_user("ann")
    command(embedded, sandbox, external_command="set-user-status", status="away")
    embedded.wait(lambda: embedded.by_id("whoami").get_attribute("data-status") == "away")
    command(embedded, sandbox, external_command="go", path="/channel/random")
    embedded.wait(lambda: embedded.driver.find_elements(By.CSS_SELECTOR, "h1")[0].text == "#random")
    embedded.wait_for_user("ann")
    command(embedded, sandbox, external_command="logout")
    embedded.wait_for_state("form")
    assert sandbox.chat.token_owner(token) is None
    embedded.driver.switch_to.default_content()
    names = [message["eventName"] for message in embedded.script("return window.heard")]
    assert names.count("startup") == 2
    assert names.count("room-opened") == 2


@pytest.mark.parametrize("settings", [{"receive_enabled": False}, {"receive_origins": "https://other.test"}])
def test_a_page_that_the_settings_do_not_let_in_is_not_obeyed(
    window: Window, site: Site, sandbox: RunningSandbox, ann: User, settings: dict[str, Any]
) -> None:
    sandbox.chat.settings = replace(ChatSettings(receive_enabled=True), **settings)
    window.driver.get(f"{site.url}/parent")
    window.driver.switch_to.frame(window.by_id("chat"))
    window.wait_for_state("form")
    token = sandbox.chat.mint_token(ann).token
    command(window, sandbox, external_command="login-with-token", token=token)
    window.by_id("login-user").send_keys("ann")
    window.by_id("login-password").send_keys("wrong\n")
    window.wait(lambda: window.by_id("problem").text == "Incorrect password")
    assert len(sandbox.calls.to("/websocket/login")) == 1, "the command came before the form"


def test_an_unknown_command_is_not_obeyed(embedded: Window, sandbox: RunningSandbox, ann: User) -> None:
    token = sandbox.chat.mint_token(ann).token
    command(embedded, sandbox, external_command="constructor")
    command(embedded, sandbox, external_command="go", path=" ")
    command(embedded, sandbox, external_command="login-with-token", token=token)
    embedded.wait_for_user("ann")


def test_the_first_messages_of_the_protocol_may_come_in_either_order(
    chromium: webdriver.Chrome, site: Site
) -> None:
    with serve(behaviour=Behaviour(updated_first=True, ping_after=0.2)) as sandbox:
        window = Window(chromium, sandbox)
        ann = sandbox.chat.add_user("ann", password="sesame")
        window.open(f"/home?resumeToken={sandbox.chat.mint_token(ann).token}")
        window.wait_for_user("ann")
        window.by_id("message").send_keys("Still here after pings\n")
        window.wait(lambda: window.driver.find_elements(By.CSS_SELECTOR, "#messages .text"))

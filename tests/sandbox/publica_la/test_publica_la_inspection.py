from __future__ import annotations

import http.client
from urllib.parse import urlsplit

import pytest
import requests

from chatsso_middleware.sandbox.publica_la import RunningSandbox, Store, StoreSettings, serve
from tests.sandbox.chat_client import Clock, Page
from tests.sandbox.publica_la.visitors import Visitor


def test_calls_are_listed_with_the_newest_first(visitor: Visitor) -> None:
    assert "No call has come yet" in visitor.page("/sandbox/calls").text(".//main")
    visitor.enter(visitor.token())
    visitor.enter("nonsense")
    outcomes = [
        "".join(found.itertext()) for found in visitor.page("/sandbox/calls").all(".//p[@class='outcome']")
    ]
    assert outcomes == [
        "failure Nobody was logged in: that is no JSON Web Token. (status 302)",
        "success Logged in 4711. (status 302)",
    ]
    calls = visitor.get("/sandbox/calls.json").json()["calls"]
    assert [call["success"] for call in calls] == [False, True]


def test_users_are_listed_with_what_their_tokens_told(visitor: Visitor) -> None:
    assert "no users yet" in visitor.page("/sandbox/users").text(".//main")
    visitor.enter(visitor.token())
    visitor.enter(visitor.token())
    told = {"uuid": "1", "email": "bob@example.com", "accept_terms_and_policies": True}
    visitor.enter(visitor.token(user=told))
    shown = ["".join(user.itertext()) for user in visitor.page("/sandbox/users").all(".//li")]
    assert shown == [
        "44711no email address2 visits with a token, terms not asked",
        "B1bob@example.com1 visit with a token, accepted the terms",
    ]


def test_settings_can_be_changed_and_take_effect(visitor: Visitor) -> None:
    page = visitor.page("/settings")
    assert page.text(".//*[@id='issuer']") == "sandbox-site"
    entered = {"redirect_url": "https://site.test/login", "logout_url": ""}
    saved = visitor.post("/settings", data={**page.hidden(), **entered})
    assert "The addresses were saved." in saved.text
    assert visitor.enter("nonsense").headers["Location"] == "https://site.test/login"


@pytest.mark.parametrize("address", ["site.test/login", "ftp://site.test/", "https://ann:pw@site.test/"])
def test_an_address_of_no_use_is_not_saved(visitor: Visitor, sandbox: RunningSandbox, address: str) -> None:
    before = sandbox.store.settings
    hidden = visitor.page("/settings").hidden()
    response = visitor.post("/settings", data={**hidden, "redirect_url": "", "logout_url": address})
    assert response.status_code == 400
    field = Page(response.text).one(".//*[@id='logout_url']")
    assert (field.get("value"), field.get("aria-invalid")) == (address, "true")
    assert sandbox.store.settings == before


def test_settings_of_a_forged_form_are_not_saved(visitor: Visitor, sandbox: RunningSandbox) -> None:
    before = sandbox.store.settings
    response = visitor.post("/settings", data={"form_token": "guessed", "redirect_url": "https://x.test/"})
    assert response.status_code == 403
    assert sandbox.store.settings == before


def test_settings_of_no_use_are_an_error() -> None:
    with pytest.raises(ValueError, match="redirect_url: the address must begin with"):
        StoreSettings(redirect_url="/login")
    with pytest.raises(ValueError, match="no user name or password"):
        StoreSettings.of_site("https://ann@site.test")


def test_the_key_stands_in_no_page_and_in_no_repr(visitor: Visitor, sandbox: RunningSandbox) -> None:
    visitor.enter(visitor.token())
    for path in ("/", "/settings", "/sandbox/calls", "/sandbox/calls.json", "/sandbox/users"):
        assert sandbox.key not in visitor.get(path).text
    assert repr(sandbox.store) == "Store(1 users)"


def test_a_store_makes_a_key_where_none_is_given() -> None:
    assert len(Store().key) >= 32
    assert Store().key != Store().key
    assert (Store(key="given").key, Store(issuer="me").issuer) == ("given", "me")


@pytest.mark.parametrize("path", ["/sandbox/style.css", "/sandbox/store.css"])
def test_the_stylesheets_are_there(visitor: Visitor, path: str) -> None:
    response = visitor.get(path)
    assert response.headers["Content-Type"] == "text/css; charset=utf-8"
    assert "{" in response.text


@pytest.mark.parametrize("path", ["/nothing", "/auth", "/auth/token/", "/sandbox/"])
def test_an_unknown_address_is_not_there(visitor: Visitor, path: str) -> None:
    response = visitor.get(path)
    assert response.status_code == 404
    assert "There is no such page" in response.text


def test_a_method_that_an_address_does_not_take_is_told(visitor: Visitor) -> None:
    for path, allowed in (("/", "GET"), ("/reader/night-trains", "GET"), ("/logout", "POST")):
        method = "POST" if allowed == "GET" else "GET"
        response = visitor.jar.request(method, visitor.sandbox.url + path, timeout=10)
        assert (response.status_code, response.headers["Allow"]) == (405, allowed)
    assert len(visitor.sandbox.calls) == 0


def test_a_head_stands_for_a_get(visitor: Visitor) -> None:
    response = visitor.jar.head(f"{visitor.sandbox.url}/settings", timeout=10)
    assert (response.status_code, response.text) == (200, "")


def test_too_many_parameters_are_refused(visitor: Visitor) -> None:
    response = visitor.get("/auth/token", **{f"p{number}": "1" for number in range(101)})
    assert response.status_code == 400
    assert "more than 100 parameters" in visitor.outcome


def test_an_address_that_is_not_utf8_is_told(sandbox: RunningSandbox) -> None:
    connection = http.client.HTTPConnection(urlsplit(sandbox.url).netloc, timeout=10)
    connection.request("GET", "/%ff")
    response = connection.getresponse()
    assert response.status == 400
    assert b"It is not written in UTF-8." in response.read()
    connection.close()


def test_a_store_misbehaves_as_it_is_told(visitor: Visitor, sandbox: RunningSandbox) -> None:
    sandbox.store.fail_with(status=503, times=1)
    assert visitor.enter(visitor.token()).status_code == 503
    assert visitor.outcome == "Misbehaved, as fail_with asked for."
    assert visitor.user == "", "the library goes on"
    visitor.enter(visitor.token())
    assert visitor.user == "4711"


def test_a_late_answer_is_a_true_one(visitor: Visitor, sandbox: RunningSandbox) -> None:
    sandbox.store.fail_with(delay=0.05, times=1)
    visitor.enter(visitor.token())
    assert visitor.user == "4711"


def test_a_store_that_was_stopped_comes_back_on_its_port_with_its_users(clock: Clock) -> None:
    with serve(clock=clock) as sandbox, Visitor(sandbox, clock) as visitor:
        visitor.enter(visitor.token())
        sandbox.stop()
        with pytest.raises(requests.ConnectionError):
            visitor.get("/")
        sandbox.start()
        assert visitor.user == "4711"

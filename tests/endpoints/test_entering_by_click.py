"""``go`` and ``login`` into a chat that takes a new token for each click."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import html5lib
import pytest

from chatsso_middleware import ChatSSOMiddleware
from chatsso_middleware.endpoints.answers import form_of_its_own
from chatsso_middleware.errors import Rejected
from chatsso_middleware.login_flow import Chat
from chatsso_middleware.providers.base import Entrance
from chatsso_middleware.providers.publica_la import PublicaLa
from chatsso_middleware.users import ChatUser
from tests.endpoints.conftest import ANN, host
from tests.support.settings import SECRET
from tests.support.visitor import Visitor, location

STORE = "https://books.example.com"
TOKEN = "external-auth-token"
FROM_STORE = f"{STORE}/auth/token?{TOKEN}="

Reader = Callable[..., Visitor]


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    """Gives a visitor of a site with a store, who is logged in unless he is a guest."""
    sites = []

    def arrive(*, guest: bool = False, **changed: Any) -> Visitor:
        settings = {
            "providers": "publica_la",
            "secret": SECRET,
            "login_url": "/login?came_from={next}",
            "outbox": f"sqlite:///{tmp_path}/outbox.sqlite3",
            "publica_la.url": STORE,
            "publica_la.issuer": "our-site",
            "publica_la.key": "a-key-of-forty-characters-for-these-tests",
        }
        changed = {name.replace("publica_la_", "publica_la."): value for name, value in changed.items()}
        middleware = ChatSSOMiddleware(host, settings | changed)
        sites.append(middleware.site)
        visitor = Visitor(middleware, HTTP_HOST="attacker.example")
        if not guest:
            visitor.get(f"/login?{ANN}")
        return visitor

    yield arrive
    for site in sites:
        site.stop()


@pytest.mark.parametrize("path", ["/chatsso/go", "/chatsso/login"])
def test_whoever_is_logged_in_goes_there_with_a_token(reader: Reader, path: str) -> None:
    visitor = reader()
    addresses = {location(visitor.get(f"{path}?to=/reader/1")) for _ in range(2)}
    assert all(address.startswith(FROM_STORE) for address in addresses)
    assert len(addresses) == 2, "one for each click"


def test_a_guest_goes_there_as_he_is_or_to_the_login_first(reader: Reader) -> None:
    assert location(reader(guest=True).get("/chatsso/go?to=/reader/1%23page")) == f"{STORE}/reader/1#page"
    way_back = quote("/chatsso/go?to=%2Freader%2F1&provider=publica_la", safe="")
    for visitor, path in (
        (reader(guest=True), "/chatsso/login"),
        (reader(guest=True, guests="login"), "/chatsso/go"),
    ):
        assert location(visitor.get(f"{path}?to=/reader/1")) == f"/login?came_from={way_back}"


def test_a_form_that_was_sent_to_the_store_goes_on_as_a_visit(reader: Reader) -> None:
    answer = reader().get("/chatsso/go?to=/search", REQUEST_METHOD="POST")
    assert answer.status == "302 Found", "a form of the site's would arrive in the place of ours"
    assert location(answer).startswith(FROM_STORE)


def test_a_store_below_a_path_gives_no_token_to_what_else_is_on_its_host(reader: Reader) -> None:
    visitor = reader(publica_la_url=f"{STORE}/shop")
    assert location(visitor.get("/chatsso/go?to=/forum")) == f"{STORE}/forum"
    assert TOKEN not in location(visitor.get("/chatsso/go?to=/shop/../forum"))
    assert location(visitor.get("/chatsso/go?to=/shop/reader")).startswith(
        f"{STORE}/shop/auth/token?{TOKEN}="
    )


def test_a_no_since_the_login_ends_it_and_leads_there_as_a_guest(reader: Reader) -> None:
    answers = iter([True, False])

    def may_chat(user: ChatUser) -> bool:
        return next(answers)

    visitor = reader(may_chat=may_chat)
    answer = visitor.get("/chatsso/go?to=/reader/1")
    assert location(answer) == f"{STORE}/reader/1"
    assert answer.header("Set-Cookie") is not None
    assert location(visitor.get("/chatsso/go?to=/reader/1")) == f"{STORE}/reader/1", "and is asked no more"


def test_with_post_a_page_sends_the_token_by_itself(reader: Reader) -> None:
    visitor = reader(publica_la_method="POST")
    answer = visitor.get("/chatsso/go?to=/reader/1")
    assert answer.status == "200 OK"
    document = html5lib.parse(answer.body, namespaceHTMLElements=False)
    (form,) = document.iter("form")
    (field,) = (each for each in form.iter("input"))
    assert form.get("method") == "post"
    assert str(form.get("action")).startswith(FROM_STORE)
    assert field.get("name") == TOKEN
    assert str(form.get("action")) == FROM_STORE + str(field.get("value"))
    for name, value in (
        ("Cache-Control", "no-store"),
        ("Referrer-Policy", "no-referrer"),
        ("X-Content-Type-Options", "nosniff"),
    ):
        assert answer.header(name) == value


class Refusing(PublicaLa):
    """A store of somebody's own, which cannot make a token for everybody."""

    error: Exception

    def entrance(self, user: ChatUser, path: str, *, remember: bool) -> Entrance:
        raise self.error


@pytest.mark.parametrize("error", [Rejected("publica_la", "the user has no id"), ValueError("no such page")])
def test_a_visitor_for_whom_no_token_can_be_made_goes_there_as_a_guest(
    reader: Reader, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    visitor = reader()
    chats = visitor.app.site.flow.chats  # type: ignore[attr-defined]
    chat = chats["publica_la"]
    refusing = Refusing(chat.provider.options, chat.provider.api)
    refusing.error = error
    chats["publica_la"] = Chat(refusing, chat.tokens)
    assert location(visitor.get("/chatsso/go?to=/reader/1")) == f"{STORE}/reader/1"
    assert f"Nobody enters publica_la this way: {error}" in caplog.text


def test_a_store_that_sends_everybody_back_gets_an_explanation_with_post_too(reader: Reader) -> None:
    visitor = reader(publica_la_method="POST")
    answers = [visitor.get("/chatsso/login") for _ in range(5)]
    assert [answer.status[:3] for answer in answers] == ["200", "200", "200", "409", "200"]
    assert b"the chat keeps asking you to log in" in answers[3].body


# The page with the form.


def test_a_form_of_its_own_escapes_what_it_sends_and_runs_its_own_script_alone() -> None:
    hostile = "\"'><script>alert(1)</script>&"
    answer = form_of_its_own(f"{STORE}/enter?a=1&b=2", [('to"ken', hostile), ("second", "2")])
    document = html5lib.parse(answer.body, namespaceHTMLElements=False)
    (form,) = document.iter("form")
    assert form.get("action") == f"{STORE}/enter?a=1&b=2"
    fields = {each.get("name"): each.get("value") for each in form.iter("input")}
    assert fields == {'to"ken': hostile, "second": "2"}
    (script,) = document.iter("script")
    assert script.text == "document.forms[0].submit()"
    policy = answer.headers["Content-Security-Policy"]
    assert f"script-src 'nonce-{script.get('nonce')}';" in policy
    assert f"form-action {STORE};" in policy
    assert policy.startswith("default-src 'none'; ")
    (button,) = form.iter("button")
    assert button.text == "Go on"


def test_each_form_has_a_nonce_of_its_own() -> None:
    def nonce() -> str:
        (found,) = re.findall(
            r"'nonce-([^']+)'", form_of_its_own(STORE, []).headers["Content-Security-Policy"]
        )
        return str(found)

    assert nonce() != nonce()


# Where the hosted page is the site's only login.

SIGNIN = {
    "identity": "signin",
    "login_url": None,
    "signin.verify": lambda fields: ChatUser(ANN) if fields["password"] == "right" else None,
}


def test_without_a_login_page_of_the_sites_own_the_hosted_one_is_it(reader: Reader) -> None:
    visitor = reader(guest=True, guests="login", **SIGNIN)
    way_back = quote("/chatsso/go?to=%2Freader%2F1&provider=publica_la", safe="")
    for path in ("/chatsso/login", "/chatsso/go"):
        assert location(visitor.get(f"{path}?to=/reader/1")) == f"/chatsso/signin?next={way_back}"
    assert location(visitor.get("/chatsso/logout")) == "/chatsso/signin/logout"
    assert visitor.get("/chatsso/register").status == "404 Not Found", "nobody can sign up there"


def test_below_a_script_name_the_hosted_page_is_below_it_too(reader: Reader) -> None:
    visitor = reader(guest=True, mount="/sso", site_url="https://site.example/club", **SIGNIN)
    address = location(visitor.get("/sso/login", SCRIPT_NAME="/club"))
    assert address == f"/club/sso/signin?next={quote('/club/sso/go?to=%2F&provider=publica_la', safe='')}"


def test_the_hosted_page_is_the_login_of_nobody_who_did_not_ask_for_it(reader: Reader) -> None:
    visitor = reader(guest=True, **SIGNIN | {"identity": "events"})
    assert visitor.get("/chatsso/signin").status == "200 OK"
    assert visitor.get("/chatsso/login").status == "404 Not Found"
    assert reader(guest=True).get("/chatsso/signin").status == "404 Not Found"

"""What all our addresses have in common: their headers, their pages, and what they never say."""

from __future__ import annotations

import base64
import hashlib
import re

import html5lib
import pytest

from chatsso_middleware.endpoints.answers import page, redirect
from chatsso_middleware.endpoints.app import Endpoints, EndpointSettings
from chatsso_middleware.endpoints.forgery import ForgeryGuard
from chatsso_middleware.failures import described
from chatsso_middleware.login_flow import Chat
from chatsso_middleware.providers.website_toolbox import WebsiteToolbox
from chatsso_middleware.sessions import ChatSession
from chatsso_middleware.state.cookies import CookieAttributes
from tests.endpoints.conftest import ANN, Visit

FORGERY = ForgeryGuard(["0123456789abcdef0123456789abcdef"], CookieAttributes())
ADDRESSES = (
    "/chatsso",
    "/chatsso/",
    "/chatsso/go",
    "/chatsso/go?to=//evil.example",
    "/chatsso/go?to=%ff",
    "/chatsso/go?provider=other",
    "/chatsso/\xff",
    "/chatsso/login",
    "/chatsso/register",
    "/chatsso/logout",
    "/chatsso/nowhere",
    "/chatsso/go/further",
    "/chatsso/website_toolbox/login.gif",
    "/chatsso/\xff/login.gif",
)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_nothing_is_kept_sniffed_referred_or_taken_from_the_host_header(
    visit: Visit, address: str, method: str
) -> None:
    for visitor in (visit(), visit(as_user=ANN)):
        answer = visitor.get(
            address,
            REQUEST_METHOD=method,
            HTTP_X_FORWARDED_HOST="attacker.example",
            HTTP_FORWARDED="host=attacker.example",
            SERVER_NAME="attacker.example",
        )
        assert answer.header("Cache-Control") == "no-store"
        assert answer.header("Referrer-Policy") == "no-referrer"
        assert answer.header("X-Content-Type-Options") == "nosniff"
        assert "attacker.example" not in str(answer.headers)
        assert b"attacker.example" not in answer.body
        assert int(answer.status[:3]) < 500


@pytest.mark.parametrize("path", ["/chatsso", "/chatsso/", "/chatsso/nowhere", "/chatsso/go/", "/chatsso/GO"])
def test_an_unknown_path_gets_a_plain_page(visit: Visit, path: str) -> None:
    answer = visit(script_name="/app").get(path)
    assert answer.status == "404 Not Found"
    assert b"<h1>There is nothing here</h1>" in answer.body
    assert b'<a href="/app">To the site</a>' in answer.body


def test_a_page_links_to_the_site_as_its_owner_has_named_it(visit: Visit) -> None:
    answer = visit(site_url="https://site.example/app", script_name="/app").get("/chatsso/nowhere")
    assert b'<a href="https://site.example/app">To the site</a>' in answer.body


@pytest.mark.parametrize(
    "address",
    [
        "/chatsso/go?to=%ff",
        "/chatsso/login?a=%C3%28",
        "/chatsso/website_toolbox/login.gif?event=%ff",
        "/chatsso/\xff\xfe",
        "/chatsso/\xff/login.gif",
    ],
)
def test_an_address_that_is_no_text_gets_a_plain_page(visit: Visit, address: str) -> None:
    answer = visit().get(address)
    assert answer.status == "400 Bad Request"
    assert b"not valid text" in answer.body


@pytest.mark.parametrize(
    ("path", "method", "allowed"),
    [
        ("/chatsso/go", "DELETE", "GET, HEAD, POST"),
        ("/chatsso/go", "OPTIONS", "GET, HEAD, POST"),
        ("/chatsso/login", "POST", "GET, HEAD"),
        ("/chatsso/register", "PUT", "GET, HEAD"),
        ("/chatsso/logout", "POST", "GET, HEAD"),
        ("/chatsso/website_toolbox/login.gif", "POST", "GET, HEAD"),
    ],
)
def test_other_methods_are_refused(visit: Visit, path: str, method: str, allowed: str) -> None:
    answer = visit(as_user=ANN, logout_url="/bye").get(path, REQUEST_METHOD=method)
    assert answer.status == "405 Method Not Allowed"
    assert answer.header("Allow") == allowed
    assert answer.header("Set-Cookie") is None


class Failing(WebsiteToolbox):
    """A chat system whose author did not think of everything."""

    def link_parameters(self, session: ChatSession, *, remember: bool) -> tuple[tuple[str, str], ...]:
        raise ZeroDivisionError("canary " + session.token)


def test_a_fault_of_ours_gets_a_plain_page_and_the_log_says_where_it_is(
    visit: Visit, caplog: pytest.LogCaptureFixture
) -> None:
    visitor = visit(as_user=ANN)
    chats = visitor.app.site.flow.chats  # type: ignore[attr-defined]
    chat = chats["website_toolbox"]
    chats["website_toolbox"] = Chat(Failing(chat.provider.options, chat.provider.api), chat.tokens)
    answer = visitor.get("/chatsso/go?to=/secret")
    assert answer.status == "500 Internal Server Error"
    assert b"<h1>Something went wrong</h1>" in answer.body
    assert answer.header("Cache-Control") == "no-store"
    (error,) = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert re.fullmatch(r"/chatsso/go failed with ZeroDivisionError \(.*test_answers\.py, line \d+\)", error)
    assert "canary" not in caplog.text
    assert b"canary" not in answer.body


def test_an_error_that_was_never_raised_is_described_by_its_kind() -> None:
    assert described(ValueError("canary")) == "ValueError"


def test_a_page_escapes_what_it_is_given_and_lets_nothing_but_its_style_in() -> None:
    answer = page(404, "<b>", ["a & b <script>"], [('/?a=1&b="x"', "<i>")])
    document = html5lib.parse(answer.body, namespaceHTMLElements=False)
    assert [element.text for element in document.iter() if element.tag in ("title", "h1", "p", "a")] == [
        "<b>",
        "<b>",
        "a & b <script>",
        "<i>",
    ]
    assert document.find(".//a").get("href") == '/?a=1&b="x"'
    style = document.find(".//style").text
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


def test_a_page_without_links_has_no_empty_list() -> None:
    assert b"<ul>" not in page(404, "title", ["text"]).body


def test_a_redirect_never_splits_a_header() -> None:
    answer = redirect("https://room.example/\r\nX: y \u65e5")
    assert answer.headers["Location"] == "https://room.example/%0D%0AX:%20y%20%E6%97%A5"


def test_only_a_few_requests_may_wait_long_for_a_chat_at_the_same_time(visit: Visit) -> None:
    site = visit(page_wait="0.1").app.site  # type: ignore[attr-defined]
    endpoints = Endpoints(site.flow, site.cookie, FORGERY, EndpointSettings(api_timeout=2.0))
    with endpoints.patience() as first, endpoints.patience() as second, endpoints.patience() as third:
        assert (first, second, third) == (2.0, 2.0, 0.1)
    with endpoints.patience() as later:
        assert later == 2.0
    patient = Endpoints(site.flow, site.cookie, FORGERY, EndpointSettings(api_timeout=60.0))
    with patient.patience() as most:
        assert most == 3.0

"""A chat's script in the pages of a site, as the middleware puts it there: which pages, and what headers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from chatsso_middleware import ChatSSOMiddleware
from chatsso_middleware.sandbox.typingmind import RunningSandbox, serve
from tests.support.strict_server import StrictServer
from tests.support.visitor import Visitor

ANN = "ann@example.com"
HTML = ("Content-Type", "text/html; charset=utf-8")
ATTRIBUTE = b"data-external-auth-code"


class Host:
    """A site with one page, on which the widget's tag stands if it has one; its path `/login` logs in."""

    def __init__(self, chat: str) -> None:
        self.tag = f'<script defer src="{chat}/widget.js"></script>'.encode()
        self.page = b"<!doctype html><body>" + self.tag + b"</body>"
        self.headers = [HTML]
        self.asked: dict[str, Any] = {}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.asked = dict(environ)
        if environ["PATH_INFO"] == "/login":
            environ["chatsso"].log_in(email=ANN)
        start_response("404 Not Found" if environ["PATH_INFO"] == "/nowhere" else "200 OK", self.headers)
        return [self.page]


@pytest.fixture
def chat() -> Iterator[RunningSandbox]:
    with serve() as sandbox:
        yield sandbox


@pytest.fixture
def host(chat: RunningSandbox) -> Host:
    return Host(chat.url)


Build = Callable[..., Visitor]


@pytest.fixture
def build(chat: RunningSandbox, host: Host, tmp_path: Path) -> Iterator[Build]:
    """Gives a visitor of the site with the settings that a test changes; by default the tag is placed."""
    sites = []

    def put_around(**changed: Any) -> Visitor:
        if changed.get("typingmind.widget", "insert") == "insert":
            host.page = host.page.replace(host.tag, b"<p>A page.</p>")
        settings = {
            "providers": "typingmind",
            "secret": "0123456789abcdef0123456789abcdef",
            "outbox": f"sqlite:///{tmp_path}/outbox.sqlite3",
            "page_wait": "5",  # a loaded machine may be slow
            "typingmind.url": chat.url,
            "typingmind.secret": chat.secret,
            "typingmind.widget": "insert",
        }
        middleware = ChatSSOMiddleware(host, settings | changed)
        sites.append(middleware.site)
        return Visitor(middleware)

    yield put_around
    for site in sites:
        site.stop()


def member(build: Build, **changed: Any) -> Visitor:
    visitor = build(**changed)
    visitor.get("/login")
    return visitor


def placed(page: StrictServer, chat: RunningSandbox) -> int:
    return page.body.count(f'src="{chat.url}/widget.js"'.encode())


def test_the_tag_stands_before_the_end_of_the_body_once(build: Build, chat: RunningSandbox) -> None:
    visitor = build()
    guest = visitor.get("/").body
    expected = f'<p>A page.</p><script src="{chat.url}/widget.js" defer="defer"></script></body>'.encode()
    assert guest == b"<!doctype html><body>" + expected
    visitor.get("/login")
    page = visitor.get("/")
    assert placed(page, chat) == 1
    assert page.body.endswith(b'"></script></body>')
    assert page.body.count(ATTRIBUTE) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"typingmind.widget": "off"},
        {"typingmind.widget": "off", "delivery": "gateway"},
        {"typingmind.widget": "attribute", "delivery": "gateway"},
    ],
    ids=str,
)
def test_what_is_off_or_cannot_be_leaves_the_page_as_it_is(
    build: Build, host: Host, changed: dict[str, str]
) -> None:
    assert member(build, **changed).get("/").body == host.page


@pytest.mark.parametrize(
    "environ",
    [
        {"HTTP_X_REQUESTED_WITH": "XMLHttpRequest"},
        {"HTTP_HX_REQUEST": "true"},
        {"HTTP_SEC_FETCH_DEST": "empty"},
        {"HTTP_SEC_PURPOSE": "prefetch"},
        {"REQUEST_METHOD": "POST"},
        {"PATH_INFO": "/nowhere"},
    ],
    ids=str,
)
def test_what_is_no_whole_page_for_a_person_gets_no_tag(
    build: Build, host: Host, environ: dict[str, str]
) -> None:
    assert build().get("/", **environ).body == host.page
    assert member(build).get("/", **environ).body == host.page


def test_a_guest_without_our_cookie_gets_the_tag_too(build: Build, host: Host, chat: RunningSandbox) -> None:
    kept = [("Cache-Control", "public, max-age=60"), ("ETag", '"1"')]
    host.headers = [HTML, *kept]
    page = build().get("/", HTTP_IF_NONE_MATCH='"1"', HTTP_ACCEPT_ENCODING="gzip")
    assert placed(page, chat) == 1
    assert page.header("Cache-Control") == "public, max-age=60"
    assert page.header("Set-Cookie") is None
    assert host.asked["HTTP_ACCEPT_ENCODING"] == "identity", "what is compressed cannot be edited"
    assert host.asked["HTTP_IF_NONE_MATCH"] == '"1"', "a guest's page is everybody's"


@pytest.mark.parametrize("placing", ["insert", "attribute"])
def test_a_members_page_is_asked_for_whole_and_kept_by_nobody(build: Build, host: Host, placing: str) -> None:
    host.headers = [HTML, ("Cache-Control", "public, max-age=60"), ("ETag", '"1"')]
    visitor = member(build, links="no", tags="no", **{"typingmind.widget": placing})
    page = visitor.get("/", HTTP_IF_NONE_MATCH='"1"', HTTP_ACCEPT_ENCODING="gzip")
    assert ATTRIBUTE in page.body
    assert "HTTP_IF_NONE_MATCH" not in host.asked
    assert page.header("Cache-Control") == "private, no-store"
    assert page.header("ETag") is None


def test_a_guest_is_left_alone_where_nothing_is_placed(build: Build, host: Host) -> None:
    host.headers = [HTML, ("ETag", '"1"')]
    visitor = build(**{"typingmind.widget": "attribute"})
    page = visitor.get("/", HTTP_ACCEPT_ENCODING="gzip")
    assert page.body == host.page
    assert page.header("ETag") == '"1"'
    assert host.asked["HTTP_ACCEPT_ENCODING"] == "gzip"


def test_xhtml_stays_well_formed(build: Build, host: Host, chat: RunningSandbox) -> None:
    host.headers = [("Content-Type", "application/xhtml+xml; charset=utf-8")]
    host.page = b'<html xmlns="http://www.w3.org/1999/xhtml"><body><p>A page.</p></body></html>'
    page = ET.fromstring(member(build).get("/").body)
    (script,) = page.iter("{http://www.w3.org/1999/xhtml}script")
    assert script.get("src") == f"{chat.url}/widget.js"
    assert script.get(ATTRIBUTE.decode())


# Content-Security-Policy.


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("policy", ["script-src {0}; frame-src {0}", "default-src {0}", ""])
def test_a_policy_that_names_the_chat_needs_nothing(
    build: Build, host: Host, chat: RunningSandbox, caplog: pytest.LogCaptureFixture, policy: str
) -> None:
    policy = policy.format(chat.url)
    host.headers = [HTML, ("Content-Security-Policy", policy)]
    assert build(csp="extend").get("/").header("Content-Security-Policy") == policy
    assert warnings(caplog) == []


def test_a_policy_that_blocks_the_widget_is_warned_of_once(
    build: Build, host: Host, chat: RunningSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    host.headers = [HTML, ("Content-Security-Policy", "default-src 'self'")]
    visitor = build()
    for _ in range(3):
        assert visitor.get("/").header("Content-Security-Policy") == "default-src 'self'"
    first, second = warnings(caplog)
    assert f"add {chat.url} to its script-src" in first
    assert f"add {chat.url} to its frame-src" in second


def test_a_policy_is_opened_for_the_widget_where_the_owner_wants_that(
    build: Build, host: Host, chat: RunningSandbox
) -> None:
    host.headers = [HTML, ("Content-Security-Policy", "default-src 'self'")]
    extended = build(csp="extend").get("/").header("Content-Security-Policy")
    assert extended == (f"default-src 'self'; script-src 'self' {chat.url}; frame-src 'self' {chat.url}")


def test_a_tag_of_the_sites_own_is_the_sites_own_to_allow(
    build: Build, host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    host.headers = [HTML, ("Content-Security-Policy", "default-src 'none'")]
    page = member(build, csp="extend", links="no", **{"typingmind.widget": "attribute"}).get("/")
    assert ATTRIBUTE in page.body
    assert page.header("Content-Security-Policy") == "default-src 'none'"


# Where pages hold no token.


def test_the_loader_stands_on_every_page_below_our_mount(build: Build) -> None:
    visitor = build(delivery="gateway", mount="/sso")
    loader = b'<script src="/a%20b/sso/typingmind/widget.js" defer="defer"></script></body>'
    assert visitor.get("/", SCRIPT_NAME="/a b").body.endswith(loader)
    visitor.get("/login")
    page = visitor.get("/", SCRIPT_NAME="/a b")
    assert page.body.endswith(loader)
    assert ATTRIBUTE not in page.body
    assert page.header("Cache-Control") is None


def test_the_loader_is_not_there_where_tokens_stand_in_pages(build: Build) -> None:
    assert b"/chatsso/" not in build().get("/").body

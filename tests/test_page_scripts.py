"""A script of a provider that pages of the site run: on every whole page once, alike for everybody."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from chatsso_middleware import ChatSSOMiddleware
from chatsso_middleware.sandbox.rocketchat import RunningSandbox, serve
from tests.support.visitor import Visitor

ANN = "ann@example.com"
HTML = ("Content-Type", "text/html; charset=utf-8")
SCRIPT = b'<script src="/chatsso/rocketchat/embed.js" defer="defer"></script>'
PAGE = b"<!doctype html><body><p>A page.</p></body>"


class Host:
    """A site with one page; its path `/login` logs in."""

    def __init__(self) -> None:
        self.page = PAGE
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
def host() -> Host:
    return Host()


Build = Callable[..., Visitor]


@pytest.fixture
def build(chat: RunningSandbox, host: Host, tmp_path: Path) -> Iterator[Build]:
    """Gives a visitor of the site with the settings that a test changes."""
    sites = []

    def put_around(**changed: Any) -> Visitor:
        settings = {
            "providers": "rocketchat",
            "secret": "0123456789abcdef0123456789abcdef",
            "outbox": f"sqlite:///{tmp_path}/outbox.sqlite3",
            "rocketchat.url": chat.url,
            "rocketchat.admin_user_id": chat.admin_user_id,
            "rocketchat.admin_token": chat.admin_token,
            "rocketchat.token_secret": chat.token_secret,
            "rocketchat.embed_script": "yes",
        }
        middleware = ChatSSOMiddleware(host, settings | changed)
        sites.append(middleware.site)
        return Visitor(middleware)

    yield put_around
    for site in sites:
        site.stop()


def test_a_page_runs_it_once_for_guests_and_members(build: Build) -> None:
    visitor = build()
    guest = visitor.get("/")
    visitor.get("/login")
    member = visitor.get("/")
    for page in (guest, member):
        assert page.body == PAGE.replace(b"</body>", SCRIPT + b"</body>")


def test_it_is_off_until_the_owner_wants_it(build: Build) -> None:
    assert build(**{"rocketchat.embed_script": "no"}).get("/").body == PAGE


def test_the_address_is_below_our_mount_on_this_site(build: Build) -> None:
    visitor = build(mount="/sso")
    page = visitor.get("/", SCRIPT_NAME="/a b")
    assert b'<script src="/a%20b/sso/rocketchat/embed.js" defer="defer"></script></body>' in page.body


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
def test_what_is_no_whole_page_for_a_person_runs_nothing(build: Build, environ: dict[str, str]) -> None:
    assert build().get("/", **environ).body == PAGE


def test_what_is_no_html_stays_as_it_is(build: Build, host: Host) -> None:
    for content_type in ("application/json", "text/plain", "image/svg+xml"):
        host.headers = [("Content-Type", content_type)]
        assert build().get("/").body == PAGE


def test_xhtml_stays_well_formed(build: Build, host: Host) -> None:
    host.headers = [("Content-Type", "application/xhtml+xml; charset=utf-8")]
    host.page = b'<html xmlns="http://www.w3.org/1999/xhtml"><body><p>A page.</p></body></html>'
    page = ET.fromstring(build().get("/").body)
    (script,) = page.iter("{http://www.w3.org/1999/xhtml}script")
    assert script.get("src") == "/chatsso/rocketchat/embed.js"


def test_a_guests_page_may_be_kept_by_caches_since_it_is_everybodys(build: Build, host: Host) -> None:
    kept = [("Cache-Control", "public, max-age=60"), ("ETag", '"1"')]
    host.headers = [HTML, *kept]
    visitor = build()
    page = visitor.get("/", HTTP_IF_NONE_MATCH='"1"', HTTP_ACCEPT_ENCODING="gzip")
    assert page.header("Cache-Control") == "public, max-age=60"
    assert page.header("Set-Cookie") is None
    assert host.asked["HTTP_ACCEPT_ENCODING"] == "identity", "what is compressed cannot be edited"
    assert host.asked["HTTP_IF_NONE_MATCH"] == '"1"', "the host may say that nothing has changed"


def test_switching_links_and_tags_off_leaves_the_script_on(build: Build) -> None:
    assert SCRIPT in build(links="no", tags="no").get("/").body


# Content-Security-Policy.


@pytest.mark.parametrize("policy", ["script-src 'self'; connect-src 'self'", "default-src 'self'", ""])
def test_a_policy_that_lets_the_sites_own_scripts_run_needs_nothing(
    build: Build, host: Host, caplog: pytest.LogCaptureFixture, policy: str
) -> None:
    host.headers = [HTML, ("Content-Security-Policy", policy)]
    page = build(csp="extend").get("/")
    assert page.header("Content-Security-Policy") == policy
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_policy_that_blocks_it_is_warned_of_once(
    build: Build, host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    host.headers = [HTML, ("Content-Security-Policy", "default-src 'none'")]
    visitor = build()
    for _ in range(3):
        assert visitor.get("/").header("Content-Security-Policy") == "default-src 'none'"
    warnings = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(warnings) == 2
    assert "add 'self' to its script-src" in warnings[0]
    assert "add 'self' to its connect-src" in warnings[1]


def test_a_policy_is_opened_for_it_where_the_owner_wants_that(build: Build, host: Host) -> None:
    host.headers = [HTML, ("Content-Security-Policy", "default-src 'none'; script-src 'nonce-abc'")]
    assert build(csp="extend").get("/").header("Content-Security-Policy") == (
        "default-src 'none'; script-src 'nonce-abc' 'self'; connect-src 'self'"
    )


def test_the_script_is_what_our_address_gives(build: Build, chat: RunningSandbox) -> None:
    script = build().get("/chatsso/rocketchat/embed.js")
    assert script.status == "200 OK"
    assert script.header("Content-Type") == "text/javascript; charset=utf-8"
    assert chat.url.encode() in script.body

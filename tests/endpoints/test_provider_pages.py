"""A provider's own addresses: what it is told of a request, and what becomes of its reply."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chatsso_middleware.endpoints.own_forms import LARGEST_FORM
from chatsso_middleware.providers import Reply, Visit
from chatsso_middleware.users import ChatUser
from tests.support.flow import World, make_world
from tests.support.provider_pages import CALLS_OUT, CHECKED, PAGE, BrowserAtPages, Pages
from tests.support.strict_server import StrictServer
from tests.support.visitor import set_cookies

ANN = "ann@example.com"
FORM = "application/x-www-form-urlencoded"
Open = Callable[..., BrowserAtPages]


@pytest.fixture
def pages() -> Pages:
    return Pages()


@pytest.fixture
def world(tmp_path: Path, pages: Pages) -> Iterator[World]:
    with make_world(tmp_path, pages) as world:
        yield world


@pytest.fixture
def open_browser(world: World) -> Open:
    flow = world.flow()
    return lambda **settings: BrowserAtPages(flow, world.outbox, **settings)


@pytest.fixture
def browser(open_browser: Open) -> BrowserAtPages:
    return open_browser()


def own_token(browser: BrowserAtPages, pages: Pages) -> str:
    """The forgery token of a page that the browser has got."""
    pages.reply = lambda visit: Reply(body=visit.forgery_token)
    token = browser.get(PAGE).body.decode()
    pages.reply = lambda visit: Reply(body="fine")
    pages.visits.clear()
    return token


# What the provider is told.


def test_a_guests_visit_says_where_he_is_and_that_nobody_is_logged_in(
    browser: BrowserAtPages, pages: Pages
) -> None:
    browser.get(f"{PAGE}?a=1&b=%C3%A4&a=2", HTTP_ORIGIN="HTTP://Chat.Example")
    visit = pages.visit
    assert (visit.method, visit.origin) == ("GET", "HTTP://Chat.Example")
    assert dict(visit.query) == {"a": "1", "b": "ä"}, "of two with one name the first"
    assert (visit.user, visit.has_left, visit.session()) == (None, False, None)
    assert dict(visit.fields) == {}
    assert visit.base == "/chatsso/pages"
    assert visit.front_page == "/"
    assert pages.opened == []


def test_a_members_visit_has_his_session_and_the_chat_is_not_asked_before_it_is_wanted(
    browser: BrowserAtPages, pages: Pages, world: World
) -> None:
    browser.log_in(ANN)
    world.landed()
    pages.opened.clear()
    browser.get(PAGE)
    visit = pages.visit
    assert visit.user == ChatUser(ANN)
    assert pages.opened == []
    session = visit.session()
    assert session is not None
    assert session.token.startswith(ANN)
    assert ANN not in repr(session)


def test_who_may_not_chat_is_nobody_and_the_provider_is_told_why(world: World, pages: Pages) -> None:
    browser = BrowserAtPages(world.flow(may_chat=lambda user: False), world.outbox)
    browser.get(PAGE)
    browser.log_in(ANN)
    browser.get(PAGE)
    as_guest, as_ann = pages.visits
    assert (as_guest.is_refused, as_ann.is_refused) == (False, True)
    assert (as_ann.user, as_ann.session()) == (None, None)


@pytest.mark.parametrize(
    ("site_url", "headers", "expected"),
    [
        (None, {"HTTP_SEC_FETCH_SITE": "same-origin"}, True),
        (None, {"HTTP_SEC_FETCH_SITE": "same-site"}, False),
        (None, {"HTTP_SEC_FETCH_SITE": "cross-site"}, False),
        (None, {}, False),
        (None, {"HTTP_X_CHATSSO": "1"}, True),
        (None, {"HTTP_X_CHATSSO": "1", "HTTP_SEC_FETCH_SITE": "cross-site"}, False),
        (None, {"HTTP_X_CHATSSO": "1", "HTTP_ORIGIN": "https://evil.example"}, False),
        (None, {"HTTP_ORIGIN": "http://127.0.0.1", "HTTP_SEC_FETCH_SITE": "same-origin"}, False),
        ("https://www.site.example/app", {"HTTP_ORIGIN": "https://www.site.example"}, True),
        ("https://www.site.example", {"HTTP_ORIGIN": "https://www.site.example.evil"}, False),
        ("https://www.site.example", {"HTTP_ORIGIN": "null"}, False),
        ("https://www.site.example", {}, False),
    ],
)
def test_a_page_of_the_site_is_known_by_what_the_browser_says_of_it(
    open_browser: Open, pages: Pages, site_url: str | None, headers: dict[str, str], expected: bool
) -> None:
    open_browser(site_url=site_url).get(PAGE, **headers)
    assert pages.visit.same_origin is expected


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, "/in?next=%2Fapp%2Fchatsso%2Fpages%2Fpage%3Fcame_back%3D1"),
        ({"login_url": None}, None),
        (
            {"login_url": "https://login.example/?to={next}", "site_url": "https://www.site.example/app"},
            "https://login.example/?to=https%3A%2F%2Fwww.site.example%2Fapp%2Fchatsso%2Fpages%2Fpage"
            "%3Fcame_back%3D1",
        ),
    ],
)
def test_the_login_page_leads_back_to_the_same_address(
    open_browser: Open, pages: Pages, settings: dict[str, Any], expected: str | None
) -> None:
    open_browser(script_name="/app", **settings).get(f"{PAGE}?other=1")
    assert pages.visit.login_page == expected
    assert pages.visit.base == "/app/chatsso/pages"


class NeverRead:
    """A body that nobody may read."""

    def read(self, *_: object) -> bytes:
        raise AssertionError("the body was read")

    readline = __iter__ = read


def test_a_post_without_a_check_is_answered_without_reading_its_body(
    browser: BrowserAtPages, pages: Pages
) -> None:
    unread = {"wsgi.input": NeverRead(), "CONTENT_LENGTH": "70000"}
    answer = browser.get(PAGE, REQUEST_METHOD="POST", **unread)
    assert answer.status == "200 OK"
    assert (pages.visit.method, dict(pages.visit.fields)) == ("POST", {})


def test_what_our_page_sends_arrives_without_the_token(browser: BrowserAtPages, pages: Pages) -> None:
    token = own_token(browser, pages)
    content = {"forgery_token": token, "a": {"deep": [1, None]}, "b": "ä"}
    assert browser.post(CHECKED, json.dumps(content).encode()).status == "200 OK"
    assert dict(pages.visit.fields) == {"a": {"deep": [1, None]}, "b": "ä"}
    form = f"a=1&forgery_token={token}&a=2&b=%C3%A4".encode()
    assert browser.post(CHECKED, form, FORM).status == "200 OK"
    assert dict(pages.visit.fields) == {"a": "1", "b": "ä"}
    assert token not in repr(pages.visit)


def test_a_body_of_the_largest_size_is_read_without_leaving_a_file_open(
    browser: BrowserAtPages, pages: Pages
) -> None:
    token = own_token(browser, pages)
    start = f"forgery_token={token}&a=".encode()
    body = start + b"x" * (LARGEST_FORM - len(start))
    assert browser.post(CHECKED, body, FORM).status == "200 OK"
    assert len(pages.visit.fields["a"]) == LARGEST_FORM - len(start)
    assert browser.post(CHECKED, body + b"x", FORM).status == "400 Bad Request"


def test_a_body_that_breaks_off_is_refused(browser: BrowserAtPages, pages: Pages) -> None:
    token = own_token(browser, pages)
    body = f"forgery_token={token}".encode()
    for content_type in (FORM, "application/json"):
        answer = browser.post(CHECKED, body, content_type, CONTENT_LENGTH=str(len(body) + 10))
        assert refused(answer, 400), content_type
    assert pages.visits == []


def refused(answer: StrictServer, status: int) -> bool:
    return (
        answer.status.startswith(str(status))
        and b"The page may have been open for too long" in answer.body
        and set_cookies(answer) == []
    )


@pytest.mark.parametrize("content_length", ["", "nonsense", str(LARGEST_FORM + 1), "-1"])
def test_a_body_of_no_known_or_too_large_a_size_is_refused(
    browser: BrowserAtPages, pages: Pages, content_length: str
) -> None:
    token = own_token(browser, pages)
    body = json.dumps({"forgery_token": token}).encode()
    answer = browser.post(CHECKED, body, CONTENT_LENGTH=content_length)
    assert refused(answer, 400), answer.status
    assert pages.visits == []


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "application/json"),
        (b"[]", "application/json"),
        (b"null", "application/json"),
        (b"{", "application/json"),
        (b"\xff", "application/json"),
        (b"[" * 60_000, "application/json"),
        (b"a=%ff", FORM),
        (b"%ff=a", FORM),
        (b"a=\xff", FORM),
        (b"&".join([b"a=1"] * 101), FORM),
    ],
)
def test_a_body_that_no_page_of_ours_sends_is_refused(
    browser: BrowserAtPages, pages: Pages, body: bytes, content_type: str
) -> None:
    own_token(browser, pages)
    assert refused(browser.post(CHECKED, body, content_type), 400)
    assert pages.visits == []


@pytest.mark.parametrize(
    ("content_type", "status"),
    [("application/json", 403), (FORM, 403), ("text/plain", 400), ("multipart/form-data", 400), ("", 400)],
)
def test_a_post_without_the_token_is_refused(
    browser: BrowserAtPages, pages: Pages, content_type: str, status: int
) -> None:
    own_token(browser, pages)
    assert refused(browser.post(CHECKED, b"{}", content_type), status)
    assert pages.visits == []


@pytest.mark.parametrize(
    ("site", "status"),
    [("same-origin", "200 OK"), ("same-site", "403 Forbidden"), ("cross-site", "403 Forbidden")],
)
def test_a_good_token_does_not_excuse_a_strangers_page(
    browser: BrowserAtPages, pages: Pages, site: str, status: str
) -> None:
    body = json.dumps({"forgery_token": own_token(browser, pages)}).encode()
    assert browser.post(CHECKED, body, HTTP_SEC_FETCH_SITE=site).status == status


def test_the_page_that_refuses_may_stand_in_the_chats_frame(browser: BrowserAtPages) -> None:
    policy = browser.post(CHECKED, b"{}", FORM).header("Content-Security-Policy")
    assert policy is not None
    assert policy.endswith("frame-ancestors 'self' https://tagless.example")


@pytest.mark.parametrize(("path", "allowed"), [(PAGE, "GET, HEAD, POST, OPTIONS"), (CHECKED, "POST")])
def test_other_methods_are_refused(browser: BrowserAtPages, pages: Pages, path: str, allowed: str) -> None:
    answer = browser.get(path, REQUEST_METHOD="PUT")
    assert answer.status == "405 Method Not Allowed"
    assert answer.header("Allow") == allowed
    assert pages.visits == []


def test_addresses_of_no_provider_and_of_one_that_is_off_lead_nowhere(browser: BrowserAtPages) -> None:
    for path in ("/pages", "/pages/", "/pages/other", "/pages/page/", "/rocketchat/token"):
        assert browser.get(path).status == "404 Not Found", path


# What becomes of its reply.


def test_a_reply_goes_out_as_it_is_with_what_holds_for_all(browser: BrowserAtPages, pages: Pages) -> None:
    pages.reply = lambda visit: Reply(
        status=403,
        body='{"name": "ä"}',
        content_type="application/json",
        headers=(("Vary", "Origin"), ("Link", "<a>"), ("Link", "<b>")),
    )
    answer = browser.get(PAGE)
    assert answer.status == "403 Forbidden"
    assert answer.body == '{"name": "ä"}'.encode()
    assert answer.header("Content-Type") == "application/json"
    assert answer.header("Content-Length") == str(len(answer.body))
    assert [value for name, value in answer.headers if name == "Link"] == ["<a>", "<b>"]
    assert answer.header("Vary") == "Origin"
    assert answer.header("Cache-Control") == "no-store"
    assert answer.header("Referrer-Policy") == "no-referrer"
    assert answer.header("X-Content-Type-Options") == "nosniff"


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("text/html", "text/html; charset=utf-8"),
        ("text/javascript", "text/javascript; charset=utf-8"),
        ("application/json", "application/json"),
    ],
)
def test_texts_say_their_charset(
    browser: BrowserAtPages, pages: Pages, content_type: str, expected: str
) -> None:
    pages.reply = lambda visit: Reply(body="x", content_type=content_type)
    assert browser.get(PAGE).header("Content-Type") == expected


@pytest.mark.parametrize("status", [200, 204, 401])
def test_a_reply_without_a_body_says_nothing_of_one(
    browser: BrowserAtPages, pages: Pages, status: int
) -> None:
    pages.reply = lambda visit: Reply(status=status)
    answer = browser.get(PAGE)
    assert answer.status.startswith(str(status))
    assert answer.body == b""
    assert answer.header("Content-Type") is None


def test_a_redirect_leads_where_the_provider_says(browser: BrowserAtPages, pages: Pages) -> None:
    pages.reply = lambda visit: Reply(status=302, headers=(("Location", "/in?x=%C3%A4"),))
    answer = browser.get(PAGE, HTTP_HOST="attacker.example")
    assert (answer.status, answer.header("Location")) == ("302 Found", "/in?x=%C3%A4")


def test_the_cookie_against_forgery_comes_with_the_page_that_needs_it_and_once(
    browser: BrowserAtPages, pages: Pages
) -> None:
    assert set_cookies(browser.get(PAGE)) == [], "a page without the token"
    pages.reply = lambda visit: Reply(body=visit.forgery_token)
    (cookie,) = set_cookies(browser.get(PAGE))
    assert cookie.startswith("chatsso.forgery=")
    assert set_cookies(browser.get(PAGE)) == [], "the browser has it"


def test_whom_the_provider_has_verified_is_logged_in(browser: BrowserAtPages, pages: Pages) -> None:
    pages.reply = lambda visit: Reply(body="fine", logs_in=ChatUser(ANN, username="ann"))
    browser.get(PAGE)
    assert browser.handle.user == ChatUser(ANN, username="ann")
    assert browser.handle.changed


def test_whom_the_site_does_not_let_into_its_chats_is_told_so_though_he_was_verified(
    world: World, pages: Pages
) -> None:
    browser = BrowserAtPages(world.flow(may_chat=lambda user: False), world.outbox)
    pages.reply = lambda visit: Reply(body="fine", logs_in=ChatUser(ANN))
    answer = browser.get(PAGE)
    assert answer.status == "403 Forbidden"
    assert b"You may not use the chat" in answer.body
    assert browser.handle.user is None


def test_few_at_a_time_wait_for_somebody_elses_server_and_the_others_are_told_at_once(
    browser: BrowserAtPages, pages: Pages
) -> None:
    token = own_token(browser, pages)
    answers: list[str] = []
    retry_after: list[str | None] = []

    def call_out(visit: Visit) -> Reply:
        if len(pages.visits) < 3:  # so that each is under way while the next one asks
            answer = browser.post(CALLS_OUT, body)
            answers.append(answer.status)
            retry_after.append(answer.header("Retry-After"))
        return Reply(body="fine")

    body = json.dumps({"forgery_token": token}).encode()
    pages.reply = call_out
    answers.append(browser.post(CALLS_OUT, body).status)
    assert answers == ["503 Service Unavailable", "200 OK", "200 OK"]
    assert retry_after == ["5", None]
    assert browser.post(CALLS_OUT, body).status == "200 OK", "when they are done, others may"


def test_a_reply_that_logs_nobody_in_leaves_the_login_alone(browser: BrowserAtPages) -> None:
    browser.log_in(ANN)
    browser.get(PAGE)
    assert not browser.handle.changed


def test_a_provider_that_fails_gets_a_plain_page_and_no_word_of_why(
    browser: BrowserAtPages, pages: Pages, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(visit: Visit) -> Reply:
        raise RuntimeError("canary")

    pages.reply = fail
    answer = browser.get(PAGE)
    assert answer.status == "500 Internal Server Error"
    assert b"canary" not in answer.body
    assert "canary" not in caplog.text
    assert "/pages/page failed with RuntimeError" in caplog.text

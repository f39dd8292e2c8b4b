from __future__ import annotations

import pytest
from webob import Request

from chatsso_middleware.sandbox.publica_la import BOOKS, RunningSandbox, StoreSettings, create_app, serve
from tests.sandbox.chat_client import Clock, Page
from tests.sandbox.publica_la.visitors import SITE, Visitor

REDIRECT_URL = f"{SITE}/chatsso/login?provider=publica_la"


def test_a_guest_sees_the_books_and_the_way_to_log_in(visitor: Visitor) -> None:
    page = visitor.page()
    assert page.user == ""
    assert page.links()["Log in"] == REDIRECT_URL
    for book in BOOKS.values():
        assert any(link.get("href") == f"/reader/{book.slug}" for link in page.all(".//a"))


def test_a_book_opens_for_nobody_but_who_is_logged_in(visitor: Visitor) -> None:
    closed = visitor.get("/reader/night-trains")
    assert closed.status_code == 403
    page = Page(closed.text)
    assert BOOKS["night-trains"].pages[0] not in closed.text
    assert page.links()["Log in"] == REDIRECT_URL
    visitor.enter(visitor.token())
    assert BOOKS["night-trains"].pages[0] in visitor.get("/reader/night-trains").text


def test_pages_turn_from_the_first_to_the_last(visitor: Visitor) -> None:
    visitor.enter(visitor.token())
    number = len(BOOKS["night-trains"].pages)
    address, seen = "/reader/night-trains", 1
    while following := visitor.page(address).links().get("Next →"):
        address, seen = following, seen + 1
    assert (address, seen) == (f"/reader/night-trains?page={number}", number)
    assert visitor.page(address).links()["← Previous"] == f"/reader/night-trains?page={number - 1}"


@pytest.mark.parametrize("number", ["0", "4", "-1", "x", "", "1e1", "²", "9999999"])
def test_a_page_that_the_book_does_not_have_is_not_there(visitor: Visitor, number: str) -> None:
    visitor.enter(visitor.token())
    response = visitor.get("/reader/night-trains", page=number)
    assert response.status_code == 404
    assert "has the pages 1 to 3" in Page(response.text).text(".//main")


def test_a_book_that_is_not_on_the_shelf_is_not_there(visitor: Visitor) -> None:
    response = visitor.get("/reader/no-such-book")
    assert response.status_code == 404
    assert "There is no such book" in response.text


def test_the_reader_leads_back_to_where_the_token_said(visitor: Visitor) -> None:
    visitor.enter(visitor.token(reader_exit_url="https://site.test/my-books?tab=1"))
    page = visitor.page("/reader/night-trains")
    assert page.one(".//*[@id='exit']").get("href") == "https://site.test/my-books?tab=1"


@pytest.mark.parametrize("address", [..., "javascript:alert(1)", ""])
def test_without_such_an_address_it_leads_to_the_library(visitor: Visitor, address: object) -> None:
    visitor.enter(visitor.token(reader_exit_url=address))
    page = visitor.page("/reader/night-trains")
    assert page.one(".//*[@id='exit']").get("href") == "/"


def test_the_users_name_and_picture_are_shown_as_text(visitor: Visitor) -> None:
    user = {"uuid": "<b>1</b>", "email": '"><script>@x', "picture_url": "javascript:alert(1)"}
    visitor.enter(visitor.token(user=user))
    page = visitor.page()
    assert page.user == "<b>1</b>"
    assert page.all(".//script") == []
    assert page.all(".//*[@id='who']/img") == []
    assert '"><script>@x' in page.text(".//*[@id='who']")


def test_a_log_out_ends_the_session_and_leads_to_the_logout_url(
    visitor: Visitor, sandbox: RunningSandbox
) -> None:
    visitor.enter(visitor.token())
    session_id = visitor.jar.cookies["sandbox_publica_la"]
    response = visitor.post("/logout", data=visitor.page().hidden())
    assert response.status_code == 303
    assert response.headers["Location"] == f"{SITE}/chatsso/logout?provider=publica_la"
    assert "sandbox_publica_la" not in visitor.jar.cookies
    assert sandbox.store.session(session_id) is None
    assert visitor.user == ""
    assert visitor.outcome == "Logged out 4711 in the store itself."


def test_a_forged_log_out_changes_nothing(visitor: Visitor) -> None:
    visitor.enter(visitor.token())
    assert visitor.post("/logout", data={"form_token": "guessed"}).status_code == 403
    assert visitor.user == "4711"


def test_a_log_out_of_nobody_leads_to_the_same_place(visitor: Visitor) -> None:
    response = visitor.post("/logout")
    assert response.headers["Location"] == f"{SITE}/chatsso/logout?provider=publica_la"


def test_the_policy_of_the_library_lets_its_log_out_lead_to_the_site(visitor: Visitor) -> None:
    policy = visitor.get("/").headers["Content-Security-Policy"]
    assert f"form-action 'self' {SITE};" in policy


def test_a_store_without_settings_leads_nowhere_else(clock: Clock) -> None:
    with serve(settings=StoreSettings(), clock=clock) as sandbox, Visitor(sandbox, clock) as visitor:
        assert visitor.page().links()["Enter a redirect_url to log in by"] == "/settings"
        visitor.enter(visitor.token())
        response = visitor.post("/logout", data=visitor.page().hidden())
        assert response.headers["Location"] == f"{sandbox.url}/"
        assert "form-action 'self';" in visitor.get("/").headers["Content-Security-Policy"]


def test_the_cookie_is_secure_over_https(sandbox: RunningSandbox, clock: Clock) -> None:
    with Visitor(sandbox, clock) as visitor:
        token = visitor.token()
    request = Request.blank(f"https://books.test/auth/token?external-auth-token={token}")
    response = request.get_response(create_app(sandbox.store))
    assert response.headers["Set-Cookie"].endswith("; HttpOnly; SameSite=Lax; Secure")


def test_only_the_latest_sessions_are_kept(
    visitor: Visitor, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatsso_middleware.sandbox.publica_la.store.MOST_SESSIONS", 1)
    visitor.enter(visitor.token())
    first = visitor.jar.cookies["sandbox_publica_la"]
    visitor.jar.cookies.clear()
    visitor.enter(visitor.token(user={"uuid": "1"}))
    assert sandbox.store.session(first) is None
    assert visitor.user == "1"

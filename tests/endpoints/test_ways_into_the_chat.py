"""``go``, ``login``, ``register`` and ``logout``: where they lead."""

from __future__ import annotations

from urllib.parse import parse_qs, quote, urlsplit

import pytest

from chatsso_middleware.sandbox.website_toolbox import RunningSandbox
from tests.endpoints.conftest import ANN, Visit
from tests.support.visitor import location, set_cookies


def next_of(address: str) -> str:
    """What stands at ``{next}`` in an address of the site."""
    (way_back,) = parse_qs(urlsplit(address).query)["came_from"]
    return way_back


# go


def test_who_is_logged_in_gets_a_token_and_keeps_the_links_own_query_and_fragment(
    visit: Visit, room: RunningSandbox
) -> None:
    visitor = visit(as_user=ANN)
    to = quote("/room/garden?color=red&size=2#latest", safe="")
    answer = visitor.get(f"/chatsso/go?to={to}&provider=website_toolbox")
    assert answer.status == "302 Found"
    address, sign, fragment = location(answer).partition("#")
    path, query = address.split("?")
    assert path == f"{room.url}/room/garden"
    assert (sign, fragment) == ("#", "latest")
    assert list(parse_qs(query)) == ["color", "size", "access_token", "rememberMe"]


def test_a_guest_gets_there_as_a_guest(visit: Visit, room: RunningSandbox) -> None:
    visitor = visit()
    assert location(visitor.get("/chatsso/go")) == f"{room.url}/"
    assert location(visitor.get("/chatsso/go?to=/room/a?b=c")) == f"{room.url}/room/a?b=c"


def test_without_a_path_it_leads_to_the_rooms_own_address(visit: Visit, room: RunningSandbox) -> None:
    visitor = visit(website_toolbox_url=f"{room.url}/our/room")
    assert location(visitor.get("/chatsso/go")) == f"{room.url}/our/room/"
    assert location(visitor.get("/chatsso/go?to=/elsewhere")) == f"{room.url}/elsewhere"


def test_the_fields_of_a_form_go_along_and_those_that_are_called_like_ours_too(
    visit: Visit, room: RunningSandbox
) -> None:
    answer = visit().get(
        "/chatsso/go?to=/search?in=all&provider=website_toolbox&q=caf%C3%A9+x&to=%2F%2Fb&q=2"
    )
    assert location(answer) == f"{room.url}/search?in=all&q=caf%C3%A9+x&to=%2F%2Fb&q=2"


def test_a_posted_form_is_sent_on_as_it_is(visit: Visit, room: RunningSandbox) -> None:
    answer = visit().get("/chatsso/go?to=/say", REQUEST_METHOD="POST")
    assert answer.status == "307 Temporary Redirect"
    assert location(answer) == f"{room.url}/say"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/räum/日本", "/r%C3%A4um/%E6%97%A5%E6%9C%AC"),
        ("/a%20b%2Fc", "/a%20b%2Fc"),
        ("/a|b{c}^`<>\"'", "/a|b{c}^`<>\"'"),
        ("/..//evil.example", "/..//evil.example"),
    ],
)
def test_the_path_goes_out_as_a_header_can_hold_it(
    visit: Visit, room: RunningSandbox, path: str, expected: str
) -> None:
    answer = visit().get(f"/chatsso/go?to={quote(path, safe='')}")
    assert location(answer) == room.url + expected


def test_guests_may_be_sent_to_the_sites_login_first_with_a_way_back(visit: Visit) -> None:
    visitor = visit(guests="login")
    way_back = next_of(location(visitor.get("/chatsso/go?to=/room/a&b=c")))
    assert way_back == "/chatsso/go?to=%2Froom%2Fa%3Fb%3Dc&provider=website_toolbox"
    visitor.get("/login")
    assert "access_token" in location(visitor.get(way_back))


def test_a_guests_form_is_not_posted_to_the_login_page(visit: Visit) -> None:
    assert visit(guests="login").get("/chatsso/go", REQUEST_METHOD="POST").status == "302 Found"


def test_a_chat_that_cannot_be_reached_is_entered_without_a_token(visit: Visit, room: RunningSandbox) -> None:
    room.stop()
    visitor = visit(as_user=ANN)
    assert location(visitor.get("/chatsso/go?to=/room/a")) == f"{room.url}/room/a"


# login


def test_the_chats_login_leads_to_the_sites_and_back(visit: Visit) -> None:
    answer = visit().get("/chatsso/login?to=/room/a")
    assert location(answer).startswith("/login?came_from=")
    assert next_of(location(answer)) == "/chatsso/go?to=%2Froom%2Fa&provider=website_toolbox"


def test_who_is_logged_in_already_goes_straight_to_the_chat(visit: Visit, room: RunningSandbox) -> None:
    answer = visit(as_user=ANN).get("/chatsso/login?to=/room/a")
    assert location(answer).startswith(f"{room.url}/room/a?access_token=")


def test_a_login_page_without_a_place_for_the_way_back_is_shown_as_it_is(visit: Visit) -> None:
    assert location(visit(login_url="/members#login").get("/chatsso/login")) == "/members#login"


@pytest.mark.parametrize(
    ("site_url", "script_name", "expected"),
    [
        ("https://site.example", "", "https://site.example/chatsso/go?to=%2F&provider=website_toolbox"),
        (
            "https://site.example/app",
            "/app",
            "https://site.example/app/chatsso/go?to=%2F&provider=website_toolbox",
        ),
        (
            "https://site.example/app",
            "",
            "https://site.example/app/chatsso/go?to=%2F&provider=website_toolbox",
        ),
    ],
)
def test_a_login_page_on_another_host_gets_the_whole_way_back(
    visit: Visit, site_url: str, script_name: str, expected: str
) -> None:
    visitor = visit(
        login_url="https://accounts.example/?came_from={next}", site_url=site_url, script_name=script_name
    )
    address = location(visitor.get("/chatsso/login"))
    assert address.startswith("https://accounts.example/?came_from=https%3A%2F%2F")
    assert next_of(address) == expected


def test_without_site_url_another_host_gets_the_path_since_the_host_header_is_not_believed(
    visit: Visit,
) -> None:
    visitor = visit(login_url="https://accounts.example/?came_from={next}")
    assert next_of(location(visitor.get("/chatsso/login"))).startswith("/chatsso/go?")


@pytest.mark.parametrize(
    ("endpoint", "key", "purpose"),
    [
        ("login", "login_url", "log in"),
        ("register", "register_url", "sign up"),
        ("logout", "logout_url", "log out"),
    ],
)
def test_a_page_that_the_owner_has_not_named_is_explained_and_logged(
    visit: Visit,
    room: RunningSandbox,
    caplog: pytest.LogCaptureFixture,
    endpoint: str,
    key: str,
    purpose: str,
) -> None:
    answer = visit(**{key: None}).get(f"/chatsso/{endpoint}")
    assert answer.status == "404 Not Found"
    assert f"<h1>Please {purpose} on the site</h1>".encode() in answer.body
    assert b'<a href="/">' in answer.body
    assert f'<a href="{room.url}/">'.encode() in answer.body
    assert [(record.levelname, key in record.getMessage()) for record in caplog.records] == [("ERROR", True)]
    assert set_cookies(answer) == []


def test_guests_go_to_the_chat_where_no_login_page_is_named(visit: Visit, room: RunningSandbox) -> None:
    assert location(visit(login_url=None).get("/chatsso/go")) == f"{room.url}/"


# A chat and a site that send somebody to and fro.


def test_the_fourth_bounce_of_somebody_logged_in_is_explained(visit: Visit, room: RunningSandbox) -> None:
    visitor = visit(as_user=ANN)
    statuses = [visitor.get("/chatsso/login").status[:3] for _ in range(3)]
    answer = visitor.get("/chatsso/login")
    assert [*statuses, answer.status[:3]] == ["302", "302", "302", "409"]
    assert b"the chat keeps asking you to log in" in answer.body
    assert f'<a href="{room.url}/">'.encode() in answer.body
    assert visitor.get("/chatsso/login").status == "302 Found"


@pytest.mark.parametrize("endpoint", ["login", "go"])
def test_the_fourth_visit_to_a_login_page_that_logs_nobody_in_is_explained(
    visit: Visit, endpoint: str
) -> None:
    visitor = visit(guests="login")
    statuses = [visitor.get(f"/chatsso/{endpoint}").status[:3] for _ in range(4)]
    assert statuses == ["302", "302", "302", "409"]


def test_the_count_is_forgotten_soon_and_hidden_from_scripts(visit: Visit) -> None:
    (cookie,) = set_cookies(visit(script_name="/app").get("/chatsso/login"))
    assert cookie == "chatsso.bounces=1; HttpOnly; Max-Age=30; Path=/app; SameSite=Lax"


@pytest.mark.parametrize("value", ["-5", "4", "99999999999999999999", "\u0663", "x", ""])
def test_a_count_that_nobody_wrote_is_no_count(visit: Visit, value: str) -> None:
    visitor = visit(as_user=ANN)
    visitor.cookies["chatsso.bounces"] = value
    (cookie,) = set_cookies(visitor.get("/chatsso/login"))
    assert cookie.startswith("chatsso.bounces=1;")


def test_going_to_the_chat_by_its_link_is_no_bounce(visit: Visit) -> None:
    visitor = visit(as_user=ANN)
    assert [visitor.get("/chatsso/go").status for _ in range(6)] == ["302 Found"] * 6


# register, logout


def test_the_chats_registration_leads_to_the_sites_and_then_into_the_chat(visit: Visit) -> None:
    visitor = visit(register_url="/signup?came_from={next}")
    address = location(visitor.get("/chatsso/register?to=/room/a"))
    assert address.startswith("/signup?")
    assert next_of(address) == "/chatsso/go?to=%2Froom%2Fa&provider=website_toolbox"


def test_the_chats_logout_leads_to_the_sites_page_and_ends_nothing_by_itself(visit: Visit) -> None:
    visitor = visit(as_user=ANN, logout_url="/bye")
    answer = visitor.get("/chatsso/logout")
    assert location(answer) == "/bye"
    assert set_cookies(answer) == []
    assert "access_token" in location(visitor.get("/chatsso/go"))


@pytest.mark.parametrize(
    ("logout_url", "site_url", "script_name", "expected"),
    [
        ("/bye?came_from={next}", None, "", "/"),
        ("/app/bye?came_from={next}", None, "/app", "/app"),
        ("/bye?came_from={next}", "https://site.example", "", "/"),
        ("https://accounts.example/?came_from={next}", "https://site.example", "", "https://site.example/"),
        (
            "https://accounts.example/?came_from={next}",
            "https://site.example/app",
            "/app",
            "https://site.example/app",
        ),
    ],
)
def test_after_the_logout_the_way_leads_to_the_front_page(
    visit: Visit, logout_url: str, site_url: str | None, script_name: str, expected: str
) -> None:
    visitor = visit(logout_url=logout_url, site_url=site_url, script_name=script_name)
    assert next_of(location(visitor.get("/chatsso/logout"))) == expected

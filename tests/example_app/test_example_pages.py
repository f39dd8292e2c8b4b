"""The pages that show something, and what they have in common."""

from __future__ import annotations

from typing import Any

import html5lib
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from example_app.database import User, open_database

PUBLIC = ["/", "/events", "/shed", "/signup", "/login", "/logout"]
MEMBERS = [
    "/members",
    "/profile",
    *(f"/profile/{page}" for page in ("about", "picture", "email", "password", "delete")),
]


@pytest.fixture
def ann(visitor: Any) -> Any:
    visitor.sign_up()
    return visitor


@pytest.mark.parametrize("path", [*PUBLIC, "/nothing-here"])
def test_every_public_page_is_whole_html_with_the_chat_in_its_navigation(visitor: Any, path: str) -> None:
    page = visitor.get(path, status=404 if path == "/nothing-here" else 200)
    check_page(page, visitor.room.url)


@pytest.mark.parametrize("path", MEMBERS)
def test_every_page_for_members_is_whole_html_with_the_chat_in_its_navigation(ann: Any, path: str) -> None:
    check_page(ann.get(path), ann.room.url)


def check_page(page: Any, chat: str) -> None:
    parser = html5lib.HTMLParser()
    parser.parse(page.body)
    # html5lib minds "&" before a name that is no character reference. The HTML Standard (13.2.5.73) does not,
    # and the vendor's documented tag has one.
    assert [code for _, code, _ in parser.errors if code != "expected-named-entity"] == []
    document = page.html
    [link] = document.select("nav.pages a[href^='http']")
    assert link["href"].startswith(f"{chat}/")
    assert len(document.select("h1")) == 1
    assert document.html["lang"] == "en"
    assert all(image.has_attr("alt") for image in document.select("main img, header img"))
    names = [element["id"] for element in document.select("[id]")]
    assert len(names) == len(set(names))
    for field in document.select("input:not([type=hidden]), textarea"):
        assert document.select_one(f"label[for='{field['id']}']") is not None
    for element in document.select("[aria-describedby]"):
        assert all(document.find(id=name) for name in element["aria-describedby"].split())


def test_the_page_one_is_on_is_marked_in_the_navigation(visitor: Any) -> None:
    [current] = visitor.get("/events").html.select("[aria-current=page]")
    assert current.text == "Events"


def test_a_page_that_does_not_exist_says_so(visitor: Any) -> None:
    assert "Nothing grows here" in visitor.get("/compost", status=404)


def test_members_see_each_other_and_strangers_do_not(ann: Any) -> None:
    stranger = ann.another()
    assert stranger.get("/members", status=303).location.endswith("/login?came_from=%2Fmembers")
    stranger.sign_up("Bea", "bea@example.com")
    names = [name.text for name in stranger.get("/members").html.select(".members h2")]
    assert names == ["Ann", "Bea"]


def test_an_address_is_shown_to_its_owner_alone(ann: Any) -> None:
    other = ann.another()
    other.sign_up("Bea", "bea@example.com")
    assert "ann@example.com" not in other.get("/members")
    assert "ann@example.com" in ann.get("/profile")


def test_the_committee_s_notes_are_closed_to_other_members(ann: Any) -> None:
    assert "This gate is locked" in ann.get("/committee", status=403)
    assert "Notes of the committee" not in ann.get("/members")


def test_the_committee_reads_its_notes(ann: Any) -> None:
    with Session(open_database(ann.database)) as db, db.begin():
        db.scalars(select(User)).one().committee = True
    assert "Notes of the committee" in ann.get("/members")
    check_page(ann.get("/committee"), ann.room.url)


def test_what_a_member_writes_is_text_and_never_markup(ann: Any) -> None:
    ann.send("/profile/about", status=303, about="<b>beans</b> & <script>alert(1)</script>")
    page = ann.get("/members")
    assert "&lt;b&gt;beans&lt;/b&gt; &amp; &lt;script&gt;" in page


def test_the_room_is_embedded_by_the_vendor_s_script(visitor: Any) -> None:
    script = visitor.get("/shed").html.select_one("script#embedded_chatroom")
    host = visitor.room.url.removeprefix("http:")
    assert script["src"].startswith(f"{host}/js/embed.js")


def test_the_content_security_policy_lets_the_chat_in_and_no_one_else(visitor: Any) -> None:
    answer = visitor.get("/")
    directives = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
    chat = visitor.room.url
    assert directives["default-src"] == "'none'"
    assert directives["img-src"] == f"'self' {chat}"
    assert directives["script-src"] == chat
    assert directives["frame-src"] == f"'self' {chat}"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"].startswith("private")


def test_a_page_without_news_or_forms_sets_no_cookie(visitor: Any) -> None:
    assert visitor.get("/events").headers.getall("Set-Cookie") == []


def test_the_style_sheet_and_the_drawings_are_served(visitor: Any) -> None:
    assert visitor.get("/static/site.css").content_type == "text/css"
    assert visitor.get("/static/allotment.svg").content_type == "image/svg+xml"


@pytest.mark.parametrize("query", ["came_from=%ff", "%ff=1"])
def test_an_address_that_is_no_text_gets_a_plain_answer(visitor: Any, query: str) -> None:
    assert "This could not be read" in visitor.get(f"/login?{query}", status=400)


def test_a_form_that_is_no_text_is_refused_beside_its_fields(visitor: Any) -> None:
    token = visitor.form("/signup")["csrf_token"].value.encode()
    body = b"csrf_token=" + token + b"&username=An%ff&email=ann%ff@example.com&password=three+odd+words"
    page = visitor.app.post("/signup", body, status=200)
    assert {error["id"] for error in page.html.select(".error")} == {"username-error", "email-error"}

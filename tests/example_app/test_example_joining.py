"""Sign up, log in, log out, as a visitor meets them."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from argon2 import PasswordHasher

PASSWORD = "three odd words"

FOREIGN = [
    "//evil.example/",
    "/\\evil.example/",
    "\\\\evil.example",
    "https://evil.example/",
    "https:evil.example",
    "javascript:alert(1)",
    "/\t/evil.example/",
    "/%0d%0aSet-Cookie: a=b\r\nSet-Cookie: c=d",
    "evil.example",
    "",
]


def test_whoever_signs_up_is_logged_in_and_greeted(either_visitor: Any) -> None:
    answer = either_visitor.sign_up()
    assert answer.location == "http://localhost/"
    assert "Welcome to Millbrook Lane, Ann." in answer.follow()
    assert either_visitor.is_logged_in()


def test_the_password_is_kept_as_an_argon2_hash_alone(visitor: Any, tmp_path: Any) -> None:
    visitor.sign_up()
    row = visitor.row()
    assert row.password_hash.startswith("$argon2id$")
    assert PasswordHasher().verify(row.password_hash, PASSWORD)
    assert PASSWORD.encode() not in (tmp_path / "site.sqlite3").read_bytes()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"username": "Bea", "email": "ANN@example.com"}, "Another member has this email address"),
        ({"username": "ann", "email": "bea@example.com"}, "Another member has this display name"),
    ],
)
def test_an_address_or_name_that_is_taken_is_refused(
    visitor: Any, fields: dict[str, str], message: str
) -> None:
    visitor.sign_up()
    page = visitor.another().send("/signup", status=200, password=PASSWORD, **fields)
    assert [link.text for link in page.html.select(".errors a")] == [message]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("email", "", "Enter an email address"),
        ("email", "ann", "Enter an email address like name@example.com"),
        ("email", "ann@example", "Enter an email address like name@example.com"),
        ("email", "ann@example.com,bea@example.com", "Enter an email address like name@example.com"),
        ("email", 'a"nn@example.com', "Enter an email address like name@example.com"),
        ("email", f"{'a' * 250}@example.com", "Enter an email address of at most 254 characters"),
        ("username", "A", "The display name has 2 to 30 characters"),
        (
            "username",
            "<script>",
            "A display name is letters, digits, spaces, full stops, hyphens and apostrophes",
        ),
        ("password", "nine char", "The password has 10 to 200 characters"),
        ("password", "x" * 201, "The password has 10 to 200 characters"),
    ],
)
def test_what_cannot_be_taken_is_said_beside_its_field(
    visitor: Any, field: str, value: str, message: str
) -> None:
    fields = {"username": "Ann", "email": "ann@example.com", "password": PASSWORD, field: value}
    page = visitor.send("/signup", status=200, **fields)
    assert page.html.select_one(f"#{field}-error").text == message
    assert f"{field}-error" in page.html.select_one(f"#{field}")["aria-describedby"]
    assert page.html.select_one(f".errors a[href='#{field}']").text == message
    assert "autofocus" in page.html.select_one(".errors").attrs
    assert visitor.row() is None


def test_two_at_the_same_moment_cannot_take_one_address(visitor: Any) -> None:
    visitors = [visitor.another() for _ in range(4)]
    forms = [one.form("/signup") for one in visitors]
    start = Barrier(len(forms))

    def submit(number: int) -> int:
        form = forms[number]
        form["username"], form["email"], form["password"] = f"Ann {number}", "ann@example.com", PASSWORD
        start.wait(10)
        status: int = form.submit().status_int
        return status

    with ThreadPoolExecutor(len(forms)) as pool:
        assert sorted(pool.map(submit, range(len(forms)))) == [200, 200, 200, 303]


def test_a_member_logs_in_and_out(either_visitor: Any) -> None:
    either_visitor.sign_up()
    assert either_visitor.log_out().location == "http://localhost/"
    assert not either_visitor.is_logged_in()
    assert "Good to see you, Ann." in either_visitor.log_in().follow()
    assert either_visitor.is_logged_in()


@pytest.mark.parametrize(
    ("email", "password"), [("ann@example.com", "not the password"), ("nobody@example.com", PASSWORD)]
)
def test_a_wrong_address_and_a_wrong_password_get_the_same_answer(
    visitor: Any, email: str, password: str
) -> None:
    visitor.another().sign_up()
    page = visitor.send("/login", status=200, email=email, password=password)
    assert page.html.select_one("#email-error").text == "Email address and password do not belong together"
    assert password not in page
    assert not visitor.is_logged_in()


def test_remember_me_keeps_the_login_for_thirty_days_and_else_it_ends_with_the_browser(visitor: Any) -> None:
    visitor.another().sign_up()
    remembered = login_cookie(visitor.log_in(remember=True))
    assert "Max-Age=2592000" in remembered
    visitor.log_out()
    assert "Max-Age" not in login_cookie(visitor.log_in())


def test_the_login_cookie_is_kept_from_scripts_and_from_other_sites(visitor: Any) -> None:
    cookie = login_cookie(visitor.sign_up())
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Domain" not in cookie


def test_a_login_begins_a_new_session(visitor: Any) -> None:
    visitor.another().sign_up()
    before = visitor.form("/login")["csrf_token"].value
    visitor.log_in()
    assert visitor.form("/logout")["csrf_token"].value != before


def test_a_forged_login_cookie_logs_nobody_in(visitor: Any) -> None:
    visitor.sign_up()
    cookie = visitor.app.cookies["millbrook_login"]
    other = visitor.another()
    other.app.set_cookie("millbrook_login", ("0" if cookie[0] != "0" else "1") + cookie[1:])
    assert not other.is_logged_in()


@pytest.mark.parametrize("page", ["/login", "/signup"])
def test_a_login_leads_back_to_the_page_that_asked_for_it(visitor: Any, page: str) -> None:
    if page == "/login":
        visitor.another().sign_up()
        form = visitor.form("/login?came_from=%2Fmembers%3Fa%3D1")
    else:
        form = visitor.form("/signup?came_from=%2Fmembers%3Fa%3D1")
        form["username"] = "Ann"
    form["email"], form["password"] = "ann@example.com", PASSWORD
    assert form.submit(status=303).location == "http://localhost/members?a=1"


@pytest.mark.parametrize("address", FOREIGN)
def test_a_login_never_leads_to_another_site(visitor: Any, address: str) -> None:
    visitor.another().sign_up()
    form = visitor.form("/login")
    form["email"], form["password"], form["came_from"] = "ann@example.com", PASSWORD, address
    answer = form.submit(status=303)
    assert answer.location == "http://localhost/"


@pytest.mark.parametrize("address", FOREIGN)
def test_a_link_to_the_login_page_cannot_plant_another_site(visitor: Any, address: str) -> None:
    page = visitor.app.get("/login", params={"came_from": address})
    assert page.html.select_one("input[name=came_from]")["value"] == "/"


@pytest.mark.parametrize("page", ["/login", "/signup"])
def test_whoever_is_logged_in_is_sent_on_by_the_login_pages(visitor: Any, page: str) -> None:
    visitor.sign_up()
    assert visitor.get(f"{page}?came_from=/events", status=303).location == "http://localhost/events"


def test_looking_at_the_logout_page_logs_nobody_out(either_visitor: Any) -> None:
    either_visitor.sign_up()
    assert "Log out?" in either_visitor.get("/logout")
    assert either_visitor.is_logged_in()
    either_visitor.log_out()
    assert "You are logged out" in either_visitor.get("/logout")


@pytest.mark.parametrize("path", ["/login", "/signup", "/logout"])
@pytest.mark.parametrize("token", [None, "wrong"])
def test_a_form_without_its_token_changes_nothing(visitor: Any, path: str, token: str | None) -> None:
    visitor.sign_up()
    fields = {} if token is None else {"csrf_token": token}
    assert "This form is too old" in visitor.app.post(path, fields, status=400)
    assert visitor.is_logged_in()


def login_cookie(answer: Any) -> str:
    cookies: list[str] = answer.headers.getall("Set-Cookie")
    [cookie] = [cookie for cookie in cookies if re.match("millbrook_login=.", cookie)]
    return cookie

"""The hosted login page over real sockets: the form, what becomes of it, and the way out."""

from __future__ import annotations

import logging
from pathlib import Path
from urllib.parse import quote

import pytest
import requests
from webtest import TestApp

from chatsso_middleware.signin.outcome import Refused
from chatsso_middleware.users import ChatUser
from tests.support.signin_site import PASSWORD, SignInSite

from .conftest import StartSite
from .person import Person, Shown

HOSTILE = "<script>alert(1)</script>\"' autofocus onfocus=alert(1) x=&quot;{{ 7 * 7 }}%(x)s%"
RIGHT = {"login": "ann", "password": PASSWORD}


def who(site: SignInSite, person: Person) -> str:
    """Who is logged in on the site."""
    page = Shown(person.session.get(site.url, timeout=20))
    return str(page.by_id("who").text)


def alert_texts(shown: Shown) -> str:
    return " ".join("".join(shown.by_id("alert").itertext()).split())


def test_a_visitor_logs_in_and_comes_to_where_he_wanted(start: StartSite) -> None:
    site = start()
    person = Person(site.page)
    assert person.get("?next=/board?page=2").heading == "Log in"
    answer = person.send(**RIGHT)
    assert (answer.status, answer.headers["Location"]) == (303, "/board?page=2")
    assert who(site, person) == "ann@example.com"
    assert site.people.asked == ["ann"]


@pytest.mark.parametrize(
    "elsewhere",
    [
        "//evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "evil",
        "",
        "/a\r\nSet-Cookie: x=1",
    ],
)
def test_a_login_never_leads_to_another_site(start: StartSite, elsewhere: str) -> None:
    person = Person(start().page)
    person.get(f"?next={quote(elsewhere)}")
    assert person.send(**RIGHT).headers["Location"] == "/"


def test_the_form_has_what_browsers_and_password_managers_look_for(start: StartSite) -> None:
    shown = Person(start().page).get()
    login, password = shown.by_id("login"), shown.by_id("password")
    assert (login.get("type"), login.get("autocomplete")) == ("text", "username")
    assert (password.get("type"), password.get("autocomplete")) == ("password", "current-password")
    for field in (login, password):
        assert field.get("autocapitalize") == "none"
        assert field.get("spellcheck") == "false"
        assert field.get("placeholder") is None
        assert field.get("maxlength") is None
    assert {label.get("for") for label in shown.all("label")} == {"login", "password"}


@pytest.mark.parametrize(("login", "password"), [("ann", "wrong"), ("nobody", PASSWORD), ("nobody", "x")])
def test_wrong_name_and_wrong_password_get_the_same_answer(
    start: StartSite, login: str, password: str
) -> None:
    site = start()
    person = Person(site.page)
    person.get()
    shown = person.send(login=login, password=password)
    assert shown.status == 422
    assert alert_texts(shown) == "You could not be logged in The user name or the password is wrong."
    assert shown.by_id("login").get("value") == login
    assert shown.by_id("password").get("value") is None
    for name in ("login", "password"):
        assert shown.by_id(name).get("aria-invalid") == "true"
        assert shown.by_id(name).get("aria-describedby") == "alert-text"
    assert who(site, person) == "nobody"


def test_the_summary_of_errors_takes_the_focus_and_is_read_out(start: StartSite) -> None:
    person = Person(start().page)
    assert "autofocus" in person.get().by_id("login").attrib
    shown = person.send(login="", password="")
    alert = shown.by_id("alert")
    assert (alert.get("role"), alert.get("tabindex")) == ("alert", "-1")
    assert "autofocus" in alert.attrib
    assert "autofocus" not in shown.by_id("login").attrib
    assert [link.get("href") for link in alert.iter("a")] == ["#login", "#password"]
    assert shown.by_id("login-mistake").text == "Enter your user name or email address."
    assert shown.by_id("login").get("aria-describedby") == "login-mistake"
    (title,) = shown.all("title")
    assert title.text == "Error: Log in"


def test_what_the_owner_checks_is_told_at_its_field_and_never_sent(start: StartSite) -> None:
    site = start(**{"check.login": "[^@]+@example[.]com"})
    person = Person(site.page)
    person.get()
    shown = person.send(login="ann@other.example", password=PASSWORD)
    assert shown.status == 422
    assert shown.by_id("login-mistake").text == "This cannot be right. Please check it."
    assert site.people.asked == []


def test_terms_have_to_be_accepted_where_the_owner_says_so(start: StartSite) -> None:
    site = start(terms_url="/terms", terms_required="yes")
    person = Person(site.page)
    shown = person.get()
    assert "checked" not in shown.by_id("terms").attrib
    shown = person.send(**RIGHT)
    assert shown.status == 422
    assert shown.has("terms-mistake")
    assert site.people.asked == []
    assert person.send(**RIGHT, terms="yes").status == 303


def test_a_tick_is_kept_where_something_else_is_wrong(start: StartSite) -> None:
    person = Person(start(terms_url="/terms", terms_required="yes").page)
    person.get()
    assert "checked" in person.send(login="ann", password="wrong", terms="yes").by_id("terms").attrib


def test_too_many_attempts_say_how_long_to_wait(start: StartSite) -> None:
    site = start(limit_account="2 per minute")
    person = Person(site.page)
    person.get()
    statuses = [person.send(login="ann", password="wrong").status for _ in range(3)]
    assert statuses == [422, 422, 429]
    assert 1 <= int(person.shown.headers["Retry-After"]) <= 60
    assert "There were too many attempts." in alert_texts(person.shown)
    assert site.people.asked == ["ann", "ann"]
    assert person.send(login="ann@example.com", password=PASSWORD).status == 303


def test_a_proxy_is_believed_only_where_it_is_trusted(start: StartSite) -> None:
    for trusted, statuses in (({}, [422, 429]), ({"trusted_proxies": "127.0.0.1"}, [422, 422])):
        # without a server between: waitress drops the header unless it is told whom to trust
        app = TestApp(start(limit_ip="1 per minute", **trusted).app, {"REMOTE_ADDR": "127.0.0.1"})
        form = app.get("/chatsso/signin").forms["form"]
        form["login"], form["password"] = "ann", "x"
        got = [
            form.submit(headers={"X-Forwarded-For": f"192.0.2.{number}"}, expect_errors=True).status_int
            for number in (1, 2)
        ]
        assert got == statuses


def test_a_service_that_is_down_is_not_the_visitors_fault(start: StartSite) -> None:
    site = start()
    site.people.down = True
    person = Person(site.page)
    person.get()
    shown = person.send(**RIGHT)
    assert shown.status == 503
    assert shown.headers["Retry-After"] == "7"
    assert "It is not your password" in alert_texts(shown)
    assert shown.by_id("password").get("aria-invalid") is None


def test_a_failure_without_a_known_end_names_none(start: StartSite) -> None:
    site = start()
    site.people.user = None  # type: ignore[assignment]
    site.people.refusal = "nonsense"  # type: ignore[assignment]
    person = Person(site.page)
    person.get()
    shown = person.send(**RIGHT)
    assert shown.status == 503
    assert "Retry-After" not in shown.headers


def test_the_owners_own_words_are_shown_as_text(start: StartSite) -> None:
    site = start()
    site.people.refusal = Refused(HOSTILE, "LOCKED", "other")
    person = Person(site.page)
    person.get()
    shown = person.send(**RIGHT)
    assert HOSTILE in "".join(shown.by_id("alert").itertext())


def test_hostile_values_stay_values(start: StartSite) -> None:
    site = start(title=HOSTILE, limit_account="1000 per minute")
    person = Person(site.page)
    person.get(f"?next={quote('/' + HOSTILE.replace(' ', '+'))}&lang={quote(HOSTILE)}")
    shown = person.send(login=HOSTILE, password=HOSTILE)
    assert shown.by_id("login").get("value") == HOSTILE
    assert [script.get("nonce") is not None for script in shown.all("script")] == [True]
    assert shown.by_id("form").get("action", "").startswith("/chatsso/signin?next=%2F")
    assert HOSTILE not in shown.answer.text
    assert shown.all("title")[0].text == f"Error: Log in \N{EN DASH} {HOSTILE}"


def test_hostile_names_of_users_stay_text(start: StartSite) -> None:
    site = start(embed_origins="webview")
    site.people.user = ChatUser("ann@example.com", name=HOSTILE)
    person = Person(site.page)
    person.get("?embed=webview")
    assert HOSTILE in person.send(**RIGHT).text
    assert HOSTILE in person.get().text
    assert HOSTILE in person.get("/logout").text
    assert len(person.shown.all("script")) == 0


@pytest.mark.parametrize("login", ["a\x00b", "\ud83d\ude00", "x" * 2000, "ann\r\nX-Evil: 1", " ann "])
def test_odd_logins_are_answered_in_peace(start: StartSite, login: str) -> None:
    person = Person(start().page)
    person.get()
    shown = person.send(login=login.encode("utf-8", "surrogatepass").decode("utf-8", "replace"), password="x")
    assert shown.status == 422
    assert shown.has("alert")


def test_a_body_that_is_far_too_long_is_not_read(start: StartSite) -> None:
    app = TestApp(start().app)
    body = b"login=" + b"x" * 70_000
    answer = app.post("/chatsso/signin", body, expect_errors=True)
    assert answer.status_int == 400


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"login=%ff&password=%fe", "application/x-www-form-urlencoded"),
        (b"{}", "application/json"),
        (b"x", "multipart/form-data; boundary=x"),
        (b"login=\xe9", "application/x-www-form-urlencoded"),
        (b"login=x&password=x", "application/x-www-form-urlencoded; charset=utf-16"),
        (b"login=x&password=x", "application/x-www-form-urlencoded; charset=nonsense"),
        (b"a=b&" * 200, "application/x-www-form-urlencoded"),
        (b"", ""),
    ],
)
def test_a_body_that_no_page_of_ours_sends_is_refused_with_a_page(
    start: StartSite, body: bytes, content_type: str
) -> None:
    site = start()
    answer = requests.post(site.page, data=body, headers={"Content-Type": content_type}, timeout=20)
    assert answer.status_code == (403 if b"login=x" in body else 400)
    assert "html" in answer.headers["Content-Type"]
    assert site.people.asked == []


def test_an_address_that_is_not_text_is_answered(start: StartSite) -> None:
    answer = requests.get(start().page + "?next=%ff", timeout=20)
    assert answer.status_code == 400


def test_a_form_of_a_stranger_logs_nobody_in(start: StartSite) -> None:
    site = start()
    stranger = requests.post(site.page, data=RIGHT, timeout=20)
    assert stranger.status_code == 403
    assert "Please try once more" in stranger.text
    person = Person(site.page)
    person.get()
    assert person.send(**RIGHT, headers={"Sec-Fetch-Site": "cross-site"}).status == 403
    person.get()
    other = Person(site.page)
    other.get()
    assert (
        other.send(**RIGHT, forgery_token=person.shown.document.find(".//input").get("value")).status == 403
    )
    assert site.people.asked == []


def test_a_page_that_was_open_too_long_keeps_the_name_and_can_be_sent_again(start: StartSite) -> None:
    person = Person(start().page)
    person.get()
    person.session.cookies.clear()
    shown = person.send(**RIGHT)
    assert shown.status == 403
    assert shown.by_id("login").get("value") == "ann"
    assert person.send(**RIGHT).status == 303


def test_a_login_changes_what_the_browser_had_before(start: StartSite) -> None:
    person = Person(start().page)
    person.get()
    before = dict(person.session.cookies)
    answer = person.send(**RIGHT)
    after = dict(person.session.cookies)
    assert after["chatsso.forgery"] != before["chatsso.forgery"]
    assert "chatsso" in after
    cookies = answer.answer.raw.headers.getlist("Set-Cookie")
    assert all("HttpOnly" in cookie and "SameSite=Lax" in cookie for cookie in cookies)


def test_who_is_logged_in_sees_as_whom_and_may_go_on_or_leave(start: StartSite) -> None:
    site = start()
    person = Person(site.page)
    person.get()
    person.send(**RIGHT)
    shown = person.get("?next=/board")
    assert shown.heading == "You are logged in"
    assert "You are logged in here as Ann Example." in shown.text
    assert "/board" in [link.get("href") for link in shown.all("a")]
    left = person.send()
    assert (left.status, left.headers["Location"]) == (303, "/board")
    assert who(site, person) == "nobody"


def test_somebody_else_may_log_in_in_the_same_browser(start: StartSite) -> None:
    site = start()
    person = Person(site.page)
    form = person.get()
    person.send(**RIGHT)
    site.people.user = ChatUser("bob@example.com", id="4712")
    person.shown = form
    person.send(**RIGHT)
    assert person.shown.status == 403, "the page was made before the login"
    person.send(**RIGHT)
    assert who(site, person) == "bob@example.com"


def test_a_link_alone_logs_nobody_out(start: StartSite) -> None:
    site = start()
    person = Person(site.page)
    person.get()
    person.send(**RIGHT)
    assert person.get("/logout").heading == "Log out?"
    assert who(site, person) == "ann@example.com"
    refused = person.send(headers={"Sec-Fetch-Site": "cross-site"})
    assert refused.status == 403
    assert alert_texts(refused) == "Please try once more"
    assert who(site, person) == "ann@example.com"
    assert person.send().headers["Location"] == "/"
    assert who(site, person) == "nobody"
    shown = person.get("/logout?next=/board")
    assert shown.heading == "You are logged out"
    assert [link.get("href") for link in shown.all("a")][:2] == ["/chatsso/signin?next=%2Fboard", "/board"]


@pytest.mark.parametrize(
    ("asked", "accepted", "language"),
    [
        ("", "de-AT,de;q=0.9,en;q=0.1", "de"),
        ("", "fr,es-MX;q=0.5", "es"),
        ("", "fr", "en"),
        ("", "*;q=nonsense;;", "en"),
        ("?lang=pt", "de", "pt"),
        ("?lang=PT", "de", "pt"),
        ("?lang=fr", "de", "de"),
    ],
)
def test_the_page_speaks_the_visitors_language(
    start: StartSite, asked: str, accepted: str, language: str
) -> None:
    shown = Person(start().page).get(asked, Accept_Language=accepted)
    assert shown.document.get("lang") == language
    assert shown.headers["Content-Language"] == language
    assert shown.headers["Vary"] == "Accept-Language"


def test_a_language_that_was_asked_for_stays_through_the_form(start: StartSite) -> None:
    person = Person(start().page)
    person.get("?lang=de&next=/board")
    shown = person.send(login="ann", password="wrong")
    assert "Der Benutzername oder das Passwort ist falsch." in shown.text
    links = {link.get("hreflang"): link.get("href") for link in shown.all("a") if link.get("hreflang")}
    assert links == {tag: f"/chatsso/signin?next=%2Fboard&lang={tag}" for tag in ("en", "pt", "es")}


def test_one_language_offers_no_choice(start: StartSite) -> None:
    shown = Person(start(languages="de").page).get()
    assert shown.all("nav") == []
    assert shown.heading == "Anmelden"


def test_links_of_the_owner_stand_on_the_page(start: StartSite) -> None:
    shown = Person(
        start(reset_url="/reset", faq_url="https://help.example.com/?a=1&b=2", terms_url="/t").page
    ).get()
    links = {link.get("href"): link.get("target") for link in shown.all("a") if not link.get("hreflang")}
    assert links == {"/reset": None, "https://help.example.com/?a=1&b=2": "_blank", "/t": "_blank"}
    assert all("noopener" in link.get("rel", "") for link in shown.all("a") if link.get("target") == "_blank")


def test_the_policy_lets_nothing_in_but_what_is_configured(start: StartSite) -> None:
    site = start()
    shown = Person(site.page).get()
    nonce = shown.all("script")[0].get("nonce")
    assert shown.policy == {
        "default-src": ["'none'"],
        "script-src": [f"'nonce-{nonce}'"],
        "style-src": [f"'nonce-{nonce}'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'", site.chat_url],
        "frame-ancestors": ["'self'"],
    }
    assert Person(site.page).get().all("script")[0].get("nonce") != nonce
    site = start(
        logo="https://img.example.com/logo.png",
        stylesheet="/static/own.css",
        font="https://f.example.com/x.woff2",
    )
    policy = Person(site.page).get().policy
    assert policy["img-src"] == ["'self'", "https://img.example.com"]
    assert policy["style-src"][1:] == ["'self'"]
    assert policy["font-src"] == ["'self'", "https://f.example.com"]


def test_no_answer_is_kept_or_tells_where_it_came_from(start: StartSite) -> None:
    person = Person(start().page)
    for shown in (
        person.get(),
        person.send(login="ann", password="x"),
        person.send(**RIGHT),
        person.get("/logout"),
    ):
        assert shown.headers["Cache-Control"].endswith("no-store")
        assert shown.headers["Referrer-Policy"] == "no-referrer"
        assert shown.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(("path", "allowed"), [("", "GET, HEAD, POST"), ("/logout", "GET, HEAD, POST")])
def test_other_methods_are_refused(start: StartSite, path: str, allowed: str) -> None:
    answer = requests.put(start().page + path, timeout=20)
    assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)


def test_head_is_answered_as_get_without_a_body(start: StartSite) -> None:
    answer = requests.head(start().page, timeout=20)
    assert answer.status_code == 200
    assert answer.content == b""


def test_templates_and_texts_of_the_owner_are_used(start: StartSite, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "layout.jinja2").write_text(
        '<!doctype html><html lang="{{ language.tag }}"><title>Own</title><body id="own">'
        '<img src="/static/own.png">{% block content %}{% endblock %}'
    )
    (folder / "form.jinja2").write_text(
        '{% extends "layout.jinja2" %}{% block content %}{{ oops }}{% endblock %}'
    )
    site = start(templates=folder)
    shown = Person(site.page).get()
    assert shown.has("own")
    assert shown.has("password"), "a broken form gives way to ours"
    assert shown.policy["img-src"] == ["'self'"]


def test_a_password_is_in_no_log_and_no_answer(start: StartSite, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    site = start(limit_account="3 per minute")
    person = Person(site.page)
    person.get()
    passwords = ["pa55-wrong", "pa55-down", "pa55-limited", "pa55-stale"]

    def send(password: str) -> None:
        assert password not in person.send(login="ann", password=password).answer.text

    send(passwords[0])
    site.people.down = True
    send(passwords[1])
    send(passwords[1])
    send(passwords[2])
    person.session.cookies.clear()
    send(passwords[3])
    site.people.down = False
    person.send(login="ann@example.com", password=PASSWORD)
    ours = [record for record in caplog.records if record.name.startswith("chatsso")]
    assert ours, "the failures are told"
    assert not any(secret in caplog.text for secret in (*passwords, PASSWORD))

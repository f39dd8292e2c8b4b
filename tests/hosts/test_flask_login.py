"""A Flask application with Flask-Login, which says nothing to the chat itself."""

from __future__ import annotations

import secrets
from typing import Any

import flask
import flask_login
import pytest

from chatsso_middleware.sandbox.website_toolbox import RunningSandbox

from .conftest import StartSite

PAGE = "<!doctype html><body><p id=user>{user}</p></body>"


class Member(flask_login.UserMixin):  # type: ignore[misc]  # it has no types
    """Whoever has an account on the site; the id is the start of the address."""

    def __init__(self, name: str) -> None:
        self.id = name
        self.username = name
        self.email = f"{name}@example.com"


class Site:
    """The application, whose members the test can do away with."""

    def __init__(self) -> None:
        self.app = flask.Flask("site")
        self.app.secret_key = secrets.token_hex()
        self.gone: set[str] = set()
        self.lookups = 0
        manager = flask_login.LoginManager(self.app)
        manager.user_loader(self.find)
        self.app.add_url_rule("/", view_func=self.page)
        self.app.add_url_rule("/login/<name>", view_func=self.log_in)
        self.app.add_url_rule("/logout", view_func=self.log_out)
        self.app.add_url_rule("/image", view_func=self.image)

    def find(self, name: str) -> Member | None:
        self.lookups += 1
        if name == "broken":
            raise LookupError("canary")
        return None if name in self.gone else Member(name)

    def page(self) -> str:
        user = "nobody" if "unasked" in flask.request.args else flask_login.current_user.get_id() or "nobody"
        return PAGE.format(user=user)

    def log_in(self, name: str) -> Any:
        flask_login.login_user(Member(name), remember="remember" in flask.request.args)
        return flask.redirect("/?unasked=1")

    def log_out(self) -> Any:
        flask_login.logout_user()
        return flask.redirect("/")

    def image(self) -> flask.Response:
        return flask.Response(b"GIF89a", mimetype="image/gif")


def test_who_logs_in_with_flask_login_is_logged_in_in_the_chat_and_out_again(
    start_site: StartSite, room: RunningSandbox
) -> None:
    browser = start_site(Site().app, "flask_login")
    assert browser.get("/").tags == ()
    (tag,) = browser.get("/login/ann").tags
    assert tag.endswith("rememberMe=0")
    assert browser.get(f"{room.url}/").user == "ann@example.com"
    account = room.room.account("ann@example.com")
    assert account is not None
    assert account.username == "ann"
    browser.get("/login/bob?remember=1")
    (tag,) = browser.get("/").tags
    assert tag.endswith("rememberMe=1")
    assert browser.get(f"{room.url}/").user == "bob@example.com"
    assert browser.get("/logout").user == "nobody"
    assert browser.get(f"{room.url}/").user == ""


def test_a_session_that_ends_by_itself_is_noticed_on_the_next_page_and_images_look_nobody_up(
    start_site: StartSite, room: RunningSandbox
) -> None:
    site = Site()
    browser = start_site(site.app, "flask_login")
    browser.get("/login/ann")
    before = site.lookups
    browser.get("/image")
    assert site.lookups == before
    site.gone.add("ann")
    browser.get("/?unasked=1")
    assert browser.get(f"{room.url}/").user == ""


def test_a_loader_that_fails_breaks_no_page_and_ends_no_login(
    start_site: StartSite, room: RunningSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    browser = start_site(Site().app, "flask_login")
    browser.get("/login/broken")
    assert browser.get("/?unasked=1").status == 200
    assert browser.get(f"{room.url}/").user == "broken@example.com"
    assert "could not be read: LookupError" in caplog.text
    assert "canary" not in caplog.text


def test_a_flask_application_without_flask_login_is_left_alone(
    start_site: StartSite, room: RunningSandbox
) -> None:
    app = flask.Flask("plain")
    app.add_url_rule("/", view_func=lambda: PAGE.format(user="nobody"))
    assert start_site(app, "flask_login").get("/").tags == ()
    with app.test_client() as client:
        assert client.get("/").status_code == 200

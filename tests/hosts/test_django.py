"""A Django project, whose views say nothing to the chat themselves."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import django
import pytest
from django.conf import settings
from django.contrib import auth
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import path

from chatsso_middleware.sandbox.website_toolbox import RunningSandbox

from .conftest import StartSite

PAGE = "<!doctype html><body><p id=user>page</p></body>"


def page(request: Any) -> HttpResponse:
    return HttpResponse(PAGE)


def image(request: Any) -> HttpResponse:
    return HttpResponse(b"GIF89a", content_type="image/gif")


def log_in(request: Any, name: str) -> HttpResponse:
    auth.login(request, auth.get_user_model().objects.get(username=name))
    return HttpResponseRedirect("/")


def log_out(request: Any) -> HttpResponse:
    auth.logout(request)
    return HttpResponseRedirect("/")


def forget(request: Any) -> HttpResponse:
    """The session ends without a word to anybody."""
    request.session.flush()
    return HttpResponse("gone", content_type="text/plain")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The WSGI application. A process can have one Django project, so it is set up once."""
    settings.configure(
        SECRET_KEY=secrets.token_hex(),
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=(
            path("", page),
            path("image", image),
            path("login/<name>", log_in),
            path("logout", log_out),
            path("forget", forget),
        ),
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"],
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "chatsso_middleware.hosts.django.note_identity",
        ],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(tmp_path_factory.mktemp("django") / "site.sqlite3"),
            }
        },
    )
    django.setup()
    call_command("migrate", verbosity=0)
    for name in ("ann", "bob"):
        auth.get_user_model().objects.create_user(name, f"{name}@example.com")
    yield get_wsgi_application()
    connections.close_all()


def test_who_logs_in_with_django_is_logged_in_in_the_chat_and_out_again(
    project: Any, start_site: StartSite, room: RunningSandbox
) -> None:
    browser = start_site(project, "django")
    assert browser.get("/").tags == ()
    assert len(browser.get("/login/ann").tags) == 1
    assert browser.get(f"{room.url}/").user == "ann@example.com"
    browser.get("/login/bob")
    browser.get("/")
    assert browser.get(f"{room.url}/").user == "bob@example.com"
    browser.get("/logout")
    assert browser.get(f"{room.url}/").user == ""


def test_a_session_that_ends_by_itself_is_noticed_on_the_next_page(
    project: Any, start_site: StartSite, room: RunningSandbox
) -> None:
    browser = start_site(project, "django")
    browser.get("/login/ann")
    browser.get("/forget")
    browser.get("/image")
    assert browser.get(f"{room.url}/").user == "ann@example.com", "an image says nothing about it"
    browser.get("/")
    assert browser.get(f"{room.url}/").user == ""


def test_the_mapping_counts_more_than_the_users_own_address(
    project: Any, start_site: StartSite, room: RunningSandbox
) -> None:
    browser = start_site(project, "django", **{"identity.email": "member-{userid}@example.com"})
    browser.get("/login/ann")
    assert browser.get(f"{room.url}/").user == "member-1@example.com"


def test_a_user_model_that_fails_breaks_no_page(
    project: Any,
    start_site: StartSite,
    room: RunningSandbox,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    browser = start_site(project, "django")
    browser.get("/login/ann")

    def fail(user: Any) -> bool:
        raise LookupError("canary")

    monkeypatch.setattr(auth.get_user_model(), "is_authenticated", property(fail))
    assert browser.get("/").status == 200
    assert browser.get(f"{room.url}/").user == "ann@example.com"
    assert "could not be read: LookupError" in caplog.text
    assert "canary" not in caplog.text

"""REMOTE_USER and repoze.who, whose real middleware stands inside or outside of ours."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import pytest
from repoze.who.middleware import PluggableAuthenticationMiddleware
from repoze.who.plugins.auth_tkt import AuthTktCookiePlugin

from chatsso_middleware.hosts import IdentityMapping
from chatsso_middleware.hosts.remote_user import RemoteUserReader
from chatsso_middleware.sandbox.website_toolbox import RunningSandbox
from chatsso_middleware.users import UNKNOWN, ChatUser

from .conftest import StartSite

READ = RemoteUserReader(IdentityMapping(email="{userid}@example.com"))


def test_nobody_is_logged_in_without_either() -> None:
    assert READ({}) is None
    assert READ({"REMOTE_USER": "", "repoze.who.identity": None}) is None


def test_the_servers_user_is_read() -> None:
    assert READ({"REMOTE_USER": "ann"}) == ChatUser("ann@example.com", username="ann", id="ann")


def test_the_bytes_of_utf8_that_a_server_passes_on_as_latin_1_are_read_as_what_they_are() -> None:
    renée = ChatUser("renée@example.com", username="renée", id="renée")
    assert READ({"REMOTE_USER": "renée".encode().decode("latin-1")}) == renée
    assert READ({"REMOTE_USER": "renée"}) == renée, "an authenticator in Python may put the text itself"
    assert READ({"REMOTE_USER": "Żaneta"}) == ChatUser("Żaneta@example.com", username="Żaneta", id="Żaneta")


def test_the_identity_of_repoze_who_counts_more_and_its_address_is_taken() -> None:
    read = RemoteUserReader(IdentityMapping())
    identity = {"repoze.who.userid": 7, "email": "ann@example.com", "name": "Ann"}
    environ = {"REMOTE_USER": "somebody", "repoze.who.identity": identity}
    assert read(environ) == ChatUser("ann@example.com", name="Ann", id="7")
    assert read({"repoze.who.identity": {"login": "ann"}}) is UNKNOWN


# The real repoze.who.


def host(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """A site behind repoze.who: it logs in and out by the plugin's own headers."""
    plugin = environ["repoze.who.plugins"]["ticket"]
    if environ["PATH_INFO"] == "/login":
        user = environ["QUERY_STRING"]
        headers = plugin.remember(environ, {"repoze.who.userid": user})
        start_response("303 See Other", [("Location", "/"), *headers])
        return [b""]
    if environ["PATH_INFO"] == "/logout":
        headers = plugin.forget(environ, {})
        start_response("303 See Other", [("Location", "/"), *headers])
        return [b""]
    user = environ.get("REMOTE_USER", "nobody")
    page = f"<!doctype html><body><p id=user>{user}</p></body>".encode()
    start_response("200 OK", [("Content-Type", "text/html"), ("Content-Length", str(len(page)))])
    return [page]


def with_repoze_who(app: Any) -> Any:
    ticket = AuthTktCookiePlugin(secrets.token_hex(), "ticket", digest_algo="sha512")
    return PluggableAuthenticationMiddleware(
        app,
        identifiers=[("ticket", ticket)],
        authenticators=[("ticket", ticket)],
        challengers=[],
        mdproviders=[],
        request_classifier=lambda environ: "browser",
        challenge_decider=lambda environ, status, headers: False,
    )


@pytest.mark.parametrize("place", ["inside", "outside"])
def test_who_logs_in_with_repoze_who_is_logged_in_in_the_chat_and_out_again(
    start_site: StartSite, room: RunningSandbox, place: str
) -> None:
    browser = start_site(
        with_repoze_who(host) if place == "inside" else host,
        "remote_user",
        outside=None if place == "inside" else with_repoze_who,
        **{"identity.email": "{userid}@example.com"},
    )
    assert browser.get("/").user == "nobody"
    assert len(room.calls) == 0
    assert browser.get("/login?ann").user == "ann"
    assert browser.get(f"{room.url}/").user == "ann@example.com"
    assert browser.get("/").tags == ()
    browser.get("/login?bob")
    browser.get("/")
    assert browser.get(f"{room.url}/").user == "bob@example.com"
    assert browser.get("/logout").user == "nobody"
    browser.get("/")
    assert browser.get(f"{room.url}/").user == ""

"""What reaches the owner: account changes that need his hand, the check of the settings, and advice."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from chatsso_middleware.changes import AccountChange, Delete, Edit, Register
from chatsso_middleware.errors import Rejected, Unavailable
from chatsso_middleware.providers.base import SiteFacts
from chatsso_middleware.providers.publica_la import PublicaLa
from chatsso_middleware.secret import Secret
from chatsso_middleware.users import ChatUser

MakeStore = Callable[..., PublicaLa]

BOB = ChatUser("bob@example.com")


def site(**facts: str | None) -> SiteFacts:
    known: dict[str, str | None] = {
        "site_url": "https://www.example.com",
        "login_url": "/login",
        "logout_url": "/logout",
        **facts,
    }
    return SiteFacts(
        site_url=known["site_url"],
        mount="/chatsso",
        login_url=known["login_url"],
        logout_url=known["logout_url"],
        cookie_samesite="lax",
    )


# Account changes


@pytest.mark.parametrize("change", [Register(BOB, "pass"), Edit("bob@example.com", password="pass")])
def test_a_password_is_not_kept(make_store: MakeStore, change: AccountChange) -> None:
    kept = make_store().check_change(change)
    assert not isinstance(kept, Delete)
    assert kept.password is None
    assert kept.addresses == change.addresses


@pytest.mark.parametrize("change", [Register(BOB), Edit("bob@example.com", email="rob@example.com")])
def test_what_the_next_token_tells_needs_no_call(
    make_store: MakeStore, closed_port: int, change: AccountChange
) -> None:
    make_store(url=f"http://127.0.0.1:{closed_port}").deliver(change)


def test_a_deletion_is_refused_so_that_the_owner_hears_of_it(make_store: MakeStore) -> None:
    store = make_store()
    with pytest.raises(Rejected) as refused:
        store.deliver(store.check_change(Delete(("bob@example.com",))))
    assert refused.value.provider == "publica_la"
    assert not refused.value.credentials, "else it would be tried again for ever"
    assert "delete the user there by hand" in refused.value.reason
    assert "bob" not in refused.value.reason


# The check of the settings


def test_a_store_that_turns_away_who_has_no_token_is_there(
    make_store: MakeStore, httpserver: HTTPServer
) -> None:
    location = {"Location": "https://www.example.com/chatsso/login?secret=1"}
    httpserver.expect_request("/auth/token").respond_with_response(Response(status=302, headers=location))
    found = make_store(url=httpserver.url_for("").rstrip("/")).probe()
    assert found.startswith("the store answered with a redirect to www.example.com (status 302)")
    assert "secret" not in found
    ((request, _),) = httpserver.log
    assert (request.method, request.query_string, request.data) == ("GET", b"", b"")


@pytest.mark.parametrize("status", [200, 400, 401, 405, 422])
def test_any_answer_but_not_found_says_that_it_is_there(
    make_store: MakeStore, httpserver: HTTPServer, status: int
) -> None:
    httpserver.expect_request("/auth/token").respond_with_data("", status=status)
    found = make_store(url=httpserver.url_for("").rstrip("/")).probe()
    assert found.startswith(f"the store answers at /auth/token (status {status})")


@pytest.mark.parametrize("status", [404, 410])
def test_an_address_without_auth_tokens_is_no_store(
    make_store: MakeStore, httpserver: HTTPServer, status: int
) -> None:
    httpserver.expect_request("/auth/token").respond_with_data("", status=status)
    with pytest.raises(Rejected, match=r"publica_la\.url must be the address of the store itself"):
        make_store(url=httpserver.url_for("").rstrip("/")).probe()


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_store_that_is_down_is_unavailable(
    make_store: MakeStore, httpserver: HTTPServer, status: int
) -> None:
    httpserver.expect_request("/auth/token").respond_with_data("", status=status)
    with pytest.raises(Unavailable):
        make_store(url=httpserver.url_for("").rstrip("/")).probe()


def test_a_store_that_cannot_be_reached_is_unavailable(make_store: MakeStore, closed_port: int) -> None:
    with pytest.raises(Unavailable):
        make_store(url=f"http://127.0.0.1:{closed_port}").probe()


# Advice


def test_the_owner_is_told_what_to_enter_in_the_store(make_store: MakeStore) -> None:
    advice = make_store().advice(site())
    assert not any(each.urgent for each in advice)
    assert advice[0].text == (
        "In the store's settings of the auth token, enter: issuer my-site; the key of publica_la.key (HS256);"
        " redirect_url https://www.example.com/chatsso/login?provider=publica_la; logout_url"
        " https://www.example.com/chatsso/logout?provider=publica_la."
    )
    assert not any("octets" in each.text for each in advice)


def test_a_site_that_does_not_know_its_address_is_told_so(make_store: MakeStore) -> None:
    advice = make_store().advice(site(site_url=None))
    assert advice[0].text.startswith("site_url is not set")
    assert "https://YOUR.SITE/chatsso/login" in advice[1].text


def test_a_missing_login_page_is_urgent(make_store: MakeStore) -> None:
    (urgent,) = (each for each in make_store().advice(site(login_url=None)) if each.urgent)
    assert "login_url is not set" in urgent.text


def test_a_short_key_is_pointed_out_and_not_shown(make_store: MakeStore) -> None:
    advice = make_store(key=Secret("sixteen-octets!!")).advice(site())
    assert any("less than 32 octets" in each.text and not each.urgent for each in advice)
    assert not any("sixteen" in each.text for each in advice)


def test_what_the_store_cannot_do_is_said(make_store: MakeStore) -> None:
    said = " ".join(each.text for each in make_store().advice(site()))
    assert "A logout on your site does not log out of the store" in said
    assert "deleted in the store by hand" in said

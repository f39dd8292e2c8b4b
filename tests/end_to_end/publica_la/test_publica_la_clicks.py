"""A click on the site, and the reader in the store."""

from __future__ import annotations

import json
import re
import time
import uuid
from typing import Any
from urllib.parse import quote

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from chatsso_middleware.sandbox.publica_la import RunningSandbox, StoreSettings, serve
from tests.support.flow import Clock
from tests.support.form_browser import FormBrowser
from tests.support.member_site import ENTRANCES

from .conftest import ANN, BOB, BOOK, StartSite, log_in, reader

TOKEN = "external-auth-token"
GATEWAY = f"/chatsso/go?to={quote(BOOK, safe='')}&provider=publica_la"


def claims_of(token: str, store: RunningSandbox) -> dict[str, Any]:
    """What a token says, by a library that had no part in writing it."""
    decoded = jwt.decode(token, OctKey.import_key(store.key), algorithms=["HS256"])
    assert decoded.header == {"alg": "HS256", "typ": "JWT"}
    return dict(decoded.claims)


def click(browser: FormBrowser, link: str = "book") -> None:
    """Follow a link, and send the form that may stand on the way, as its script does."""
    browser.get("/")
    browser.follow(link)
    if b"<form" in browser.shown.source and TOKEN.encode() in browser.shown.source:
        browser.send()


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("entrance", ENTRANCES)
def test_who_is_logged_in_on_the_site_is_in_the_store_by_one_click(
    start_site: StartSite, store: RunningSandbox, entrance: str, method: str
) -> None:
    browser = start_site(entrance, publica_la_method=method)
    log_in(browser)
    click(browser)
    assert (browser.shown.address, browser.shown.status) == (store.url + BOOK, 200)
    assert reader(browser, store) == "u-4711"
    (call,) = store.calls.to("/auth/token")
    assert (call.method, call.success) == (method, True)


@pytest.mark.parametrize("delivery", ["direct", "gateway"])
def test_links_lead_through_the_gateway_and_no_token_stands_in_a_page(
    start_site: StartSite, store: RunningSandbox, delivery: str
) -> None:
    browser = start_site(delivery=delivery)
    log_in(browser)
    page = browser.get("/")
    assert page.links["book"] == GATEWAY
    assert page.links["elsewhere"] == "https://elsewhere.example/"
    assert TOKEN.encode() not in page.source
    assert page.tags == ()
    assert store.calls.to("/auth/token") == ()


def test_a_guests_page_is_the_sites_own_to_the_byte(start_site: StartSite, store: RunningSandbox) -> None:
    browser = start_site()
    page = browser.get("/")
    assert page.links["book"] == store.url + BOOK
    assert page.headers["Cache-Control"] == "public, max-age=60"
    assert "Set-Cookie" not in page.headers


def test_the_token_says_exactly_what_the_vendor_documents(
    start_site: StartSite, store: RunningSandbox
) -> None:
    browser = start_site(publica_la_exit_url="https://site.example/my-books")
    extra = json.dumps({"accept_terms_and_policies": True, "plan": "pro"})
    log_in(browser, avatar_url="https://site.example/ann.png", name="Ann", username="ann", extra=extra)
    before = int(time.time())
    click(browser)
    (token,) = browser.given(TOKEN)
    claims = claims_of(token, store)
    assert before + 60 <= claims.pop("exp") <= int(time.time()) + 60
    token_id = uuid.UUID(claims.pop("jti"))
    assert token_id.version == 4
    assert claims == {
        "iss": store.issuer,
        "aud": "farfalla",
        "sub": "user",
        "user": {
            "uuid": "u-4711",
            "email": ANN,
            "picture_url": "https://site.example/ann.png",
            "accept_terms_and_policies": True,
        },
        "intended_url": store.url + BOOK,
        "reader_exit_url": "https://site.example/my-books",
    }


def test_the_least_that_a_token_says(start_site: StartSite, store: RunningSandbox) -> None:
    browser = start_site(publica_la_expires="10 minutes")
    log_in(browser, "someone@example.com", id="")
    before = int(time.time())
    click(browser, "shelf")
    (token,) = browser.given(TOKEN)
    claims = claims_of(token, store)
    assert before + 600 <= claims["exp"] <= int(time.time()) + 600
    assert set(claims) == {"iss", "aud", "sub", "jti", "exp", "user", "intended_url"}
    assert claims["user"] == {"uuid": "someone@example.com", "email": "someone@example.com"}
    assert claims["intended_url"] == f"{store.url}/"


def test_every_click_brings_a_token_of_its_own(start_site: StartSite, store: RunningSandbox) -> None:
    browser = start_site()
    log_in(browser)
    for _ in range(3):
        click(browser)
        assert browser.shown.address == store.url + BOOK
    assert len({claims_of(token, store)["jti"] for token in browser.given(TOKEN)}) == 3


def test_the_answer_with_a_token_is_kept_by_nobody_and_told_to_nobody(
    start_site: StartSite, store: RunningSandbox
) -> None:
    browser = start_site()
    log_in(browser)
    answer = browser.ask(GATEWAY)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(f"{store.url}/auth/token?{TOKEN}=")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in answer.headers


def test_the_form_of_a_post_sends_itself_to_the_store_and_nowhere_else(
    start_site: StartSite, store: RunningSandbox
) -> None:
    browser = start_site(publica_la_method="POST")
    log_in(browser)
    browser.get(GATEWAY)
    policy = dict(
        directive.split(" ", 1) for directive in browser.shown.headers["Content-Security-Policy"].split("; ")
    )
    assert policy["form-action"] == store.url
    assert policy["default-src"] == "'none'"
    (nonce,) = re.findall(r"'nonce-([^']+)'", policy["script-src"])
    assert f'<script nonce="{nonce}">document.forms[0].submit()</script>' in browser.shown.source.decode()
    assert browser.shown.headers["Cache-Control"] == "no-store"
    assert browser.shown.headers["Referrer-Policy"] == "no-referrer"
    (button,) = browser.document.iter("button")
    assert button.text == "Go on", "for a browser without scripts"
    browser.send()
    assert browser.shown.address == store.url + BOOK


def test_a_second_user_in_one_browser_is_himself_in_the_store(
    start_site: StartSite, store: RunningSandbox
) -> None:
    browser = start_site()
    log_in(browser)
    click(browser)
    log_in(browser, BOB)
    click(browser)
    assert reader(browser, store) == "u-4712"
    browser.post("/leave", images=False)
    assert browser.get("/").links["book"] == store.url + BOOK
    browser.get(GATEWAY)
    assert len(store.calls.to("/auth/token")) == 2, "who has left gets no token any more"


def test_guests_come_to_the_store_as_it_is_or_to_the_login_first(
    start_site: StartSite, store: RunningSandbox
) -> None:
    assert start_site().ask(GATEWAY).headers["Location"] == store.url + BOOK
    browser = start_site(guests="login")
    assert browser.get("/").links["book"] == GATEWAY
    assert browser.ask(GATEWAY).headers["Location"] == f"/log-in-here?back={quote(GATEWAY, safe='')}"


@pytest.mark.parametrize(
    "to", ["//evil.example/", "/\\evil.example/", "https://evil.example/", "/%09/evil.example/"]
)
def test_no_link_of_anybody_leads_to_another_host(
    start_site: StartSite, store: RunningSandbox, to: str
) -> None:
    browser = start_site()
    log_in(browser)
    answer = browser.ask(f"/chatsso/go?provider=publica_la&to={quote(to, safe='%')}")
    assert answer.status_code == 400
    assert TOKEN not in answer.text


def test_a_token_in_a_link_of_somebody_else_goes_nowhere(
    start_site: StartSite, store: RunningSandbox
) -> None:
    browser = start_site()
    evil = quote(f"/auth/token?{TOKEN}=EVIL", safe="")
    assert "EVIL" not in str(browser.ask(f"/chatsso/go?to={evil}").headers)
    log_in(browser)
    assert "EVIL" not in str(browser.ask(f"/chatsso/go?to={evil}&{TOKEN}=EVIL").headers)


# Tokens that the store does not take.


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("publica_la_key", "k" * 40, "the token is signed with another key"),
        ("publica_la_issuer", "another-site", "iss is not “sandbox-site”"),
    ],
)
def test_the_tokens_of_another_site_log_nobody_in(
    start_site: StartSite, store: RunningSandbox, name: str, value: str, reason: str
) -> None:
    browser = start_site(**{name: value})
    log_in(browser)
    click(browser)
    assert browser.shown.status == 403
    assert store.calls[-1].outcome == f"Nobody was logged in: {reason}."
    assert reader(browser, store) == ""


def test_a_store_that_refuses_every_token_ends_in_an_explanation_and_no_circle(
    settings: dict[str, Any], start_site: StartSite, store: RunningSandbox
) -> None:
    browser = start_site(publica_la_key="k" * 40)
    store.store.settings = StoreSettings.of_site(browser.site)
    log_in(browser)
    click(browser)
    assert "the chat keeps asking you to log in" in browser.text
    assert browser.shown.address.startswith(f"{browser.site}/chatsso/login")
    assert len(store.calls.to("/auth/token")) < 10


def test_a_token_that_is_too_old_leads_back_for_a_new_one(
    start_site: StartSite, store: RunningSandbox, clock: Clock
) -> None:
    browser = start_site()
    store.store.settings = StoreSettings.of_site(browser.site)
    log_in(browser)
    waiting = browser.ask(GATEWAY).headers["Location"]
    clock.now = claims_of(waiting.partition("=")[2], store)["exp"]
    refused = browser.ask(waiting)
    assert store.calls[-1].outcome == "Nobody was logged in: the token has expired."
    assert refused.headers["Location"] == f"{browser.site}/chatsso/login?provider=publica_la"
    clock.now = time.time()
    browser.get(refused.headers["Location"], images=False)
    assert (browser.shown.address, browser.shown.user) == (f"{store.url}/", "u-4711")


def test_a_token_that_was_used_up_logs_nobody_else_in(
    start_site: StartSite, store: RunningSandbox, another: Any
) -> None:
    browser = start_site()
    log_in(browser)
    address = browser.ask(GATEWAY).headers["Location"]
    browser.get(address, images=False)
    thief = another(browser)
    thief.get(address, images=False)
    assert thief.shown.status == 403
    assert reader(thief, store) == ""


def test_the_stores_own_log_out_leads_to_that_of_the_site(
    start_site: StartSite, store: RunningSandbox
) -> None:
    browser = start_site()
    store.store.settings = StoreSettings.of_site(browser.site)
    log_in(browser)
    click(browser, "shelf")
    browser.send()
    assert browser.shown.address == f"{browser.site}/log-out-here"
    assert reader(browser, store) == ""


def test_a_store_that_is_down_costs_the_site_nothing(start_site: StartSite, store: RunningSandbox) -> None:
    browser = start_site()
    store.stop()
    log_in(browser)
    assert browser.get("/").links["book"] == GATEWAY
    assert browser.ask(GATEWAY).status_code == 302


def test_two_stores_of_one_vendor_never_share_a_token(start_site: StartSite, store: RunningSandbox) -> None:
    with serve() as other:
        browser = start_site()
        log_in(browser)
        token = browser.ask(GATEWAY).headers["Location"].partition("?")[2]
        assert browser.ask(f"{other.url}/auth/token?{token}").status_code == 403
        assert other.store.users == ()

"""Our redirects lead to configured hosts, or to a path on the site, as a browser reads addresses."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from chatsso_middleware.sandbox.website_toolbox import RunningSandbox

from .conftest import StartSite

HOSTILE = (
    "//evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "https:evil.example",
    "https://evil.example/",
    "javascript:alert(1)",
    "data:text/html,x",
    "/\t/evil.example",
    "\t//evil.example",
    "/\n/evil.example",
    "/path\r\nSet-Cookie: a=b",
    "/path\r\n\r\n<script>",
    " //evil.example",
    "/ /evil.example",
    "@evil.example",
    ".evil.example",
    ":80@evil.example",
    "",
    "///evil.example",
    "/\x00",
    "/%0d%0aLocation:%20//evil.example",
)


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("endpoint", ["go", "login", "register", "logout"])
@pytest.mark.parametrize("logged_in", [False, True])
def test_no_endpoint_ever_redirects_to_a_stranger(
    start_site: StartSite, room: RunningSandbox, endpoint: str, hostile: str, logged_in: bool
) -> None:
    browser = start_site()
    if logged_in:
        browser.post("/login", images=False, email="ann@example.com")
    answer = browser.ask(f"/chatsso/{endpoint}?to={quote(hostile, safe='')}", Host="attacker.example")
    if answer.status_code == 400:
        assert b"<h1>" in answer.content
        assert "Location" not in answer.headers
        return
    location = answer.headers["Location"]
    assert location.startswith((f"{room.url}/", "/login?", "/signup", "/logout")), location
    assert "attacker.example" not in str(answer.headers)
    assert "Set-Cookie: a=b" not in str(answer.headers)


@pytest.mark.parametrize("provider", ["rocketchat", "", "../x", "website_toolbox\r\n"])
def test_an_unknown_provider_gets_a_plain_page(start_site: StartSite, provider: str) -> None:
    answer = start_site().ask(f"/chatsso/go?to=/&provider={quote(provider, safe='')}")
    assert answer.status_code == 400
    assert "no such chat" in answer.text


def test_every_endpoint_forbids_caches_referrers_and_sniffing(start_site: StartSite) -> None:
    browser = start_site()
    for path in (
        "go",
        "login",
        "register",
        "logout",
        "website_toolbox/login.gif",
        "nowhere",
        "go?to=//evil",
        "go?to=%ff",
    ):
        answer = browser.ask(f"/chatsso/{path}")
        assert "no-store" in answer.headers["Cache-Control"]
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_chat_that_sends_somebody_back_again_and_again_gets_a_page_that_explains_it(
    start_site: StartSite,
) -> None:
    browser = start_site()
    browser.post("/login", email="ann@example.com")
    statuses = [browser.ask("/chatsso/login?to=/").status_code for _ in range(4)]
    assert statuses == [302, 302, 302, 409]
    assert browser.ask("/chatsso/login?to=/").status_code == 302, "the page itself ends the count"


def test_guests_may_be_sent_to_the_sites_login_first(start_site: StartSite) -> None:
    browser = start_site(guests="login")
    page = browser.get("/")
    assert page.links["room"].startswith("/chatsso/go?to=%2Froom%2Fgarden")
    answer = browser.ask(page.links["room"])
    assert answer.headers["Location"].startswith("/login?came_from=%2Fchatsso%2Fgo")
    chat = browser.post("/login", images=False, email="ann@example.com", then=page.links["room"])
    assert chat.user == "ann@example.com"

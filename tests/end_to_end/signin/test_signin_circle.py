"""The full circle: from the chat to the hosted page, to the directory, into the chat, and out again."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from chatsso_middleware.sandbox.directory import SETTINGS, RunningSandbox
from tests.support.form_browser import FormBrowser
from tests.support.member_site import ENTRANCES

from .chats import CHATS, LinkedChat
from .conftest import ANN, BOB, IDS, PASSWORDS, Another, StartChat, StartSite, sign_in

HOSTILE = (
    "//evil.example/",
    "/\\evil.example/",
    "/\t/evil.example/",
    "https://evil.example/",
    "javascript:alert(1)",
    "\\\\evil.example",
    "/%0d%0aSet-Cookie:x=1//",
)


@pytest.fixture(params=CHATS)
def chat(request: pytest.FixtureRequest, start_chat: StartChat) -> LinkedChat:
    return start_chat(request.param)


@pytest.fixture
def store(start_chat: StartChat) -> LinkedChat:
    return start_chat("publica_la GET")


def shown_as(chat: LinkedChat, email: str) -> str:
    return email if chat.shows == "email" else IDS[email]


def arrive(chat: LinkedChat, browser: FormBrowser) -> None:
    """Be where the sign-in has led, and do there what a page does by itself."""
    if "external-auth-token" in browser.shown.source.decode():  # a form that a script sends
        browser.send()
    assert browser.shown.address == (
        browser.site + chat.destination if chat.destination.startswith("/") else chat.destination
    )
    chat.enter(browser)


@pytest.mark.parametrize("entrance", ENTRANCES)
def test_who_signs_in_on_the_hosted_page_is_logged_in_in_the_chat_and_out_again(
    chat: LinkedChat, entrance: str, start_site: StartSite, directory: RunningSandbox
) -> None:
    browser = start_site(chat, entrance)
    chat.ask_for_login(browser)
    assert browser.heading == "Log in"
    assert browser.shown.address.startswith(f"{browser.site}/chatsso/signin?next=%2Fchatsso%2F")
    assert chat.who(browser) == ""

    chat.ask_for_login(browser)
    browser.send(login="ann", password="wrong")
    assert (browser.shown.status, browser.heading) == (422, "Log in")
    sign_in(browser, "ann")
    arrive(chat, browser)
    assert chat.who(browser) == shown_as(chat, ANN)
    assert browser.get("/").user == ANN
    assert [call.success for call in directory.calls] == [False, True]

    browser.get("/chatsso/signin/logout")
    assert browser.heading == "Log out?"
    assert browser.get("/").user == ANN, "a GET ends no session"
    browser.get("/chatsso/signin/logout")
    browser.send()
    assert (browser.shown.address, browser.shown.user) == (f"{browser.site}/", "nobody")
    before = len(browser.trail)
    browser.get("/chatsso/go")
    assert not any("oken=" in address or "AuthCode=" in address for address in browser.trail[before:])


def test_a_chat_that_can_be_logged_out_of_from_outside_is(
    start_chat: StartChat, start_site: StartSite
) -> None:
    room = start_chat("website_toolbox")
    browser = start_site(room)
    browser.get("/chatsso/signin")
    sign_in(browser, "ann")
    browser.load_images(browser.shown)
    assert room.who(browser) == ANN
    browser.get("/chatsso/signin/logout")
    browser.send()
    browser.load_images(browser.shown)
    assert room.who(browser) == ""


def test_a_second_visitor_in_one_browser_is_himself_in_the_chat(
    chat: LinkedChat, start_site: StartSite
) -> None:
    browser = start_site(chat)
    for login in ("ann", "bob"):
        chat.ask_for_login(browser)
        sign_in(browser, login)
        arrive(chat, browser)
        assert chat.who(browser) == shown_as(chat, f"{login}@example.com")
        browser.get("/chatsso/signin/logout")
        browser.send()
        browser.load_images(browser.shown)


def test_a_form_that_was_open_before_the_login_of_another_is_not_taken(
    store: LinkedChat, start_site: StartSite, another: Another
) -> None:
    first_tab = start_site(store)
    second_tab = another(first_tab)
    second_tab.session.cookies = first_tab.session.cookies
    second_tab.get("/chatsso/signin")
    first_tab.get("/chatsso/signin")
    sign_in(first_tab, "ann")
    sign_in(second_tab, "bob")
    assert (second_tab.shown.status, second_tab.heading) == (403, "Log in")
    assert second_tab.get("/").user == ANN


def test_who_signs_in_over_another_leaves_the_chat_first(
    start_chat: StartChat, start_site: StartSite
) -> None:
    room = start_chat("website_toolbox")
    browser = start_site(room)
    browser.get("/chatsso/signin")
    sign_in(browser, "ann")
    browser.load_images(browser.shown)
    browser.get("/chatsso/signin")
    assert browser.heading == "You are logged in"
    (token,) = {each.get("value") for each in browser.document.iter("input")}
    fields = {"forgery_token": str(token), "login": "bob", "password": PASSWORDS["bob"]}
    browser.post("/chatsso/signin", images=False, **fields)  # no button of the page does that
    pages = [browser.get("/"), browser.get("/")]
    assert ["logout" in page.tags[0] for page in pages] == [True, False]
    assert room.who(browser) == BOB


@pytest.mark.parametrize("elsewhere", HOSTILE)
def test_a_login_and_a_logout_never_lead_to_another_site(
    store: LinkedChat, start_site: StartSite, elsewhere: str
) -> None:
    browser = start_site(store)
    browser.get(f"/chatsso/signin?next={quote(elsewhere, safe='')}")
    sign_in(browser, "ann")
    browser.get(f"/chatsso/signin/logout?next={quote(elsewhere, safe='')}")
    browser.send()
    assert browser.shown.user == "nobody"
    assert all(address.startswith(f"{browser.site}/") for address in browser.trail)
    assert "x" not in browser.session.cookies


@pytest.mark.parametrize("name", [name for name in CHATS if name != "rocketchat"])
def test_guests_who_follow_a_link_come_to_the_hosted_page_where_the_owner_wants_that(
    name: str, start_chat: StartChat, start_site: StartSite
) -> None:
    chat = start_chat(name)
    browser = start_site(chat, guests="login")
    browser.get("/")
    browser.follow("chat")
    assert browser.heading == "Log in"
    sign_in(browser, "ann")
    arrive(chat, browser)
    assert chat.who(browser) == shown_as(chat, ANN)


def test_below_a_prefix_everything_stays_below_it(store: LinkedChat, start_site: StartSite) -> None:
    browser = start_site(store, mount="/sso")
    browser.get("/sso/login?provider=publica_la&to=/reader/night-trains%3Fpage%3D2")
    assert browser.shown.address.startswith(f"{browser.site}/sso/signin?next=%2Fsso%2Fgo")
    sign_in(browser, "ann")
    arrive(store, browser)
    assert browser.get("/sso/logout").address == f"{browser.site}/sso/signin/logout"


def test_the_sites_own_login_page_stays_the_sites_where_it_has_one(
    store: LinkedChat, start_site: StartSite
) -> None:
    browser = start_site(store, login_url="/enter-here?back={next}", logout_url="/leave-here")
    assert browser.ask("/chatsso/login").headers["Location"].startswith("/enter-here?back=")
    assert browser.ask("/chatsso/logout").headers["Location"] == "/leave-here"
    browser.get("/chatsso/signin")
    sign_in(browser, "ann")
    assert browser.get("/").user == ANN, "the hosted page works beside it"


def test_a_directory_that_answers_every_attempt_with_200_is_read_all_the_same(
    store: LinkedChat, start_site: StartSite, directory: RunningSandbox
) -> None:
    directory.directory.shape = "nested"
    directory.people.change("bob", state="locked")
    nested = {name.replace("signin.", "signin__"): value for name, value in SETTINGS["nested"].items()}
    browser = start_site(store, **nested, **{"signin.message.LOCKED": "Your account is locked."})
    browser.get("/chatsso/signin")
    browser.send(login="ann", password="wrong")
    assert browser.shown.status == 422
    sign_in(browser, "bob")
    assert "Your account is locked." in browser.text
    sign_in(browser, "ann")
    assert browser.shown.user == ANN

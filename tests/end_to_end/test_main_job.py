"""The main job, over real sockets: who logs in on the site is logged in in the chat."""

from __future__ import annotations

import re
from urllib.parse import parse_qs

import pytest

from chatsso_middleware.sandbox.website_toolbox import RunningSandbox
from tests.support.browser import Browser

from .conftest import ENTRANCES, StartSite

ANN = "ann@example.com"
BOB = "bob@example.com"


def who_chats(browser: Browser, room: RunningSandbox) -> str:
    """Whom the chat's own page greets, when it is opened without any token."""
    return browser.get(f"{room.url}/", images=False).user


@pytest.mark.parametrize("delivery", ["direct", "gateway"])
@pytest.mark.parametrize("entrance", ENTRANCES)
def test_who_logs_in_on_the_site_is_logged_in_in_the_chat_and_out_again(
    start_site: StartSite, room: RunningSandbox, entrance: str, delivery: str
) -> None:
    browser = start_site(entrance, delivery=delivery)
    assert who_chats(browser, room) == ""

    page = browser.post("/login", email=ANN)
    assert page.user == ANN
    assert who_chats(browser, room) == ANN

    page = browser.get("/logout")
    assert page.user == "nobody"
    assert who_chats(browser, room) == ""


@pytest.mark.parametrize("entrance", ENTRANCES)
def test_the_tag_is_the_documented_one_to_the_letter(
    start_site: StartSite, room: RunningSandbox, entrance: str
) -> None:
    browser = start_site(entrance)
    page = browser.post("/login", email=ANN)
    host = re.escape(room.url.removeprefix("http:"))
    pattern = (
        rf'<img border="0" width="1" height="1" alt="" '
        rf'src="{host}/sso/token/login\?access_token=[^"&]+&rememberMe=0">'
    )
    found = re.findall(pattern.encode(), page.source)
    assert len(found) == 1
    assert page.source.index(found[0]) < page.source.index(b"</body>")

    page = browser.get("/logout")
    pattern = (
        rf'<img border="0" width="1" height="1" alt="" src="{host}/sso/token/logout\?access_token=[^"&]+">'
    )
    assert len(re.findall(pattern.encode(), page.source)) == 1


@pytest.mark.parametrize(("remember", "expected"), [("1", "rememberMe=1"), ("0", "rememberMe=0")])
def test_remember_me_of_the_login_reaches_the_chat(
    start_site: StartSite, remember: str, expected: str
) -> None:
    browser = start_site()
    page = browser.post("/login", email=ANN, remember=remember)
    assert expected in page.tags[0]
    assert expected in page.links["plain"]


def test_a_login_that_pyramid_remembers_for_long_is_remembered_by_the_chat(start_site: StartSite) -> None:
    browser = start_site("pyramid")
    assert "rememberMe=1" in browser.post("/login", email=ANN, remember="1").tags[0]


def test_the_setting_says_whether_to_remember_where_the_login_does_not(start_site: StartSite) -> None:
    assert "rememberMe=1" in start_site(remember="yes").post("/login", email=ANN).tags[0]


@pytest.mark.parametrize("delivery", ["direct", "gateway"])
def test_the_tag_stands_once_on_the_first_whole_page_after_the_login(
    start_site: StartSite, room: RunningSandbox, delivery: str
) -> None:
    browser = start_site(delivery=delivery)
    landing = browser.session.post(
        browser.site + "/login", data={"email": ANN}, allow_redirects=False, timeout=20
    )
    assert landing.status_code == 303
    for path, headers in (
        ("/landing", {}),
        ("/json", {}),
        ("/image", {}),
        ("/nowhere", {}),
        ("/", {"X_Requested_With": "XMLHttpRequest"}),
        ("/", {"HX_Request": "true"}),
        ("/", {"Sec_Fetch_Dest": "empty"}),
        ("/", {"Sec_Fetch_Dest": "document", "Sec_Purpose": "prefetch"}),
    ):
        answer = browser.ask(path, **headers)
        assert b"/sso/token/login" not in answer.content, (path, headers)
        assert b".gif?event" not in answer.content, (path, headers)
    assert browser.session.head(browser.site + "/", timeout=20).content == b""

    assert len(browser.get("/").tags) == 1
    assert browser.get("/").tags == ()
    assert len(room.calls.to("/sso/token/login")) == 1


def test_through_the_gateway_a_page_that_was_never_shown_loses_nothing(
    start_site: StartSite, room: RunningSandbox
) -> None:
    browser = start_site(delivery="gateway")
    lost = browser.post("/login", images=False, email=ANN)
    assert len(lost.tags) == 1
    shown = browser.get("/")
    assert shown.tags == lost.tags
    assert who_chats(browser, room) == ANN
    assert browser.get("/").tags == ()


def test_a_gateway_page_holds_no_token(start_site: StartSite, room: RunningSandbox) -> None:
    browser = start_site(delivery="gateway")
    page = browser.post("/login", email=ANN)
    assert b"access_token" not in page.source
    assert page.links["plain"] == "/chatsso/go?to=%2F&provider=website_toolbox"
    assert browser.get(page.links["plain"]).user == ANN
    answer = browser.ask("/chatsso/website_toolbox/login.gif?event=unknown")
    assert answer.headers["Content-Type"] == "image/gif"


def test_a_chat_link_keeps_its_query_and_fragment_and_gains_the_token(
    start_site: StartSite, room: RunningSandbox
) -> None:
    browser = start_site()
    guest = browser.get("/")
    page = browser.post("/login", email=ANN)
    assert re.fullmatch(
        rf"{re.escape(room.url)}/room/garden\?color=red&size=2&access_token=[^&]+&rememberMe=0#latest",
        page.links["room"],
    )
    assert re.fullmatch(rf"{re.escape(room.url)}/\?access_token=[^&]+&rememberMe=0", page.links["plain"])
    assert page.links["elsewhere"] == "https://elsewhere.example/?q=1"
    for untouched in (
        b'"%s/?in=script"' % room.url.encode(),
        b'<!-- <a href="%s/?in=comment">' % room.url.encode(),
    ):
        assert untouched in page.source
    assert guest.links["plain"] == f"{room.url}/"


def test_the_embed_script_gets_the_token(start_site: StartSite, room: RunningSandbox) -> None:
    page = start_site().post("/login", images=False, email=ANN)
    script = page.links["embedded_chatroom"]
    assert re.fullmatch(rf"{re.escape(room.url)}/js/embed\.js\?access_token=[^&]+&rememberMe=0", script)
    assert b'src="%s/js/other.js"' % room.url.encode() in page.source


def test_the_gateway_leaves_the_embed_script_which_finds_its_room_by_its_own_address(
    start_site: StartSite, room: RunningSandbox
) -> None:
    page = start_site(delivery="gateway").post("/login", images=False, email=ANN)
    assert page.links["embedded_chatroom"] == f"{room.url}/js/embed.js"


def test_the_link_alone_logs_in_a_browser_that_never_loaded_the_tag(
    start_site: StartSite, room: RunningSandbox
) -> None:
    browser = start_site()
    page = browser.post("/login", images=False, email=ANN)
    assert browser.get(page.links["room"], images=False).user == ANN


@pytest.mark.parametrize("delivery", ["direct", "gateway"])
def test_a_second_user_in_one_browser_comes_after_the_first_has_left(
    start_site: StartSite, room: RunningSandbox, delivery: str
) -> None:
    browser = start_site(delivery=delivery)
    browser.post("/login", email=ANN)
    token_of_ann = parse_qs(browser.ask("/chatsso/go").headers["Location"].partition("?")[2])["access_token"][
        0
    ]

    first = browser.post("/login", email=BOB)
    second = browser.get("/")

    assert [
        ("logout" in tag, "login.gif" in tag or "token/login" in tag) for tag in first.tags + second.tags
    ] == [
        (True, False),
        (False, True),
    ]
    for page in (first, second):
        assert token_of_ann.encode() not in page.source
    assert who_chats(browser, room) == BOB
    order = [call.path for call in room.calls if call.path.startswith("/sso/token/log")]
    assert order == ["/sso/token/login", "/sso/token/logout", "/sso/token/login"]


def test_a_logout_before_any_page_was_shown_still_reaches_the_chat(
    start_site: StartSite, room: RunningSandbox
) -> None:
    browser = start_site()
    browser.post("/login", email=ANN)
    browser.session.get(browser.site + "/logout", allow_redirects=False, timeout=20)
    page = browser.post("/login", email=BOB)
    assert "logout" in page.tags[0]
    browser.get("/")
    assert who_chats(browser, room) == BOB


@pytest.mark.parametrize("entrance", ENTRANCES)
def test_the_chats_own_login_goes_to_the_sites_and_comes_back_logged_in(
    start_site: StartSite, room: RunningSandbox, entrance: str
) -> None:
    browser = start_site(entrance)
    to_site = browser.ask("/chatsso/login?to=/room/garden")
    assert to_site.status_code == 302
    way_back = "/chatsso/go?to=%2Froom%2Fgarden&provider=website_toolbox"
    assert to_site.headers["Location"] == (
        "/login?came_from=%2Fchatsso%2Fgo%3Fto%3D%252Froom%252Fgarden%26provider%3Dwebsite_toolbox"
    )
    chat = browser.post("/login", images=False, email=ANN, then=way_back)
    assert chat.user == ANN
    assert chat.address == f"{room.url}/room/garden"


def test_register_and_logout_of_the_chat_lead_to_the_sites_pages(start_site: StartSite) -> None:
    browser = start_site()
    assert browser.ask("/chatsso/register").headers["Location"] == "/signup"
    browser.post("/login", email=ANN)
    answer = browser.ask("/chatsso/logout")
    assert answer.headers["Location"] == "/logout"
    assert "Set-Cookie" not in answer.headers
    assert browser.get("/").user == ANN


@pytest.mark.parametrize("delivery", ["direct", "gateway"])
def test_whom_the_chat_refuses_does_not_keep_the_next_user_out(
    start_site: StartSite, room: RunningSandbox, delivery: str
) -> None:
    browser = start_site(delivery=delivery)
    room.room.fail_with(message="This account is banned")
    browser.post("/login", email=ANN)
    browser.session.get(browser.site + "/logout", allow_redirects=False, timeout=20)
    browser.get("/")
    browser.get("/")
    room.room.recover()
    browser.post("/login", email=BOB)
    browser.get("/")
    assert who_chats(browser, room) == BOB
    assert [account.email for account in room.room.accounts] == [BOB]


def test_a_host_that_says_the_same_login_again_gets_one_tag(start_site: StartSite) -> None:
    browser = start_site()
    assert len(browser.post("/login", email=ANN).tags) == 1
    assert browser.post("/login", email=ANN).tags == ()
    assert len(browser.post("/login", email=ANN, remember="1").tags) == 1, "something has changed"


@pytest.mark.parametrize(
    "address",
    [
        "/chatsso/go?to=/%3Faccess_token%3DEVIL%26rememberMe%3D1",
        "/chatsso/go?to=/&access_token=EVIL",
        "/chatsso/login?to=/&access_token=EVIL",
    ],
)
def test_a_token_in_a_link_of_somebody_else_goes_nowhere(start_site: StartSite, address: str) -> None:
    browser = start_site()
    assert "EVIL" not in str(browser.ask(address).headers)
    browser.post("/login", email=ANN)
    assert "EVIL" not in str(browser.ask(address).headers)
    assert browser.get(address, images=False).user == ANN

"""Links of the site's pages that lead to the chat, and the gateway that stands in for a token."""

from __future__ import annotations

import logging
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from chatsso_middleware.sandbox.rocketchat import RunningSandbox
from tests.support.browser import Browser
from tests.support.chat_page import ChatPage
from tests.support.mongo_server import serving_mongo

from .conftest import StartChat, StartSite
from .modes import ANN

GO = "/chatsso/go?to=/channel/general&provider=rocketchat"
CREATE = "/api/v1/users.createToken"


@pytest.fixture
def ann(start_site: StartSite) -> Browser:
    browser = start_site()
    browser.post("/login", images=False, email=ANN, username="ann")
    return browser


def test_the_way_into_the_chat_carries_a_token_that_logs_in(ann: Browser, chat: RunningSandbox) -> None:
    answer = ann.ask(GO)
    assert answer.status_code == 302
    address = urlsplit(answer.headers["Location"])
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{chat.url}/channel/general"
    assert list(parse_qs(address.query)) == ["resumeToken"]
    page = ChatPage(chat, ann)
    assert page.log_in({"loginToken": parse_qs(address.query)["resumeToken"][0]}) == ANN
    assert page.token() == parse_qs(address.query)["resumeToken"][0], "it is the session's one"


def test_a_guest_goes_there_as_a_guest_or_to_the_login_first(
    start_site: StartSite, chat: RunningSandbox
) -> None:
    assert start_site().ask(GO).headers["Location"] == f"{chat.url}/channel/general"
    way_back = quote("/chatsso/go?to=%2Fchannel%2Fgeneral&provider=rocketchat", safe="")
    assert start_site(guests="login").ask(GO).headers["Location"] == f"/login?came_from={way_back}"


def test_a_page_leads_members_through_the_gateway_and_holds_no_token(
    ann: Browser, chat: RunningSandbox
) -> None:
    page = ann.get("/", images=False)
    assert page.links["room"] == (
        "/chatsso/go?to=%2Froom%2Fgarden%3Fcolor%3Dred%26size%3D2%23latest&provider=rocketchat"
    )
    assert page.links["plain"].startswith("/chatsso/go?to=%2F&")
    assert page.links["embedded_chatroom"] == f"{chat.url}/js/embed.js", "scripts stay the chat's own"
    assert page.links["elsewhere"] == "https://elsewhere.example/?q=1"
    assert page.tags == ()
    assert chat.calls.to(CREATE) == (), "a page that nobody follows a link of costs no call"
    shown = ann.get(page.links["room"], images=False)
    assert urlsplit(shown.address).path == "/room/garden"
    assert parse_qs(urlsplit(shown.address).query)["color"] == ["red"]


def test_a_page_leaves_guests_their_links_byte_by_byte(start_site: StartSite, chat: RunningSandbox) -> None:
    page = start_site().get("/", images=False)
    assert page.links["plain"] == f"{chat.url}/"
    assert page.links["room"] == f"{chat.url}/room/garden?color=red&size=2#latest"
    assert "Cache-Control" not in page.headers


def test_with_the_gateway_pages_are_alike_for_everybody(start_site: StartSite) -> None:
    browser = start_site(delivery="gateway")
    guest = browser.get("/cached", images=False)
    browser.post("/login", images=False, email=ANN)
    member = browser.get("/cached", images=False)
    assert guest.links == member.links
    assert member.links["plain"].startswith("/chatsso/go?to=%2F&")
    assert member.headers["Cache-Control"] == "public, max-age=600"


def test_chat_url_leads_through_the_gateway_and_leaves_the_page_cacheable(ann: Browser) -> None:
    page = ann.get("/manual", images=False)
    assert page.links["own"] == "/chatsso/go?to=%2Froom%2Fown&provider=rocketchat"


@pytest.mark.parametrize("name", ["resumeToken", "resume%54oken"])
@pytest.mark.parametrize("member", [True, False])
def test_a_token_in_a_link_that_somebody_else_wrote_is_dropped(
    start_site: StartSite, chat: RunningSandbox, name: str, member: bool
) -> None:
    browser = start_site()
    if member:
        browser.post("/login", images=False, email=ANN, username="ann")
    evil = quote(f"/channel/general?{name}=of-eve&x=1", safe="")
    for address in (f"/chatsso/go?to={evil}", f"/chatsso/go?to=/channel/general&x=1&{name}=of-eve"):
        query = parse_qs(urlsplit(browser.ask(address).headers["Location"]).query)
        assert query["x"] == ["1"]
        assert ("resumeToken" in query) is member
        assert "of-eve" not in str(query)


def test_the_token_of_mongodb_never_stands_in_an_address(
    start_chat: StartChat, start_site: StartSite
) -> None:
    with serving_mongo() as mongo:
        chat = start_chat(mongodb=mongo.users)
        browser = start_site(chat, rocketchat_mode="mongodb", rocketchat_mongodb_url=mongo.url)
        browser.post("/login", images=False, email=ANN, username="ann")
        token = ChatPage(chat, browser).token()
        assert browser.ask(GO).headers["Location"] == f"{chat.url}/channel/general"
        evil = quote("/channel/general?resumeToken=of-eve", safe="")
        assert browser.ask(f"/chatsso/go?to={evil}").headers["Location"] == f"{chat.url}/channel/general"
        assert token.encode() not in browser.get("/", images=False).source
        browser.get("/logout", images=False)


def test_who_cannot_be_given_a_token_in_time_goes_to_the_chat_without(
    ann: Browser, chat: RunningSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    chat.fail_with(status=503)
    with caplog.at_level(logging.DEBUG):
        assert ann.ask(GO).headers["Location"] == f"{chat.url}/channel/general"

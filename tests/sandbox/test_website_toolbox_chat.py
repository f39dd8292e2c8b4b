from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from chatsso_middleware.sandbox.website_toolbox import SitePages, create_app, serve
from tests.sandbox.chat_client import SITE, ChatClient, Page

if TYPE_CHECKING:
    from chatsso_middleware.sandbox.website_toolbox import RunningSandbox

WHO = ".//*[@id='who']"


def say(client: ChatClient, text: str, path: str = "/") -> requests.Response:
    """Fill in the form of the page as a person does."""
    page = client.page(path)
    form = page.one(".//form[@class='composer']")
    return client.post(form.get("action"), message=text, **page.hidden())


def test_the_page_says_that_nobody_is_logged_in(client: ChatClient) -> None:
    page = client.page()
    assert page.text(WHO) == "Nobody is logged in"
    assert page.user == ""
    assert page.all(".//textarea") == []


def test_the_page_says_who_is_logged_in_and_shows_the_picture(client: ChatClient) -> None:
    client.log_in(username="Ann", avatarUrl="https://a.test/ann.png")
    page = client.page()
    assert page.text(WHO) == "Logged in as Ann"
    assert page.user == "ann@example.com"
    assert page.one(WHO + "/img").get("src") == "https://a.test/ann.png"


@pytest.mark.parametrize(
    "address",
    ["", "javascript:alert(1)", "/ann.png", "data:image/png;base64,", "http://[", "ftp://a.test/a.png"],
)
def test_what_is_no_picture_on_the_web_is_shown_as_a_letter(client: ChatClient, address: str) -> None:
    client.log_in(username="Ann", avatarUrl=address)
    page = client.page()
    assert page.all(".//img") == []
    assert page.text(WHO) == "ALogged in as Ann"


def test_a_link_with_a_token_logs_in_and_leads_to_the_page_without_it(client: ChatClient) -> None:
    token = client.token()
    response = client.get(f"/room/pets?a=1%2F2&access_token={token}&rememberMe=1&b=")
    assert response.status_code == 303
    location = urlsplit(response.headers["Location"])
    assert (location.path, location.query) == ("/room/pets", "a=1%2F2&b=")
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-store"
    assert "; Max-Age=" in response.headers["Set-Cookie"]
    assert client.page("/room/pets").user == "ann@example.com"


def test_a_link_with_a_bad_token_leads_to_the_page_and_changes_nothing(client: ChatClient) -> None:
    client.log_in("bob@example.com")
    response = client.get("/?access_token=wrong&rememberMe=0")
    assert response.status_code == 303
    assert urlsplit(response.headers["Location"]).path == "/"
    assert urlsplit(response.headers["Location"]).query == ""
    assert client.page().user == "bob@example.com"
    assert client.sandbox.calls[-1].success is False


def test_a_head_request_with_a_token_does_not_log_in(client: ChatClient) -> None:
    response = client.jar.head(client.sandbox.url + "/", params={"access_token": client.token()}, timeout=10)
    assert response.status_code == 200
    assert client.page().user == ""


@pytest.mark.parametrize("path", ["/room/", "/room/a/b", "/room", "/nothing", "/room/" + "x" * 101])
def test_what_is_no_room_is_not_found(client: ChatClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_path_that_is_not_utf_8_is_a_bad_request(client: ChatClient) -> None:
    assert client.get("/room/%ff").status_code == 400


def test_a_room_has_its_name_and_its_own_conversation(client: ChatClient) -> None:
    client.log_in(username="Ann")
    assert say(client, "Meow", "/room/käse%20&%20co").headers["Location"].endswith("/room/k%C3%A4se%20&%20co")
    page = client.page("/room/käse%20&%20co")
    assert page.text(".//h1") == "Chat room: käse & co"
    assert page.text(".//p[@class='text']") == "Meow"
    assert client.page("/").all(".//p[@class='text']") == []


def test_a_message_is_shown_to_everybody_with_its_author(client: ChatClient, sandbox: RunningSandbox) -> None:
    client.log_in(username="Ann")
    assert say(client, "  Hello\nall  ").status_code == 303
    page = ChatClient(sandbox).page()
    assert page.text(".//p[@class='text']") == "Hello\nall"
    assert page.text(".//p[@class='by']/strong") == "Ann"


def test_names_and_messages_are_text_whatever_stands_in_them(client: ChatClient) -> None:
    hostile = "</strong><script>alert('1')</script>\"'&amp;"
    client.log_in(username=hostile)
    say(client, hostile)
    page = client.page()
    assert page.all(".//script") == []
    assert page.text(".//p[@class='text']") == hostile
    assert page.text(".//p[@class='by']/strong") == hostile
    assert page.text(WHO + "/strong") == f"Logged in as {hostile}"


def test_a_message_that_is_blank_or_too_long_is_refused_with_the_reason(client: ChatClient) -> None:
    client.log_in()
    for text, reason in ((" ", "needs some text"), ("x" * 2001, "at most 2000 characters")):
        response = say(client, text)
        assert response.status_code == 400
        assert reason in response.text
    assert client.sandbox.room.messages("/") == ()


def test_a_message_without_the_proof_of_the_page_is_refused(client: ChatClient) -> None:
    client.log_in()
    assert client.post("/", message="Hello").status_code == 403
    assert client.post("/", message="Hello", form_token="wrong").status_code == 403
    assert client.sandbox.room.messages("/") == ()


def test_a_message_of_nobody_is_refused(client: ChatClient) -> None:
    assert client.post("/", message="Hello").status_code == 403


def test_only_the_latest_messages_are_kept(client: ChatClient) -> None:
    session = client.sandbox.room.log_in(client.token())
    assert session is not None
    for number in range(501):
        client.sandbox.room.say("/", session, str(number))
    messages = client.sandbox.room.messages("/")
    assert [messages[0].text, messages[-1].text, len(messages)] == ["1", "500", 500]


def test_log_in_and_create_account_lead_to_the_pages_of_the_site(client: ChatClient) -> None:
    links = client.page("/room/a%26b").links()
    assert links["Log In"] == f"{SITE}/chatsso/login?to=%2Froom%2Fa%26b"
    assert links["Create Account"] == f"{SITE}/chatsso/register"
    client.log_in()
    assert "Log In" not in client.page().links()


def test_log_out_in_the_chat_ends_the_session_and_shows_the_owners_page(client: ChatClient) -> None:
    client.log_in()
    response = client.post("/logout", **client.page().hidden())
    assert response.status_code == 303
    assert response.headers["Location"] == f"{SITE}/chatsso/logout"
    assert dict(client.jar.cookies) == {}
    assert client.page().user == ""


def test_log_out_without_the_proof_of_the_page_ends_nothing(client: ChatClient) -> None:
    client.log_in()
    response = client.post("/logout")
    assert response.status_code == 403
    assert Page(response.text).links()["Back to the chat"] == "/"
    assert client.page().user == "ann@example.com"


def test_log_out_of_nobody_shows_the_owners_page(client: ChatClient) -> None:
    assert client.post("/logout").headers["Location"] == f"{SITE}/chatsso/logout"


def test_log_out_is_never_done_by_a_get(client: ChatClient) -> None:
    client.log_in()
    assert client.get("/logout").status_code == 405
    assert client.page().user == "ann@example.com"


def test_a_room_without_url_settings_asks_for_them_and_logs_out_to_itself() -> None:
    with serve() as sandbox:
        client = ChatClient(sandbox)
        links = client.page().links()
        assert "Log In" not in links
        assert links["Enter a Log In page"] == "/settings"
        client.log_in()
        assert "form-action 'self';" in client.get("/").headers["Content-Security-Policy"]
        response = client.post("/logout", **client.page().hidden())
        assert urlsplit(response.headers["Location"]).path == "/"


def test_every_page_forbids_whatever_it_does_not_need(client: ChatClient) -> None:
    client.log_in()
    for path in ("/", "/room/a", "/settings", "/sandbox/calls", "/sandbox/accounts", "/nothing"):
        headers = client.get(path).headers
        policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
        assert policy["default-src"] == "'none'"
        assert policy["style-src"] == "'self'"
        assert policy["base-uri"] == "'none'"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"


def test_other_sites_may_frame_the_chat_and_nothing_else(client: ChatClient) -> None:
    assert "frame-ancestors *" in client.get("/").headers["Content-Security-Policy"]
    for path in ("/settings", "/sandbox/calls", "/sandbox/accounts"):
        assert "frame-ancestors 'none'" in client.get(path).headers["Content-Security-Policy"]


def test_the_log_out_form_may_be_redirected_to_the_owners_page(client: ChatClient) -> None:
    assert f"form-action 'self' {SITE};" in client.get("/").headers["Content-Security-Policy"]


def test_every_page_says_that_it_is_a_sandbox(client: ChatClient) -> None:
    for path in ("/", "/room/a", "/settings", "/sandbox/calls", "/sandbox/accounts", "/nothing"):
        assert "It is not Website Toolbox's product." in client.get(path).text
        assert Page(client.get(path).text).one(".").get("lang") == "en"


def test_the_embed_script_is_served_to_any_site_and_listed(client: ChatClient) -> None:
    response = client.get("/js/embed.js", access_token=client.token(), rememberMe="1")
    assert response.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert response.headers["Cache-Control"] == "no-store"
    assert "iframe" in response.text
    assert client.sandbox.calls[-1].outcome == "Gave the embed script to a page with a token."
    client.get("/js/embed.js")
    assert client.sandbox.calls[-1].outcome == "Gave the embed script."


def test_the_stylesheet_is_the_rooms_own(client: ChatClient) -> None:
    address = client.page().one(".//link[@rel='stylesheet']").get("href")
    response = client.get(address)
    assert response.headers["Content-Type"] == "text/css; charset=utf-8"
    assert "prefers-color-scheme: dark" in response.text
    assert "url(" not in response.text


def test_below_a_prefix_every_address_keeps_it(sandbox: RunningSandbox) -> None:
    from webtest import TestApp

    sandbox.room.site_pages = SitePages()
    browser = TestApp(create_app(sandbox.room), extra_environ={"SCRIPT_NAME": "/chat"})
    token = sandbox.room.generate_token("ann@example.com")
    response = browser.get("/", {"access_token": token})
    assert urlsplit(response.headers["Location"]).path == "/chat/"
    page = Page(browser.get("/").text)
    assert {path for path in page.links().values() if not path.startswith("/chat/")} == set()
    assert page.one(".//form[@class='composer']").get("action") == "/chat/"
    assert parse_qs(urlsplit(response.headers["Location"]).query) == {}

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.sandbox.chat_client import SITE, Page

if TYPE_CHECKING:
    from tests.sandbox.chat_client import ChatClient, Clock


def save(client: ChatClient, **addresses: str) -> Page:
    """Fill in the form on the settings page as a person does."""
    page = client.page("/settings")
    entered = {field.get("id"): field.get("value") for field in page.all(".//input[@id]")}
    return Page(client.post("/settings", **{**entered, **addresses, **page.hidden()}).text)


def test_the_list_of_calls_shows_the_newest_first_and_no_secret(client: ChatClient, clock: Clock) -> None:
    token = client.token(username="ann", password="open-sesame")
    clock.now += 1
    client.load_login_tag(token)
    client.call("/sso/user/delete", apikey="a-wrong-key", emails="ann@example.com")
    text = client.get("/sandbox/calls").text
    page = Page(text)
    assert ["".join(code.itertext()) for code in page.all(".//ol//code")] == [
        "POST /sso/user/delete",
        "GET /sso/token/login",
        "POST /sso/token/generate",
    ]
    assert [item.get("class") for item in page.all(".//ol/li")] == ["failure", "success", "success"]
    assert "Logged in ann@example.com until the browser is closed." in text
    for secret in (client.sandbox.api_key, "open-sesame", "a-wrong-key", token):
        assert secret not in text


def test_the_list_of_calls_is_there_for_programs(client: ChatClient) -> None:
    client.call("/sso/token/generate", email="ann@example.com", password="open-sesame", avatarUrl="")
    client.get("/?access_token=wrong")
    second, first = client.get("/sandbox/calls.json").json()["calls"]
    assert first == {
        "time": "2023-11-14T22:13:20.000+00:00",
        "method": "POST",
        "path": "/sso/token/generate",
        "parameters": {"apikey": "***", "email": "ann@example.com", "password": "***", "avatarUrl": ""},
        "status": 200,
        "success": True,
        "outcome": "The access token was generated.",
    }
    assert (second["path"], second["success"], second["status"]) == ("/", False, 303)


def test_before_the_first_call_the_pages_say_so(client: ChatClient) -> None:
    assert "No call has come yet" in client.get("/sandbox/calls").text
    assert "no accounts yet" in client.get("/sandbox/accounts").text
    assert "Nobody has said anything yet" in client.get("/").text


def test_reading_pages_is_no_call(client: ChatClient) -> None:
    for path in ("/", "/settings", "/sandbox/calls", "/sandbox/calls.json", "/sandbox/accounts", "/nothing"):
        client.get(path)
    assert len(client.sandbox.calls) == 0


def test_an_empty_parameter_is_shown_as_such(client: ChatClient) -> None:
    client.call("/sso/token/generate", email="ann@example.com", username="")
    assert "(empty)" in client.get("/sandbox/calls").text


def test_the_accounts_are_listed_with_their_pictures(client: ChatClient) -> None:
    client.token("ann@example.com", username="Ann", avatarUrl="https://a.test/ann.png", password="sesame")
    client.token("bob@example.com", username="<b>Bob</b>")
    page = client.page("/sandbox/accounts")
    ann, bob = page.all(".//main//li")
    assert ann.find("img").get("src") == "https://a.test/ann.png"
    assert ["".join(part.itertext()) for part in ann.find("div")] == [
        "Ann",
        "ann@example.com",
        "has a password",
    ]
    assert ["".join(part.itertext()) for part in bob.find("div")] == [
        "<b>Bob</b>",
        "bob@example.com",
        "without a password",
    ]


def test_the_settings_show_what_the_site_url_filled_in(client: ChatClient) -> None:
    page = client.page("/settings")
    assert {field.get("name"): field.get("value") for field in page.all(".//input[@id]")} == {
        "log_in": f"{SITE}/chatsso/login?to={{path}}",
        "log_out": f"{SITE}/chatsso/logout",
        "registration": f"{SITE}/chatsso/register",
    }
    for field in page.all(".//input[@id]"):
        assert page.one(f".//label[@for='{field.get('id')}']") is not None


def test_the_settings_can_be_changed(client: ChatClient) -> None:
    page = save(client, log_in=" https://site.test/in ", registration="")
    assert page.text(".//*[@role='status']") == "The addresses were saved."
    links = client.page().links()
    assert links["Log In"] == "https://site.test/in"
    assert "Create Account" not in links


def test_an_address_that_cannot_be_used_is_named_and_nothing_is_saved(client: ChatClient) -> None:
    page = save(client, log_in="https://site.test/in", log_out="javascript:alert(1)")
    field = page.one(".//input[@id='log_out']")
    assert field.get("aria-invalid") == "true"
    assert field.get("value") == "javascript:alert(1)"
    assert "must begin with http:// or https://" in page.text(".//*[@id='log_out-hint']")
    assert page.one(".//input[@id='log_in']").get("aria-invalid") is None
    assert client.page().links()["Log In"].startswith(SITE)


def test_settings_without_the_proof_of_the_page_are_not_saved(client: ChatClient) -> None:
    response = client.post("/settings", log_in="https://evil.test/")
    assert response.status_code == 403
    assert "Nothing was saved" in response.text
    assert client.page().links()["Log In"].startswith(SITE)

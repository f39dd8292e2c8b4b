from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from chatsso_middleware.providers import SiteFacts
from chatsso_middleware.providers.rocketchat.snippets import logout_script
from chatsso_middleware.sandbox.rocketchat import ChatSettings, RunningSandbox
from tests.sandbox.chat_client import Page
from tests.sandbox.rocketchat.clients import RestClient
from tests.sandbox.rocketchat.conftest import StartSandbox

SITE = "http://127.0.0.1:6543"


def get(sandbox: RunningSandbox, path: str) -> requests.Response:
    return requests.get(sandbox.url + path, timeout=10)


def page(sandbox: RunningSandbox, path: str) -> Page:
    answer = get(sandbox, path)
    assert answer.status_code == 200
    return Page(answer.text)


def configuration(sandbox: RunningSandbox, path: str = "/home") -> dict[str, Any]:
    read: dict[str, Any] = json.loads(page(sandbox, path).one(".//*[@id='chat']").get("data-configuration"))
    return read


def save(sandbox: RunningSandbox, **values: str | None) -> requests.Response:
    """Fill in the form on the settings page as a person does; `None` unticks a box."""
    form = page(sandbox, "/settings")
    entered: dict[str, str | None] = {**form.hidden()}
    for field in form.all(".//input[@id]"):
        if field.get("type") != "checkbox" or field.get("checked") is not None:
            entered[field.get("id")] = field.get("value")
    for field in form.all(".//textarea"):
        entered[field.get("id")] = field.text or ""
    for field in form.all(".//select"):
        (chosen,) = [option for option in field if option.get("selected") is not None]
        entered[field.get("id")] = chosen.get("value")
    sent = {name: value for name, value in (entered | values).items() if value is not None}
    return requests.post(f"{sandbox.url}/settings", data=sent, timeout=10)


@pytest.mark.parametrize(
    ("path", "room"),
    [("/", "general"), ("/home", "general"), ("/channel/random", "random"), ("/channel/caf%C3%A9", "café")],
)
def test_the_page_shows_a_channel(sandbox: RunningSandbox, path: str, room: str) -> None:
    assert page(sandbox, path).text(".//h1") == f"#{room}"
    assert configuration(sandbox, path)["room"] == room


def test_the_page_may_be_framed_and_runs_our_scripts_alone(sandbox: RunningSandbox) -> None:
    answer = get(sandbox, "/home")
    policy = answer.headers["Content-Security-Policy"]
    assert "frame-ancestors *" in policy
    assert "script-src 'self';" in policy
    assert "default-src 'none'" in policy
    assert answer.headers["Cache-Control"] == "no-store"
    for script in page(sandbox, "/home").all(".//script"):
        assert (script.text or "") == ""
        assert get(sandbox, script.get("src")).headers["Content-Type"].startswith("text/javascript")


def test_every_file_of_the_page_is_there(sandbox: RunningSandbox) -> None:
    for name in ("chat.css", "style.css"):
        assert get(sandbox, f"/sandbox/{name}").headers["Content-Type"].startswith("text/css")
    for name in ("chat.js", "commands.js", "ddp.js", "login.js", "oauth.js"):
        assert get(sandbox, f"/sandbox/{name}").headers["Content-Type"].startswith("text/javascript")


def test_settings_of_a_site_lead_to_its_endpoints(start: StartSandbox) -> None:
    settings = configuration(start(site_url=f"{SITE}/"))["settings"]
    assert settings["Accounts_iframe_enabled"] is True
    assert settings["Accounts_iframe_url"] == f"{SITE}/chatsso/rocketchat/frame"
    assert settings["Accounts_Iframe_api_url"] == f"{SITE}/chatsso/rocketchat/token"
    assert settings["Accounts_Iframe_api_method"] == "POST"


def test_the_script_on_logout_is_the_one_that_the_product_prints_for_such_a_site() -> None:
    facts = SiteFacts(site_url=SITE, mount="/chatsso", login_url=None, logout_url=None, cookie_samesite="lax")
    assert ChatSettings.of_site(SITE).script_on_logout == logout_script(facts, "rocketchat").text


def test_the_script_on_logout_is_wrapped_as_the_server_wraps_it(start: StartSandbox) -> None:
    script = get(start(site_url=SITE), "/scripts.js").text
    assert "window.addEventListener('Custom_Script_On_Logout', function () {" in script
    assert f'window.location.replace("{SITE}/chatsso/logout?provider=rocketchat");' in script


@pytest.mark.parametrize(
    "address", ["site.test", "ftp://site.test", "https://ann:pw@site.test", "https://a b"]
)
def test_a_bad_site_address_is_refused_before_anything_starts(start: StartSandbox, address: str) -> None:
    with pytest.raises(ValueError, match="the address"):
        start(site_url=address)


def test_bad_settings_are_refused_by_their_names() -> None:
    with pytest.raises(ValueError, match="Accounts_Iframe_api_method: the method is one of POST and GET"):
        ChatSettings(api_method="PUT")
    with pytest.raises(ValueError, match="Accounts_iframe_url: the address"):
        ChatSettings(iframe_url="javascript:alert(1)")


def test_the_settings_can_be_changed(start: StartSandbox) -> None:
    sandbox = start(site_url=SITE)
    script = "alert('</script><b>');"
    answer = save(
        sandbox,
        iframe_url=" https://site.test/frame ",
        api_method="GET",
        script_on_logout=script,
        receive_enabled="on",
        page_client="xhr",
    )
    assert Page(answer.text).text(".//*[@class='banner']") == "The settings were saved."
    shown = configuration(sandbox)
    assert shown["client"] == "xhr"
    assert shown["settings"]["Accounts_iframe_url"] == "https://site.test/frame"
    assert shown["settings"]["Accounts_Iframe_api_method"] == "GET"
    assert shown["settings"]["Iframe_Integration_receive_enable"] is True
    assert shown["settings"]["Accounts_iframe_enabled"] is True
    assert script in get(sandbox, "/scripts.js").text
    save(sandbox, iframe_enabled=None)
    assert configuration(sandbox)["settings"]["Accounts_iframe_enabled"] is False


def test_a_value_that_cannot_be_used_is_named_and_nothing_is_saved(start: StartSandbox) -> None:
    sandbox = start(site_url=SITE)
    answer = save(sandbox, iframe_url="https://site.test/", api_url="javascript:alert(1)", page_client="lynx")
    assert answer.status_code == 400
    form = Page(answer.text)
    assert form.one(".//input[@id='api_url']").get("aria-invalid") == "true"
    assert form.one(".//input[@id='api_url']").get("value") == "javascript:alert(1)"
    assert "must begin with http:// or https://" in form.text(".//*[@id='api_url-hint']")
    assert "current, json, xhr" in form.text(".//*[@id='page_client-hint']")
    assert form.one(".//input[@id='iframe_url']").get("aria-invalid") is None
    assert configuration(sandbox)["settings"]["Accounts_iframe_url"].startswith(SITE)


def test_settings_without_the_proof_of_the_page_are_not_saved(sandbox: RunningSandbox) -> None:
    answer = requests.post(f"{sandbox.url}/settings", data={"iframe_url": "https://evil.test"}, timeout=10)
    assert answer.status_code == 403
    assert "Nothing was saved" in answer.text
    assert requests.post(f"{sandbox.url}/settings", json={}, timeout=10).status_code == 403
    assert configuration(sandbox)["settings"]["Accounts_iframe_url"] == ""


def test_every_field_of_the_settings_has_a_label(sandbox: RunningSandbox) -> None:
    form = page(sandbox, "/settings")
    for kind in ("input", "textarea", "select"):
        for field in form.all(f".//{kind}[@id]"):
            assert form.one(f".//label[@for='{field.get('id')}']") is not None


def test_the_list_of_calls_shows_the_newest_first(api: RestClient) -> None:
    sandbox = api.sandbox
    assert "No call has come yet" in get(sandbox, "/sandbox/calls").text
    api.create(password="open-sesame")
    api.post("users.delete", {"username": "nobody"})
    text = get(sandbox, "/sandbox/calls").text
    assert ["".join(code.itertext()) for code in Page(text).all(".//ol//code")] == [
        "POST /api/v1/users.delete",
        "POST /api/v1/users.create",
    ]
    assert [item.get("class") for item in Page(text).all(".//ol/li")] == ["failure", "success"]
    assert "(status 400)" in text
    assert "open-sesame" not in text
    second, first = get(sandbox, "/sandbox/calls.json").json()["calls"]
    assert (first["path"], second["success"]) == ("/api/v1/users.create", False)


def test_a_page_with_a_token_in_its_address_is_a_call(sandbox: RunningSandbox) -> None:
    get(sandbox, "/home?resumeToken=secret-t0ken")
    (call,) = sandbox.calls
    assert (call.path, call.parameters) == ("/home", {"resumeToken": "secret…"})


def test_the_accounts_are_listed_with_the_number_of_their_tokens(sandbox: RunningSandbox) -> None:
    assert "no accounts yet" in get(sandbox, "/sandbox/accounts").text
    chat = sandbox.chat
    ann = chat.add_user("ann", name="<b>Ann</b>")
    chat.mint_token(ann)
    chat.set_avatar(ann, "https://site.test/ann.png")
    chat.require_two_factor(chat.set_active(chat.add_user("bob", name=""), active=False))
    first, second = page(sandbox, "/sandbox/accounts").all(".//main//li")
    assert first.find("img").get("src") == "https://site.test/ann.png"
    assert ["".join(part.itertext()) for part in first.find("div")] == [
        "<b>Ann</b> (@ann)",
        "ann@example.com",
        "1 login token",
    ]
    assert ["".join(part.itertext()) for part in second.find("div")] == [
        "@bob",
        "bob@example.com",
        "0 login tokens, deactivated, login in two steps",
    ]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/channel/", 404),
        ("GET", "/channel/a/b", 404),
        ("GET", "/%ff", 400),
        ("POST", "/home", 405),
        ("POST", "/sandbox/chat.js", 405),
        ("DELETE", "/settings", 405),
        ("GET", "/?" + "&".join(f"a{number}" for number in range(101)), 400),
    ],
)
def test_what_is_not_there_is_told(sandbox: RunningSandbox, method: str, path: str, status: int) -> None:
    answer = requests.request(method, sandbox.url + path, timeout=10)
    assert answer.status_code == status
    assert "Back to the chat" in answer.text
    assert ("Allow" in answer.headers) == (status == 405)


def test_every_page_says_that_it_is_not_the_vendors(sandbox: RunningSandbox) -> None:
    for path in ("/home", "/settings", "/sandbox/calls", "/sandbox/accounts", "/nothing"):
        assert "It is not Rocket.Chat's product" in get(sandbox, path).text

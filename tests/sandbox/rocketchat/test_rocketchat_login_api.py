from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chatsso_middleware.sandbox.rocketchat import MOST_TOKENS, TWO_FACTOR_CODE, Refused, RunningSandbox
from chatsso_middleware.sandbox.rocketchat.rest_route import RestCall
from tests.sandbox.chat_client import Clock
from tests.sandbox.rocketchat.clients import RestClient
from tests.sandbox.rocketchat.conftest import StartSandbox

pytestmark = pytest.mark.usefixtures("sandbox")


@pytest.mark.parametrize(
    "name",
    [{"user": "ann"}, {"user": "ANN@example.com"}, {"username": "Ann"}, {"email": "ann@example.com"}],
    ids=str,
)
def test_a_password_logs_in_by_name_or_address_whatever_their_case(api: RestClient, name: Any) -> None:
    user = api.create(password="sesame")
    api.become_nobody()
    answer = api.post("login", {**name, "password": "sesame"})
    body = answer.json()
    assert (answer.status_code, body["success"], body["status"]) == (200, True, "success")
    assert body["data"]["userId"] == user["_id"]
    assert body["data"]["me"]["username"] == "ann"
    assert api.sandbox.chat.token_owner(body["data"]["authToken"]) is not None


def test_a_login_token_is_43_characters_and_logs_in_again_as_itself(api: RestClient) -> None:
    user = api.create()
    token = api.token_for(user["_id"])
    assert len(token) == 43
    assert len(user["_id"]) == 17
    api.become_nobody()
    data = api.post("login", {"resume": token}).json()["data"]
    assert (data["userId"], data["authToken"]) == (user["_id"], token)


@pytest.mark.parametrize(
    ("version", "body"),
    [
        (
            "7.0",
            {"success": False, "status": "error", "error": 403, "message": "Incorrect password"},
        ),
        ("8.0", {"success": False, "error": "unauthorized"}),
        ("8.4", {"success": False, "error": "unauthorized"}),
    ],
)
def test_a_wrong_password_is_refused_in_the_shape_of_the_version(
    start: StartSandbox, version: str, body: dict[str, Any]
) -> None:
    with RestClient(start(server_version=version)) as api:
        api.sandbox.chat.add_user("ann", password="sesame")
        api.become_nobody()
        answer = api.post("login", {"user": "ann", "password": "wrong"})
        assert (answer.status_code, answer.json()) == (401, body)


def test_an_old_server_does_not_tell_that_a_user_is_unknown(start: StartSandbox) -> None:
    with RestClient(start(server_version="7.0")) as api:
        answer = api.post("login", {"user": "nobody", "password": "x"})
        assert answer.status_code == 401
        assert answer.json()["error"] == answer.json()["message"] == "Unauthorized"


@pytest.mark.parametrize("version", ["7.0", "8.4"])
def test_a_login_in_two_steps_wants_the_code(start: StartSandbox, version: str) -> None:
    with RestClient(start(server_version=version)) as api:
        chat = api.sandbox.chat
        chat.require_two_factor(chat.add_user("ann", password="sesame"))
        login = {"user": "ann", "password": "sesame"}
        refused = api.post("login", login)
        assert refused.status_code == 401
        assert "totp-required" in refused.text
        assert refused.json()["details"]["method"] == "totp"
        assert api.post("login", {**login, "code": "000000"}).status_code == 401
        assert api.post("login", {**login, "code": TWO_FACTOR_CODE}).status_code == 200
        assert api.post("login", login, X_2FA_Code=TWO_FACTOR_CODE).status_code == 200


def test_a_token_needs_no_second_step(api: RestClient) -> None:
    chat = api.sandbox.chat
    ann = chat.require_two_factor(chat.add_user("ann", password="sesame"))
    assert api.post("login", {"resume": chat.mint_token(ann).token}).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"user": {"$gt": ""}, "password": "x"},
        {"user": "ann", "password": {"$ne": ""}},
        {"resume": ["x"]},
        {"user": "ann", "password": "x", "more": "x"},
        ["resume"],
        "resume",
    ],
    ids=str,
)
def test_objects_where_strings_belong_and_unknown_names_are_refused(api: RestClient, body: Any) -> None:
    answer = api.post("login", body)
    assert (answer.status_code, answer.json()["errorType"]) == (400, "invalid-params")


def test_a_body_that_is_no_json_is_refused(sandbox: RunningSandbox, api: RestClient) -> None:
    for body in (b"{", b"[" * 20_000, b"\xff"):
        answer = api.session.post(f"{sandbox.url}/api/v1/login", data=body, timeout=10)
        assert (answer.status_code, answer.json()["errorType"]) == (400, "invalid-params")


def test_a_user_without_a_password_or_an_account_that_sleeps_cannot_log_in(api: RestClient) -> None:
    chat = api.sandbox.chat
    chat.add_user("bob")
    assert api.post("login", {"user": "bob", "password": ""}).status_code == 401
    chat.set_active(chat.add_user("ann", password="sesame"), active=False)
    assert api.post("login", {"user": "ann", "password": "sesame"}).status_code == 401
    assert [call.outcome for call in chat.calls] == [
        "Refused: User has no password set [403].",
        "Refused: User is not activated [error-user-is-not-activated].",
    ]


def test_a_token_ends_after_ninety_days_by_the_clock(api: RestClient, clock: Clock) -> None:
    chat = api.sandbox.chat
    token = chat.mint_token(chat.add_user("ann")).token
    clock.now += timedelta(days=90).total_seconds() - 1
    assert api.post("login", {"resume": token}).status_code == 200
    clock.now += 1
    assert api.post("login", {"resume": token}).status_code == 401
    assert chat.token_owner(token) is None
    assert api.get("me").status_code == 200, "the service account has a token without an end"


def test_the_life_of_tokens_can_be_chosen(start: StartSandbox, clock: Clock) -> None:
    chat = start(token_life=timedelta(minutes=1)).chat
    login = chat.mint_token(chat.add_user("ann"))
    assert login.expires_at == clock.now + 60


def test_the_fifty_first_token_drops_the_oldest(api: RestClient) -> None:
    chat = api.sandbox.chat
    ann = chat.add_user("ann")
    tokens = [chat.mint_token(ann).token for _ in range(MOST_TOKENS + 2)]
    assert len(chat.tokens_of(ann)) == MOST_TOKENS == 50
    assert [chat.token_owner(token) is None for token in tokens[:3]] == [True, True, False]
    assert chat.token_owner(tokens[-1]) is not None


def test_logging_out_ends_the_one_token(api: RestClient) -> None:
    chat = api.sandbox.chat
    ann = chat.add_user("ann")
    one, other = chat.mint_token(ann).token, chat.mint_token(ann).token
    api.become(ann.id, one)
    assert api.get("me").json()["username"] == "ann"
    assert api.post("logout").json()["data"]["message"] == "You've been logged out!"
    assert api.get("me").status_code == 401
    assert chat.token_owner(other) is not None


def test_an_administrator_ends_every_token_of_somebody_else(api: RestClient) -> None:
    chat = api.sandbox.chat
    ann = chat.add_user("ann")
    chat.mint_token(ann)
    chat.mint_token(ann)
    answer = api.post("users.logout", {"userId": ann.id})
    assert answer.json() == {"success": True, "message": f"User {ann.id} has been logged out!"}
    assert chat.tokens_of(ann) == ()
    assert api.post("users.logout", {"userId": "nobody"}).json()["errorType"] == "error-invalid-user-id"


def test_without_the_permission_one_can_log_out_oneself_alone(api: RestClient) -> None:
    chat = api.sandbox.chat
    ann, bob = chat.add_user("ann"), chat.add_user("bob")
    api.become(ann.id, chat.mint_token(ann).token)
    assert api.post("users.logout", {"userId": bob.id}).status_code == 403
    assert api.post("users.logout").status_code == 200
    assert chat.tokens_of(ann) == ()


@pytest.mark.parametrize("token", ["", "wrong"])
def test_a_call_without_a_login_is_a_401(start: StartSandbox, token: str) -> None:
    for version, more in (
        ("7.0", {"status": "error", "message": "You must be logged in to do this."}),
        ("8.4", {}),
    ):
        with RestClient(start(server_version=version)) as api:
            api.become(api.sandbox.admin_user_id, token)
            answer = api.get("me")
            expected = {"success": False, "error": "You must be logged in to do this.", **more}
            assert (answer.status_code, answer.json()) == (401, expected)


def test_a_token_counts_for_its_own_user_alone(api: RestClient) -> None:
    ann = api.create()
    api.become(ann["_id"], api.sandbox.admin_token)
    assert api.get("me").status_code == 401


def test_anybody_may_ask_for_the_version_and_the_public_settings(start: StartSandbox) -> None:
    with RestClient(start(server_version="7.0", site_url="https://site.test/")) as api:
        api.become_nobody()
        assert api.get("info").json()["info"] == {"version": "7.0"}
        assert api.get("settings.oauth").json() == {"services": [], "success": True}
        settings = {each["_id"]: each["value"] for each in api.get("settings.public").json()["settings"]}
        assert settings["Accounts_iframe_enabled"] is True
        assert settings["Accounts_Iframe_api_url"] == "https://site.test/chatsso/rocketchat/token"
        one = api.get("settings.public", _id="Accounts_iframe_url").json()["settings"]
        assert one == [{"_id": "Accounts_iframe_url", "value": "https://site.test/chatsso/rocketchat/frame"}]


def test_an_unknown_call_is_a_404_and_a_wrong_method_a_405(api: RestClient) -> None:
    assert api.get("nonsense").status_code == 404
    assert api.get("login").status_code == 405
    assert api.post("me").json() == {"success": False, "error": "Method Not Allowed"}


def test_secrets_stand_nowhere_in_the_list_of_calls(api: RestClient) -> None:
    user = api.create(password="open-sesame")
    token = api.token_for(user["_id"])
    api.post("login", {"user": "ann", "password": "open-sesame"})
    api.post("login", {"resume": token})
    api.post("users.update", {"userId": user["_id"], "data": {"password": "new-sesame"}})
    shown = repr(list(api.sandbox.calls)) + repr(api.sandbox.chat) + repr(api.sandbox.chat.behaviour)
    for secret in ("open-sesame", "new-sesame", token, api.sandbox.token_secret, api.sandbox.admin_token):
        assert secret not in shown
    assert token[:6] in shown


def test_a_call_that_anybody_may_make_has_no_user(sandbox: RunningSandbox) -> None:
    call = RestCall(sandbox.chat, None, "", {}, None)
    assert call.may("create-user") is False
    with pytest.raises(Refused, match="You must be logged in"):
        _ = call.user


def test_an_unknown_version_is_refused_before_anything_starts(start: StartSandbox) -> None:
    with pytest.raises(ValueError, match=r"7\.0, 8\.0, 8\.4"):
        start(server_version="6.0")

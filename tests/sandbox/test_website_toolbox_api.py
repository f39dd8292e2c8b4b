from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from chatsso_middleware.sandbox.website_toolbox import TOKEN_LIFE, serve
from tests.sandbox.chat_client import ChatClient

if TYPE_CHECKING:
    from chatsso_middleware.sandbox.website_toolbox import RunningSandbox
    from tests.sandbox.chat_client import Clock

GENERATE = "/sso/token/generate"
REGISTER = "/sso/user/register"
EDIT = "/sso/user/edit"
DELETE = "/sso/user/delete"


def test_generate_creates_the_account_that_is_missing_and_gives_a_token(client: ChatClient) -> None:
    answer = client.call(
        GENERATE,
        email="ann@example.com",
        username="ann",
        password="sesame",
        avatarUrl="https://a.test/ann.png",
    )
    assert set(answer) == {"success", "message", "access_token"}
    assert answer["success"] is True
    account = client.sandbox.room.token_account(answer["access_token"])
    assert account is client.sandbox.room.account("ann@example.com")
    assert account is not None
    assert (account.username, account.avatar_url) == ("ann", "https://a.test/ann.png")
    assert account.password_is("sesame")
    assert not account.password_is("other")


def test_generate_takes_over_only_the_picture_of_an_account_that_exists(client: ChatClient) -> None:
    client.token(username="ann", password="sesame", avatarUrl="https://a.test/1.png")
    client.token(username="other", password="other", avatarUrl="https://a.test/2.png")
    account = client.sandbox.room.account("ann@example.com")
    assert account is not None
    assert (account.username, account.avatar_url) == ("ann", "https://a.test/2.png")
    assert account.password_is("sesame")


def test_generate_without_a_picture_keeps_the_old_one(client: ChatClient) -> None:
    client.token(avatarUrl="https://a.test/1.png")
    client.token(avatarUrl="")
    account = client.sandbox.room.account("ann@example.com")
    assert account is not None
    assert account.avatar_url == "https://a.test/1.png"


def test_an_account_without_a_user_name_is_called_by_the_start_of_its_address(client: ChatClient) -> None:
    client.token("ann@example.com")
    account = client.sandbox.room.account("ann@example.com")
    assert account is not None
    assert account.username == "ann"
    assert not account.has_password
    assert not account.password_is("")


def test_every_call_works_by_get_too(client: ChatClient) -> None:
    url, key = client.sandbox.url, client.sandbox.api_key
    for path, parameters in (
        (GENERATE, {"email": "ann@example.com"}),
        (REGISTER, {"email": "bob@example.com", "username": "bob"}),
        (EDIT, {"user": "bob@example.com", "username": "robert"}),
        (DELETE, {"emails": "bob@example.com"}),
    ):
        response = requests.get(url + path, params={"apikey": key, **parameters}, timeout=10)
        assert response.status_code == 200
        assert response.headers["Content-Type"] == "application/json"
        assert response.json()["success"] is True


def test_two_generate_calls_give_two_tokens_and_both_work(client: ChatClient) -> None:
    first, second = client.token(), client.token()
    assert first != second
    room = client.sandbox.room
    assert room.token_account(first) is room.token_account(second) is room.account("ann@example.com")


def test_a_room_that_reuses_tokens_gives_the_same_until_it_expires(clock: Clock) -> None:
    with serve(clock=clock, reuse_tokens=True) as sandbox:
        room = sandbox.room
        room.generate_token("bob@example.com")
        first = room.generate_token("ann@example.com")
        clock.now += TOKEN_LIFE - 1
        assert room.generate_token("ann@example.com") == first
        clock.now += 1
        assert room.generate_token("ann@example.com") != first


def test_a_token_ends_after_sixty_minutes(client: ChatClient, clock: Clock) -> None:
    token = client.token()
    clock.now += 60 * 60 - 1
    assert client.sandbox.room.token_account(token) is not None
    clock.now += 1
    assert client.sandbox.room.token_account(token) is None


@pytest.mark.parametrize("path", [GENERATE, REGISTER, EDIT, DELETE])
@pytest.mark.parametrize("key", ["wrong", "", "schlüssel"])
def test_a_wrong_key_is_refused_with_status_200_and_changes_nothing(
    client: ChatClient, path: str, key: str
) -> None:
    client.token("bob@example.com", username="bob")
    answer = client.call(
        path,
        apikey=key,
        email="ann@example.com",
        username="x",
        user="bob@example.com",
        emails="bob@example.com",
    )
    assert answer == {"success": False, "message": "Invalid API key."}
    (account,) = client.sandbox.room.accounts
    assert (account.email, account.username) == ("bob@example.com", "bob")


def test_a_post_takes_nothing_from_its_query(client: ChatClient) -> None:
    query = {"apikey": client.sandbox.api_key, "email": "ann@example.com"}
    response = requests.post(client.sandbox.url + GENERATE, params=query, timeout=10)
    assert response.json()["success"] is False
    assert client.sandbox.room.accounts == ()


def test_a_body_that_is_no_form_holds_no_parameters(client: ChatClient) -> None:
    body = {"apikey": client.sandbox.api_key, "email": "ann@example.com"}
    response = requests.post(client.sandbox.url + GENERATE, json=body, timeout=10)
    assert response.json()["success"] is False


@pytest.mark.parametrize(
    ("path", "parameters", "missing"),
    [
        (GENERATE, {}, "email"),
        (GENERATE, {"email": ""}, "email"),
        (REGISTER, {"username": "ann"}, "email"),
        (REGISTER, {"email": "ann@example.com"}, "username"),
        (EDIT, {"username": "ann"}, "user"),
        (DELETE, {}, "emails"),
    ],
)
def test_a_parameter_that_is_documented_as_mandatory_must_be_there(
    client: ChatClient, path: str, parameters: dict[str, str], missing: str
) -> None:
    answer = client.call(path, **parameters)
    assert answer == {"success": False, "message": f"The parameter {missing} is missing."}


@pytest.mark.parametrize("email", ["ann", "@example.com", "ann@", "a,b@example.com", "a b@example.com"])
def test_an_address_that_is_none_gets_no_account(client: ChatClient, email: str) -> None:
    answer = client.call(GENERATE, email=email)
    assert answer == {"success": False, "message": "The email address is not valid."}
    assert client.sandbox.room.accounts == ()


def test_register_makes_an_account_and_gives_a_token(client: ChatClient) -> None:
    answer = client.call(REGISTER, email="ann@example.com", username="ann", password="sesame")
    assert answer["success"] is True
    account = client.sandbox.room.token_account(answer["access_token"])
    assert account is not None
    assert account.username == "ann"
    assert account.password_is("sesame")


def test_register_refuses_an_address_that_has_an_account(client: ChatClient) -> None:
    client.token(username="ann")
    answer = client.call(REGISTER, email="ann@example.com", username="other")
    assert answer["success"] is False
    assert "already have a chat room account" in answer["message"]
    assert "access_token" not in answer
    assert [account.username for account in client.sandbox.room.accounts] == ["ann"]


def test_edit_changes_what_is_given_and_leaves_the_rest(client: ChatClient) -> None:
    client.token(username="ann", password="sesame", avatarUrl="https://a.test/ann.png")
    answer = client.call(EDIT, user="ann@example.com", username="anna")
    assert answer["success"] is True
    assert "access_token" not in answer
    account = client.sandbox.room.account("ann@example.com")
    assert account is not None
    assert (account.username, account.avatar_url) == ("anna", "https://a.test/ann.png")
    assert account.password_is("sesame")


def test_edit_finds_the_account_by_its_current_address_and_can_change_it(client: ChatClient) -> None:
    token = client.token(username="ann")
    assert client.call(EDIT, user="ann@example.com", email="ann@new.example")["success"] is True
    assert client.sandbox.room.account("ann@example.com") is None
    account = client.sandbox.room.account("ann@new.example")
    assert account is not None
    assert account is client.sandbox.room.token_account(token)
    assert client.call(EDIT, user="ann@example.com", username="x")["success"] is False
    assert client.call(EDIT, user="ann@new.example", email="ann@new.example")["success"] is True


def test_edit_ignores_a_blank_name_and_address_but_not_a_blank_password_and_picture(
    client: ChatClient,
) -> None:
    client.token(username="ann", password="sesame", avatarUrl="https://a.test/ann.png")
    answer = client.call(EDIT, user="ann@example.com", username="", email="", password="", avatarUrl="")
    assert answer["success"] is True
    account = client.sandbox.room.account("ann@example.com")
    assert account is not None
    assert account.username == "ann"
    assert account.avatar_url == ""
    assert not account.has_password


def test_edit_sets_a_new_password(client: ChatClient) -> None:
    client.token(password="sesame")
    client.call(EDIT, user="ann@example.com", password="tahini")
    account = client.sandbox.room.account("ann@example.com")
    assert account is not None
    assert account.password_is("tahini")
    assert not account.password_is("sesame")


def test_edit_of_an_unknown_user_is_not_found(client: ChatClient) -> None:
    answer = client.call(EDIT, user="nobody@example.com", username="x")
    assert answer["success"] is False
    assert "not found" in answer["message"]


def test_edit_does_not_take_the_address_of_another_account(client: ChatClient) -> None:
    client.token("ann@example.com")
    client.token("bob@example.com")
    answer = client.call(EDIT, user="ann@example.com", email="bob@example.com")
    assert answer["success"] is False
    assert {account.email for account in client.sandbox.room.accounts} == {
        "ann@example.com",
        "bob@example.com",
    }


def test_edit_refuses_a_new_address_that_is_none(client: ChatClient) -> None:
    client.token("ann@example.com")
    assert client.call(EDIT, user="ann@example.com", email="ann")["success"] is False
    assert client.sandbox.room.account("ann@example.com") is not None


def test_delete_takes_several_addresses_with_commas_between(client: ChatClient) -> None:
    for email in ("ann@example.com", "bob@example.com", "cat@example.com"):
        client.token(email)
    answer = client.call(DELETE, emails="ann@example.com, bob@example.com,")
    assert answer["success"] is True
    assert [account.email for account in client.sandbox.room.accounts] == ["cat@example.com"]


def test_delete_of_unknown_users_alone_is_not_found(client: ChatClient) -> None:
    answer = client.call(DELETE, emails="nobody@example.com")
    assert answer["success"] is False
    assert "not found" in answer["message"]


def test_delete_of_known_and_unknown_users_deletes_the_known_ones(client: ChatClient) -> None:
    client.token("ann@example.com")
    answer = client.call(DELETE, emails="nobody@example.com,ann@example.com")
    assert answer["success"] is True
    assert "not found: nobody@example.com" in answer["message"]
    assert client.sandbox.room.accounts == ()


def test_the_tokens_of_a_deleted_account_end_and_a_new_account_does_not_inherit_them(
    client: ChatClient,
) -> None:
    old = client.token()
    client.call(DELETE, emails="ann@example.com")
    client.token()
    assert client.sandbox.room.token_account(old) is None


def test_an_api_call_takes_get_and_post_alone(client: ChatClient) -> None:
    for method in ("HEAD", "PUT", "DELETE"):
        response = requests.request(method, client.sandbox.url + GENERATE, timeout=10)
        assert response.status_code == 405
        assert response.headers["Allow"] == "GET, POST"


def test_an_unknown_call_is_not_found_and_listed(client: ChatClient) -> None:
    assert client.get("/sso/token/revoke").status_code == 404
    (call,) = client.sandbox.calls
    assert (call.path, call.status, call.success) == ("/sso/token/revoke", 404, False)


def test_more_fields_than_anybody_needs_are_refused(client: ChatClient) -> None:
    response = client.get(GENERATE, **{f"name{number}": "x" for number in range(101)})
    assert response.status_code == 400
    assert client.sandbox.calls[0].outcome == "There are more than 100 parameters."


def test_the_room_makes_its_own_key_and_shows_none_in_its_repr(sandbox: RunningSandbox) -> None:
    assert len(sandbox.api_key) >= 20
    assert sandbox.api_key not in repr(sandbox.room)
    with serve(api_key="of-my-own") as other:
        assert other.api_key == "of-my-own"
        assert ChatClient(other).call(GENERATE, email="ann@example.com")["success"] is True

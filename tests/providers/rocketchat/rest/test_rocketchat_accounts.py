"""Finding and making accounts, in chats of each generation and in chats that answer as they should not."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chatsso_middleware.changes import Delete
from chatsso_middleware.errors import Rejected, Unavailable
from chatsso_middleware.providers.rocketchat import RocketChat
from chatsso_middleware.sandbox.rocketchat import RunningSandbox
from chatsso_middleware.users import ChatUser
from tests.support.rocketchat import NOT_FOUND, UNKNOWN_FIELD, ScriptedChat, user

Make = Callable[..., RocketChat]

ANN = ChatUser("Ann@Example.com", username="ann", name="Ann Lee")
TOKEN = {"success": True, "data": {"userId": "u1", "authToken": "T0ken"}}
TAKEN = {"success": False, "error": "... is already in use :(", "errorType": "error-field-unavailable"}


def test_a_user_is_found_by_his_address_whatever_his_name_in_the_chat(
    newest: RunningSandbox, make: Make
) -> None:
    known = newest.chat.add_user("nan", email="ann@example.com")
    session = make(newest).open_session(ANN)
    assert session.account == known.id
    owner = newest.chat.token_owner(session.token)
    assert owner is not None
    assert owner.id == known.id
    assert len(newest.chat.users) == 1


def test_a_user_is_found_by_name_and_address_together_where_the_chat_finds_no_address(
    sandbox: RunningSandbox, make: Make
) -> None:
    known = sandbox.chat.add_user("ann", email="ann@example.com")
    assert make(sandbox).open_session(ANN).account == known.id


def test_nobody_enters_the_account_of_somebody_else_who_has_the_name(
    sandbox: RunningSandbox, make: Make
) -> None:
    other = sandbox.chat.add_user("ann", email="another.ann@example.com")
    session = make(sandbox).open_session(ANN)
    assert session.account != other.id
    assert sandbox.chat.tokens_of(other) == ()
    made = sandbox.chat.user(session.account)
    assert made is not None
    assert made.username.startswith("ann-")
    assert make(sandbox).open_session(ANN).account == made.id
    assert len(sandbox.chat.users) == 2


def test_an_account_that_was_made_for_an_address_in_capitals_is_found_again(
    sandbox: RunningSandbox, make: Make
) -> None:
    chat = make(sandbox)
    assert chat.open_session(ANN).account == chat.open_session(ANN).account
    [made] = sandbox.chat.users
    assert (made.addresses, made.email_verified) == (("ann@example.com",), True)


def test_nobody_enters_the_service_account(sandbox: RunningSandbox, make: Make) -> None:
    service = sandbox.chat.user(sandbox.admin_user_id)
    assert service is not None
    before = sandbox.chat.tokens_of(service)
    with pytest.raises(Rejected, match="that of the service account, which nobody enters"):
        make(sandbox).open_session(ChatUser("service@chat.invalid"))
    assert sandbox.chat.tokens_of(service) == before


def test_a_missing_account_is_made_once_with_what_the_site_knows(sandbox: RunningSandbox, make: Make) -> None:
    chat = make(sandbox)
    first = chat.open_session(ChatUser(ANN.email, "ann", "Ann Lee", avatar_url="https://site.test/ann.png"))
    assert chat.open_session(ANN).account == first.account
    [made] = sandbox.chat.users
    assert (made.username, made.name) == ("ann", "Ann Lee")
    [creation] = [call for call in sandbox.calls if call.path.endswith("users.create")]
    assert set(creation.parameters) == {
        "email",
        "name",
        "username",
        "password",
        "verified",
        "joinDefaultChannels",
        "requirePasswordChange",
        "sendWelcomeEmail",
    }
    assert [call.path for call in sandbox.calls].count("/api/v1/users.setAvatar") == 1


def test_two_at_once_make_one_account(sandbox: RunningSandbox, make: Make) -> None:
    chats = [make(sandbox) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        sessions = list(threads.map(lambda chat: chat.open_session(ANN), chats))
    assert len({session.account for session in sessions}) == 1
    assert len(sandbox.chat.users) == 1


def test_no_account_is_made_where_the_owner_wants_none(sandbox: RunningSandbox, make: Make) -> None:
    with pytest.raises(Rejected, match="create_users is off"):
        make(sandbox, create_users=False).open_session(ANN)
    assert sandbox.chat.users == ()


def test_a_deactivated_account_is_not_entered(sandbox: RunningSandbox, make: Make) -> None:
    known = sandbox.chat.add_user("ann", email="ann@example.com")
    sandbox.chat.set_active(known, active=False)
    with pytest.raises(Rejected, match="deactivated"):
        make(sandbox).open_session(ANN)
    assert sandbox.chat.tokens_of(known) == ()


def test_hostile_values_are_data(newest: RunningSandbox, make: Make) -> None:
    hostile = '</script>"\u2028{"$ne": 1}'
    session = make(newest).open_session(ChatUser("x'{$ne}@example.com", username=hostile, name=hostile))
    made = newest.chat.user(session.account)
    assert made is not None
    assert made.name == hostile
    assert made.username == "script.ne.1"


# Chats that answer in another way


@pytest.fixture
def chat(scripted: ScriptedChat) -> ScriptedChat:
    scripted.answer("users.createToken", TOKEN)
    return scripted


def test_a_server_of_7_is_searched_for_the_address(chat: ScriptedChat, make_scripted: Make) -> None:
    chat.answer("users.info", UNKNOWN_FIELD, 400)
    found = [user("u2", "joann@example.com"), user("u1", "ann@example.com"), user("u3")]
    chat.answer("users.listByStatus", {"success": True, "users": found})
    assert make_scripted().open_session(ANN).account == "u1"
    assert chat.fields("users.listByStatus") == [
        {"searchTerm": "ann@example.com", "count": "50", "offset": "0"}
    ]
    assert len(chat.fields("users.info")) == 1


def test_a_search_is_gone_through_page_by_page(chat: ScriptedChat, make_scripted: Make) -> None:
    chat.answer("users.info", UNKNOWN_FIELD, 400)
    crowd = [user(f"a{number}", f"ann@example.com.a{number}.org") for number in range(50)]
    chat.answer("users.listByStatus", {"success": True, "users": crowd, "total": 91})
    chat.answer("users.listByStatus", {"success": True, "users": crowd[:40], "total": 91})
    chat.answer("users.listByStatus", {"success": True, "users": [user("u1", ANN.email)], "total": 91})
    assert make_scripted().open_session(ANN).account == "u1"
    assert [fields["offset"] for fields in chat.fields("users.listByStatus")] == ["0", "50", "90"]


@pytest.mark.parametrize(
    ("pages", "asked"),
    [
        ([{"users": [], "total": 0}], 1),
        ([{"users": [user("a", "joann@example.com")]}], 1),
        ([{"users": [user("a", "joann@example.com")], "total": 1}], 1),
        ([{"users": [user("a", "joann@example.com")], "total": 2}, {"users": [], "total": 2}], 2),
        ([{"users": [user("a", "joann@example.com")] * 50}, {"users": []}], 2),
    ],
)
def test_a_search_ends_where_the_chat_has_no_more(
    pages: list[dict[str, Any]], asked: int, chat: ScriptedChat, make_scripted: Make
) -> None:
    chat.answer("users.info", UNKNOWN_FIELD, 400)
    for page in pages:
        chat.answer("users.listByStatus", {"success": True, **page})
    make_scripted().deliver(Delete((ANN.email,)))
    assert len(chat.fields("users.listByStatus")) == asked


def test_a_search_that_brings_no_end_of_others_does_not_tell_that_nobody_is_there(
    chat: ScriptedChat, make_scripted: Make
) -> None:
    chat.answer("users.info", UNKNOWN_FIELD, 400)
    crowd = [user(f"a{number}", f"ann@example.com.a{number}.org") for number in range(50)]
    chat.answer("users.listByStatus", {"success": True, "users": crowd, "total": 10_000})
    with pytest.raises(Rejected, match="not known whether there is one"):
        make_scripted().deliver(Delete((ANN.email,)))
    assert len(chat.fields("users.listByStatus")) == 10


@pytest.mark.parametrize("users", [None, "u1", {"u1": {}}])
def test_a_search_that_brings_no_list_is_no_answer(
    users: object, chat: ScriptedChat, make_scripted: Make
) -> None:
    chat.answer("users.info", UNKNOWN_FIELD, 400)
    chat.answer("users.listByStatus", {"success": True, "users": users})
    with pytest.raises(Unavailable, match="without users"):
        make_scripted().open_session(ANN)


def test_a_server_that_ignores_the_address_lets_nobody_in_as_another(
    chat: ScriptedChat, make_scripted: Make
) -> None:
    chat.answer("users.info", {"success": True, "user": user("adminId", "admin@example.com")})
    chat.answer("users.create", {"success": True, "user": user("u1", "ann@example.com")})
    assert make_scripted().open_session(ANN).account == "u1"


def test_addresses_that_the_chat_hides_are_a_missing_permission(
    chat: ScriptedChat, make_scripted: Make, caplog: pytest.LogCaptureFixture
) -> None:
    chat.answer("users.info", {"success": True, "user": user("u1", emails=None)})
    made = make_scripted()
    for _ in range(2):
        with pytest.raises(Rejected, match="view-full-other-user-info") as caught:
            made.open_session(ANN)
        assert caught.value.credentials
    [alarm] = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert "permission view-full-other-user-info" in alarm


@pytest.mark.parametrize("kind", ["bot", "app"])
def test_the_account_of_a_machine_is_not_entered(kind: str, chat: ScriptedChat, make_scripted: Make) -> None:
    chat.answer("users.info", {"success": True, "user": user("u1", "ann@example.com", type=kind)})
    with pytest.raises(Rejected, match="none of a person"):
        make_scripted().open_session(ANN)


def test_an_account_made_by_another_request_in_the_same_moment_is_found(
    chat: ScriptedChat, make_scripted: Make
) -> None:
    chat.answer("users.info", NOT_FOUND, 400)
    chat.answer("users.info", {"success": True, "user": user("u1", "ann@example.com")})
    chat.answer("users.create", TAKEN, 400)
    assert make_scripted().open_session(ANN).account == "u1"
    assert chat.paths().count("users.create") == 1


def test_a_name_that_the_chat_refuses_is_replaced(chat: ScriptedChat, make_scripted: Make) -> None:
    blocked = {"success": False, "error": "x", "errorType": "error-blocked-username"}
    chat.answer("users.info", NOT_FOUND, 400)
    chat.answer("users.create", blocked, 400)
    chat.answer("users.create", {"success": True, "user": user("u1", "ann@example.com")})
    make_scripted().open_session(ANN)
    first, second = (fields["username"] for fields in chat.fields("users.create"))
    assert (first, second[:4]) == ("ann", "ann-")


def test_an_account_that_is_there_and_cannot_be_found_is_told_with_what_to_grant(
    chat: ScriptedChat, make_scripted: Make
) -> None:
    chat.answer("users.info", NOT_FOUND, 400)
    chat.answer("users.create", TAKEN, 400)
    with pytest.raises(Rejected, match="view-full-other-user-info, view-d-room and view-outside-room"):
        make_scripted().open_session(ANN)


def test_no_other_name_is_tried_where_it_is_the_address_that_is_taken(
    chat: ScriptedChat, make_scripted: Make
) -> None:
    address_taken = TAKEN | {"details": {"method": "insertOrUpdateUser", "field": "ann@example.com"}}
    chat.answer("users.info", NOT_FOUND, 400)
    chat.answer("users.create", address_taken, 400)
    with pytest.raises(Rejected, match="an account with this address that it does not show us; on"):
        make_scripted().open_session(ANN)
    assert len(chat.fields("users.create")) == 1


def test_another_refusal_of_an_account_is_told_without_the_address(
    chat: ScriptedChat, make_scripted: Make
) -> None:
    chat.answer("users.info", NOT_FOUND, 400)
    chat.answer("users.create", {"success": False, "error": "Ann@example.com: bad domain"}, 400)
    with pytest.raises(Rejected) as caught:
        make_scripted().open_session(ANN)
    assert caught.value.reason == "no account: ...: bad domain"


def test_a_picture_that_fails_keeps_nobody_out(
    chat: ScriptedChat, make_scripted: Make, caplog: pytest.LogCaptureFixture
) -> None:
    chat.answer("users.info", NOT_FOUND, 400)
    chat.answer("users.create", {"success": True, "user": user("u1", "ann@example.com")})
    chat.answer("users.setAvatar", {}, 429, Retry_After="60")
    made = make_scripted()
    made.open_session(ChatUser(ANN.email, avatar_url="https://site.test/ann.png"))
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert warnings == ["rocketchat: a new account got no picture: limits our calls (429)"]
    assert made.api.available


def test_the_password_of_a_new_account_is_long_and_new_each_time(
    chat: ScriptedChat, make_scripted: Make
) -> None:
    chat.answer("users.info", NOT_FOUND, 400)
    chat.answer("users.create", {"success": True, "user": user("u1", "ann@example.com")})
    made = make_scripted()
    made.open_session(ANN)
    made.open_session(ANN)
    one, other = (fields["password"] for fields in chat.fields("users.create"))
    assert one != other
    assert len(one) >= 32 + 4


def test_a_new_account_is_created_with_strings_and_booleans_alone(
    chat: ScriptedChat, make_scripted: Make
) -> None:
    chat.answer("users.info", NOT_FOUND, 400)
    chat.answer("users.create", {"success": True, "user": user("u1", "ann@example.com")})
    make_scripted().open_session(ChatUser(ANN.email, extra={"$where": "1"}))
    [fields] = chat.fields("users.create")
    assert fields.pop("password")
    assert fields == {
        "email": "ann@example.com",
        "name": "Ann",
        "username": "Ann",
        "verified": True,
        "joinDefaultChannels": True,
        "requirePasswordChange": False,
        "sendWelcomeEmail": False,
    }


@pytest.mark.parametrize("body", [{"success": True}, {"success": True, "user": {"_id": {"$ne": 1}}}])
def test_a_chat_that_does_not_say_whom_it_made_is_no_chat(
    body: Any, chat: ScriptedChat, make_scripted: Make
) -> None:
    chat.answer("users.info", NOT_FOUND, 400)
    chat.answer("users.create", body)
    with pytest.raises(Unavailable):
        make_scripted().open_session(ANN)

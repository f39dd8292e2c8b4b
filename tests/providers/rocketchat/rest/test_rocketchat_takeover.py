"""An account that somebody made in the chat with the address of a user of the site, before that user came."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from chatsso_middleware.errors import Rejected
from chatsso_middleware.providers.rocketchat import RocketChat
from chatsso_middleware.sandbox.rocketchat import Behaviour, Refused, RunningSandbox, User, serve
from chatsso_middleware.sessions import Credentials
from chatsso_middleware.users import ChatUser
from tests.support.rocketchat import ScriptedChat, user

Make = Callable[..., RocketChat]

ANN = ChatUser("Ann@Example.com", username="ann")
STRANGERS = "the-strangers-Passw0rd"
DONE = {"success": True}
LOGIN = {"status": "success", "data": {"userId": "u1", "authToken": "Pr00f"}}
TOKEN = {"success": True, "data": {"userId": "u1", "authToken": "T0ken"}}


def occupied(sandbox: RunningSandbox) -> User:
    """The account that a stranger registered with Ann's address."""
    return sandbox.chat.add_user("mallory", email="ann@example.com", password=STRANGERS, verified=False)


def stranger_enters(sandbox: RunningSandbox) -> bool:
    try:
        sandbox.chat.log_in(email="ann@example.com", password=STRANGERS, code=None)
    except Refused:
        return False
    return True


def test_a_strangers_account_becomes_the_users_and_nobody_elses(
    sandbox: RunningSandbox, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    account = occupied(sandbox)
    tokens = [sandbox.chat.mint_token(account).token for _ in range(2)]
    chat = make(sandbox)
    session = chat.open_session(ANN)
    assert session.account == account.id
    assert not stranger_enters(sandbox)
    assert [sandbox.chat.token_owner(token) for token in tokens] == [None, None]
    owner = sandbox.chat.token_owner(session.token)
    assert owner is not None
    assert (owner.id, owner.email_verified) == (account.id, True)
    [warning] = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert "may have been a stranger's" in warning
    assert "@" not in warning


def test_an_account_is_taken_over_once(newest: RunningSandbox, make: Make) -> None:
    occupied(newest)
    chat = make(newest)
    first = chat.open_session(ANN)
    chat.open_session(ANN)
    assert newest.chat.token_owner(first.token) is not None
    assert [call.path for call in newest.calls].count("/api/v1/users.logout") == 1


@pytest.mark.parametrize("missing", ["edit-other-user-info", "edit-other-user-password", "logout-other-user"])
def test_what_cannot_be_taken_over_is_not_entered(missing: str, make: Make) -> None:
    behaviour = Behaviour(permissions=Behaviour().permissions - {missing})
    with serve(behaviour=behaviour) as sandbox:
        account = occupied(sandbox)
        chat = make(sandbox)
        for _ in range(2):
            with pytest.raises(Rejected, match=missing) as caught:
                chat.open_session(ANN)
            assert caught.value.credentials
        assert "/api/v1/users.createToken" not in [call.path for call in sandbox.calls]
        behaviour.permissions |= {missing}
        assert chat.open_session(ANN).account == account.id
        assert not stranger_enters(sandbox)


def test_a_second_factor_of_the_strangers_does_not_hide_that_the_password_is_new(
    sandbox: RunningSandbox, make: Make
) -> None:
    account = sandbox.chat.require_two_factor(occupied(sandbox))
    assert make(sandbox).open_session(ANN).account == account.id
    assert not stranger_enters(sandbox)


def two_addresses(*, other_verified: bool) -> dict[str, object]:
    other = {"address": "mallory@example.com", "verified": other_verified}
    emails = [other, {"address": "ann@example.com", "verified": False}]
    return {"success": True, "user": user("u1", emails=emails)}


def test_an_account_whose_other_address_is_verified_belongs_to_its_owner(
    scripted: ScriptedChat, make_scripted: Make
) -> None:
    scripted.answer("users.info", two_addresses(other_verified=True))
    with pytest.raises(Rejected, match="whoever verified its other one"):
        make_scripted().open_session(ANN)
    assert scripted.paths() == ["users.info"]


def test_the_strangers_own_address_goes_and_the_users_is_verified_last(
    scripted: ScriptedChat, make_scripted: Make
) -> None:
    scripted.answer("users.info", two_addresses(other_verified=False))
    scripted.answer("users.update", DONE)
    scripted.answer("login", LOGIN)
    scripted.answer("users.logout", DONE)
    scripted.answer("users.createToken", TOKEN)
    make_scripted().open_session(ANN)
    assert scripted.paths() == [
        "users.info",
        "users.update",
        "login",
        "users.logout",
        "users.update",
        "users.createToken",
    ]
    first, last = (fields["data"] for fields in scripted.fields("users.update"))
    assert set(first) == {"password"}
    assert last == {"verified": True, "email": "ann@example.com"}
    assert scripted.fields("login") == [{"user": "ann@example.com", "password": first["password"]}]


def test_a_chat_that_does_not_take_the_new_password_keeps_the_user_out(
    scripted: ScriptedChat, make_scripted: Make
) -> None:
    unverified = user("u1", emails=[{"address": "ann@example.com", "verified": False}])
    scripted.answer("users.info", {"success": True, "user": unverified})
    scripted.answer("users.update", {"success": False, "error": "ann@example.com is bad at passwords"}, 400)
    with pytest.raises(Rejected) as caught:
        make_scripted().open_session(ANN)
    assert caught.value.reason.endswith("may be a stranger's, and stays his: ... is bad at passwords")
    assert scripted.paths() == ["users.info", "users.update"]


@pytest.mark.parametrize("mode", ["password", "realtime"])
def test_a_password_proves_whose_the_account_is(mode: str, newest: RunningSandbox, make: Make) -> None:
    occupied(newest)
    chat = make(newest, mode=mode)
    assert chat.open_session(ANN, Credentials(password=STRANGERS))
    with pytest.raises(Rejected):
        chat.open_session(ANN, Credentials(password="of-the-user"))
    assert stranger_enters(newest)

"""Account changes by the service account, at chats of each generation and at chats that answer otherwise."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from chatsso_middleware.changes import AccountChange, Delete, Edit, Register
from chatsso_middleware.errors import Rejected, Unavailable
from chatsso_middleware.providers.rocketchat import RocketChat
from chatsso_middleware.sandbox.rocketchat import Behaviour, RunningSandbox, User, serve
from chatsso_middleware.sessions import Credentials
from chatsso_middleware.users import ChatUser
from tests.support.rocketchat import NO_PERMISSION, NOT_FOUND, ScriptedChat, user

Make = Callable[..., RocketChat]

ANN = ChatUser("ann@example.com", username="ann", name="Ann Lee")
DONE = {"success": True}
TAKEN = {"success": False, "error": "... is already in use :(", "errorType": "error-field-unavailable"}
GONE = {"success": False, "error": "x", "errorType": "error-invalid-user"}


def paths(sandbox: RunningSandbox) -> list[str]:
    return [call.path.removeprefix("/api/v1/") for call in sandbox.calls if call.method == "POST"]


def now(sandbox: RunningSandbox, account: User) -> User:
    found = sandbox.chat.user(account.id)
    assert found is not None
    return found


def test_a_registration_makes_the_account_once(sandbox: RunningSandbox, make: Make) -> None:
    chat = make(sandbox)
    for _ in range(2):
        chat.deliver(Register(ANN))
    [made] = sandbox.chat.users
    assert (made.username, made.name) == ("ann", "Ann Lee")
    assert paths(sandbox) == ["users.create"]


def test_a_registration_makes_nothing_where_the_owner_wants_none(newest: RunningSandbox, make: Make) -> None:
    make(newest, create_users=False).deliver(Register(ANN))
    assert not list(newest.calls)


@pytest.mark.parametrize("mode", ["password", "realtime"])
def test_a_password_goes_on_where_site_and_chat_have_it_in_common(
    mode: str, newest: RunningSandbox, make: Make
) -> None:
    chat = make(newest, mode=mode)
    chat.deliver(Register(ANN, "First-Passw0rd"))
    assert chat.open_session(ANN, Credentials(password="First-Passw0rd"))
    chat.deliver(Edit(ANN.email, password="Next-Passw0rd"))
    assert chat.open_session(ANN, Credentials(password="Next-Passw0rd"))
    assert paths(newest).count("users.create") == 1


@pytest.mark.parametrize("mode", ["create_token", "saved"])
def test_elsewhere_a_password_is_dropped_at_once(mode: str, newest: RunningSandbox, make: Make) -> None:
    chat = make(newest, mode=mode)
    assert chat.check_change(Register(ANN, "S3cret")) == Register(ANN)
    assert chat.check_change(Edit(ANN.email, password="S3cret")) == Edit(ANN.email)
    assert chat.check_change(Delete((ANN.email,))) == Delete((ANN.email,))
    known = newest.chat.add_user("ann", email=ANN.email)
    chat.deliver(Edit(ANN.email, password="S3cret"))  # kept from before a change of the settings
    assert "users.update" not in paths(newest)
    assert now(newest, known) == known


def test_an_edit_sends_what_changes_and_nothing_else(sandbox: RunningSandbox, make: Make) -> None:
    known = sandbox.chat.add_user("ann", email="ann@example.com")
    chat = make(sandbox)
    chat.deliver(Edit("Ann@example.com", email="Annie@Example.com", username="annie"))
    edited = now(sandbox, known)
    assert edited.username == "annie"
    assert edited.as_json()["emails"] == [{"address": "annie@example.com", "verified": True}]
    [update] = [call for call in sandbox.calls if call.path.endswith("users.update")]
    assert set(update.parameters) == {"userId", "data.email", "data.verified", "data.username"}


def test_an_edit_that_was_delivered_before_is_done(newest: RunningSandbox, make: Make) -> None:
    known = newest.chat.add_user("nan", email="annie@example.com")
    make(newest).deliver(Edit("ann@example.com", email="annie@example.com", username="nan"))
    assert now(newest, known) == known
    assert paths(newest) == []


@pytest.mark.parametrize(
    "change",
    [
        Edit("nobody@example.com", username="x"),
        Edit("nobody@example.com", email="no.one@example.com"),
        Delete(("nobody@example.com", "no.one@example.com")),
    ],
    ids=repr,
)
def test_a_change_of_an_account_that_is_not_there_is_done(
    change: AccountChange, sandbox: RunningSandbox, make: Make
) -> None:
    make(sandbox).deliver(change)
    assert paths(sandbox) == []


def test_a_user_name_that_somebody_else_has_gets_an_end(newest: RunningSandbox, make: Make) -> None:
    other = newest.chat.add_user("annie", email="other@example.com")
    known = newest.chat.add_user("ann", email="ann@example.com")
    chat = make(newest)
    for _ in range(2):
        chat.deliver(Edit("ann@example.com", username="annie"))
    assert now(newest, known).username.startswith("annie-")
    assert now(newest, other) == other
    assert paths(newest).count("users.update") == 2


def test_an_address_that_somebody_else_has_is_refused(newest: RunningSandbox, make: Make) -> None:
    newest.chat.add_user("bob", email="bob@example.com")
    known = newest.chat.add_user("ann", email="ann@example.com")
    with pytest.raises(Rejected, match="no edit"):
        make(newest).deliver(Edit("ann@example.com", email="bob@example.com", username="annie"))
    assert now(newest, known) == known


def test_no_other_name_is_tried_where_it_is_the_address_that_is_taken(
    newest: RunningSandbox, make: Make
) -> None:
    newest.chat.add_user("bob", email="bob@example.com")
    newest.chat.add_user("ann", email="ann@example.com")
    with pytest.raises(Rejected, match="no edit"):
        make(newest).deliver(Edit("ann@example.com", email="bob@example.com", username="annie"))
    assert paths(newest) == ["users.update"]


def test_a_picture_is_set_alone(newest: RunningSandbox, make: Make) -> None:
    newest.chat.add_user("ann", email="ann@example.com")
    chat = make(newest)
    chat.deliver(Edit("ann@example.com", avatar_url="https://site.test/a.png"))
    chat.deliver(Edit("ann@example.com", avatar_url=""))
    assert paths(newest) == ["users.setAvatar", "users.resetAvatar"]
    assert [user.avatar_url for user in newest.chat.users] == [""]


def test_a_deletion_takes_the_accounts_that_are_there(newest: RunningSandbox, make: Make) -> None:
    newest.chat.add_user("ann", email="ann@example.com")
    newest.chat.add_user("bob", email="bob@example.com")
    chat = make(newest)
    for _ in range(2):
        chat.deliver(Delete(("ann@example.com", "nobody@example.com", "BOB@example.com")))
    assert newest.chat.users == ()


def test_an_account_that_may_not_be_deleted_is_deactivated_with_a_warning(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    behaviour = Behaviour(permissions=Behaviour().permissions - {"delete-user"})
    with serve(behaviour=behaviour) as sandbox:
        known = sandbox.chat.add_user("ann", email="ann@example.com")
        chat = make(sandbox)
        for _ in range(2):
            chat.deliver(Delete(("ann@example.com",)))
        assert not now(sandbox, known).active
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 2
    assert "no deletion" in warnings[0]
    assert "deactivated instead" in warnings[0]


@pytest.mark.parametrize(
    "change",
    [
        Delete(("service@chat.invalid",)),
        Edit("service@chat.invalid", email="evil@example.com", username="evil"),
        Edit("evil@example.com", email="service@chat.invalid", username="evil"),
    ],
    ids=repr,
)
def test_the_service_account_is_never_changed(
    change: AccountChange, sandbox: RunningSandbox, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    before = sandbox.chat.user(sandbox.admin_user_id)
    chat = make(sandbox)
    chat.deliver(change)
    assert chat.probe()
    assert sandbox.chat.user(sandbox.admin_user_id) == before
    assert "left alone" in caplog.text


def blind() -> Behaviour:
    """A chat that does not let its service account search."""
    return Behaviour(permissions=Behaviour().permissions - {"view-outside-room"})


@pytest.mark.parametrize(
    "change",
    [
        Edit("ann@example.com", email="new@example.com"),
        Edit("nobody@example.com", username="x"),
        Delete(("nobody@example.com",)),
        Delete(("ann@example.com",)),
    ],
    ids=repr,
)
def test_a_change_of_an_account_that_cannot_be_looked_up_waits_for_the_owner(
    change: AccountChange, make: Make
) -> None:
    with serve(server_version="7.0", behaviour=blind()) as sandbox:
        account = sandbox.chat.add_user("wonder", email="ann@example.com")
        chat = make(sandbox)
        with pytest.raises(Rejected, match="view-d-room and view-outside-room") as caught:
            chat.deliver(change)
        assert caught.value.credentials
        assert now(sandbox, account) == account
        sandbox.chat.behaviour.permissions |= {"view-outside-room"}
        chat.deliver(change)


def test_an_edit_that_was_delivered_before_is_done_though_the_old_address_cannot_be_looked_up(
    make: Make,
) -> None:
    with serve(server_version="7.0", behaviour=blind()) as sandbox:
        account = sandbox.chat.add_user("annie", email="annie@example.com")
        make(sandbox).deliver(Edit("ann@example.com", email="annie@example.com", username="annie"))
        assert now(sandbox, account) == account


@pytest.mark.parametrize("username", ["ann", "wonder"])
def test_a_registration_of_somebody_who_has_an_account_already_is_done_though_it_cannot_be_looked_up(
    username: str, make: Make
) -> None:
    with serve(server_version="7.0", behaviour=blind()) as sandbox:
        account = sandbox.chat.add_user(username, email="ann@example.com")
        make(sandbox).deliver(Register(ANN))
        assert sandbox.chat.users == (account,)


def test_a_registration_makes_the_account_where_nobody_can_be_looked_up(make: Make) -> None:
    with serve(server_version="7.0", behaviour=blind()) as sandbox:
        make(sandbox).deliver(Register(ANN))
        assert [user.username for user in sandbox.chat.users] == ["ann"]


# Chats that answer in another way


def test_an_edit_whose_every_user_name_is_taken_is_refused(
    scripted: ScriptedChat, make_scripted: Make
) -> None:
    scripted.answer("users.info", {"success": True, "user": user("u1", ANN.email)})
    scripted.answer("users.update", TAKEN, 400)
    with pytest.raises(Rejected, match=r"no edit: \.\.\. is already in use"):
        make_scripted().deliver(Edit(ANN.email, email="annie@example.com", username="annie"))
    assert len(scripted.fields("users.update")) == 4


@pytest.fixture
def chat(scripted: ScriptedChat) -> ScriptedChat:
    """Knows Ann by her address."""
    scripted.answer("users.info", {"success": True, "user": user("u1", "ann@example.com")})
    return scripted


def test_a_blank_picture_takes_the_old_one_away(chat: ScriptedChat, make_scripted: Make) -> None:
    chat.answer("users.resetAvatar", DONE)
    make_scripted().deliver(Edit(ANN.email, avatar_url=""))
    assert chat.fields("users.resetAvatar") == [{"userId": "u1"}]
    assert "users.setAvatar" not in chat.paths()


def test_a_picture_that_the_chat_refuses_keeps_nothing_back(
    chat: ScriptedChat, make_scripted: Make, caplog: pytest.LogCaptureFixture
) -> None:
    refused = {
        "success": False,
        "error": "https://site.test/a.png is none",
        "errorType": "error-avatar-invalid-url",
    }
    chat.answer("users.setAvatar", refused, 400)
    make_scripted().deliver(Edit(ANN.email, avatar_url="https://site.test/a.png"))
    assert "an account got no new picture: no avatar: ... is none" in caplog.text


def test_a_picture_that_only_the_owner_can_allow_is_tried_again(
    chat: ScriptedChat, make_scripted: Make
) -> None:
    chat.answer("users.setAvatar", NO_PERMISSION, 403)
    with pytest.raises(Rejected, match="edit-other-user-avatar") as caught:
        make_scripted().deliver(Edit(ANN.email, avatar_url="https://site.test/a.png"))
    assert caught.value.credentials


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("users.update", Edit(ANN.email, email="annie@example.com")),
        ("users.setAvatar", Edit(ANN.email, avatar_url="https://site.test/a.png")),
        ("users.delete", Delete((ANN.email,))),
    ],
)
def test_an_account_that_goes_in_the_meantime_is_done(
    path: str, change: AccountChange, chat: ScriptedChat, make_scripted: Make
) -> None:
    chat.answer(path, GONE, 400)
    make_scripted().deliver(change)
    assert chat.paths()[-1] == path


@pytest.mark.parametrize(
    ("path", "change", "reason"),
    [
        ("users.update", Edit(ANN.email, email="annie@example.com"), "no edit: ... is on no list"),
        ("users.setActiveStatus", Delete((ANN.email,)), "neither deleted nor deactivated: ... is on no list"),
    ],
)
def test_another_refusal_is_told_without_the_address(
    path: str, change: AccountChange, reason: str, chat: ScriptedChat, make_scripted: Make
) -> None:
    chat.answer("users.delete", NO_PERMISSION, 403)
    chat.answer(path, {"success": False, "error": "annie@example.com is on no list"}, 400)
    with pytest.raises(Rejected) as caught:
        make_scripted().deliver(change)
    assert (caught.value.reason, caught.value.credentials) == (reason, False)


def test_the_last_administrator_stays_and_keeps_no_other_change_back(
    chat: ScriptedChat, make_scripted: Make
) -> None:
    last: dict[str, Any] = {
        "success": False,
        "error": "Leaving the app without admins is not allowed",
        "errorType": "error-action-not-allowed",
    }
    chat.answer("users.delete", last, 400)
    chat.answer("users.setActiveStatus", last, 400)
    with pytest.raises(Rejected, match="without admins") as caught:
        make_scripted().deliver(Delete((ANN.email,)))
    assert not caught.value.credentials


def test_a_deletion_gives_up_the_rooms_that_the_user_owned(chat: ScriptedChat, make_scripted: Make) -> None:
    chat.answer("users.delete", DONE)
    make_scripted().deliver(Delete((ANN.email,)))
    assert chat.fields("users.delete") == [{"userId": "u1", "confirmRelinquish": True}]


def test_a_chat_that_is_down_gets_the_change_later(chat: ScriptedChat, make_scripted: Make) -> None:
    chat.answer("users.delete", {}, 500)
    with pytest.raises(Unavailable):
        make_scripted().deliver(Delete((ANN.email,)))


def test_an_old_server_finds_the_account_by_the_names_that_follow_from_the_change(
    scripted: ScriptedChat, make_scripted: Make, caplog: pytest.LogCaptureFixture
) -> None:
    scripted.answer("users.info", {"success": False, "error": "Invalid search query."}, 400)
    scripted.answer("users.info", {"success": True, "user": user("annie", "other@example.com")})
    scripted.answer("users.info", NOT_FOUND, 400)
    scripted.answer("users.info", NOT_FOUND, 400)
    scripted.answer("users.info", {"success": True, "user": user("ann", "ann@example.com")})
    scripted.answer("users.update", DONE)
    make_scripted().deliver(Edit(ANN.email, username="annie"))
    looked_for = [next(iter(fields.values())) for fields in scripted.fields("users.info")]
    assert looked_for == ["ann@example.com", "annie", "annie-2", "annie-3", "ann"]
    assert scripted.fields("users.update") == [{"userId": "ann", "data": {"username": "annie"}}]
    assert "view-d-room and view-outside-room" in caplog.text

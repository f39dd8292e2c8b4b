"""Mode `mongodb`: a chat whose users live in a MongoDB, which the site writes into."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chatsso_middleware.changes import Delete, Edit, Register
from chatsso_middleware.errors import Rejected, Unavailable
from chatsso_middleware.providers.rocketchat import RocketChat
from chatsso_middleware.sandbox.rocketchat import Behaviour, Refused, RunningSandbox, serve
from chatsso_middleware.secret import Secret
from chatsso_middleware.users import ChatUser
from tests.support.mongo_server import serving_mongo
from tests.support.rocketchat import ScriptedChat

Make = Callable[..., RocketChat]

ANN = ChatUser("Ann@Example.com", username="ann", name="Ann Lee")


@pytest.fixture
def shared() -> Iterator[tuple[RunningSandbox, dict[str, Any]]]:
    """A chat whose users live in a MongoDB, and the settings that lead there."""
    with serving_mongo() as mongo, serve(mongodb=mongo.users) as sandbox:
        yield sandbox, {"mode": "mongodb", "mongodb_url": Secret(mongo.url)}


@pytest.mark.parametrize("with_service", [True, False])
def test_the_database_opens_a_session_for_the_iframe_login(
    with_service: bool, shared: tuple[RunningSandbox, dict[str, Any]], make: Make
) -> None:
    sandbox, options = shared
    chat = make(sandbox, with_service=with_service, **options)
    session = chat.open_session(ANN)
    login = sandbox.chat.log_in_by_iframe(session.token)
    assert (login.user.username, login.user.id) == ("ann", session.account)
    assert chat.check_session(session)
    renewed = chat.renew_session(ANN, session)
    assert renewed.token != session.token
    assert not chat.check_session(session)
    chat.close_session(renewed)
    assert not chat.check_session(renewed)
    assert sandbox.chat.token_owner(login.token) is None
    chat.close_session(renewed)


@pytest.mark.parametrize("with_service", [True, False])
def test_the_database_ends_the_sessions_of_an_address(
    with_service: bool, shared: tuple[RunningSandbox, dict[str, Any]], make: Make
) -> None:
    sandbox, options = shared
    chat = make(sandbox, with_service=with_service, **options)
    session = chat.open_session(ANN)
    login = sandbox.chat.log_in_by_iframe(session.token)
    chat.close_unknown_session(ANN.email)
    assert not chat.check_session(session)
    assert sandbox.chat.token_owner(login.token) is None
    chat.close_unknown_session("nobody@example.com")


def test_no_way_of_ours_leaves_an_empty_token_that_would_let_anybody_in(
    shared: tuple[RunningSandbox, dict[str, Any]], make: Make
) -> None:
    sandbox, options = shared
    chat = make(sandbox, with_service=False, **options)
    chat.deliver(Register(ANN))
    chat.close_session(chat.open_session(ANN))
    chat.close_unknown_session(ANN.email)
    for _ in range(2):
        with pytest.raises(Refused):
            sandbox.chat.log_in_by_iframe("")
        chat.deliver(Delete((ANN.email,)))


def test_the_service_account_is_not_entered_by_the_database_either(
    shared: tuple[RunningSandbox, dict[str, Any]], make: Make
) -> None:
    sandbox, options = shared
    with pytest.raises(Rejected, match="that of the service account"):
        make(sandbox, **options).open_session(ChatUser("service@chat.invalid"))


def test_the_address_of_an_account_that_the_service_account_made_leads_to_it(
    shared: tuple[RunningSandbox, dict[str, Any]], make: Make
) -> None:
    sandbox, options = shared
    made = make(sandbox).open_session(ANN)
    assert make(sandbox, **options).open_session(ANN).account == made.account


def test_the_database_takes_account_changes_where_there_is_no_service_account(
    shared: tuple[RunningSandbox, dict[str, Any]], make: Make
) -> None:
    sandbox, options = shared
    chat = make(sandbox, with_service=False, **options)
    chat.deliver(Register(ANN))
    chat.deliver(Edit(ANN.email, username="annie"))
    renamed = sandbox.chat.user("annie")
    assert renamed is not None
    chat.deliver(Delete((ANN.email,)))
    gone = sandbox.chat.user(renamed.id)
    assert gone is not None
    assert not gone.active


@pytest.mark.parametrize("with_service", [True, False])
def test_the_database_is_probed(
    with_service: bool, shared: tuple[RunningSandbox, dict[str, Any]], make: Make
) -> None:
    sandbox, options = shared
    sandbox.chat.add_user("ann", email="ann@example.com")
    found = make(sandbox, with_service=with_service, **options).probe()
    assert "MongoDB" in found
    assert ("service account" in found) is with_service


def test_a_service_account_without_permission_does_not_keep_the_database_from_ending_a_session(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    behaviour = Behaviour(permissions=Behaviour().permissions - {"logout-other-user"})
    with serving_mongo() as mongo, serve(mongodb=mongo.users, behaviour=behaviour) as sandbox:
        chat = make(sandbox, mode="mongodb", mongodb_url=Secret(mongo.url))
        session = chat.open_session(ANN)
        chat.close_session(session)
        assert not chat.check_session(session)
    assert "logout-other-user" in caplog.text


def test_another_refusal_of_the_logout_is_told(scripted: ScriptedChat, make_scripted: Make) -> None:
    scripted.answer("users.logout", {"success": False, "error": "Not on Sundays"}, 400)
    with serving_mongo() as mongo:
        chat = make_scripted(mode="mongodb", mongodb_url=Secret(mongo.url))
        with pytest.raises(Rejected, match="Not on Sundays"):
            chat.close_session(chat.open_session(ANN))
        chat.close()


def test_a_chat_that_is_down_does_not_close_the_way_over_the_database(
    shared: tuple[RunningSandbox, dict[str, Any]], make: Make
) -> None:
    sandbox, options = shared
    chat = make(sandbox, **options)
    session = chat.open_session(ANN)
    sandbox.fail_with(status=503)
    with pytest.raises(Unavailable):
        chat.close_session(session)
    assert chat.api.available
    assert chat.open_session(ANN).account == session.account

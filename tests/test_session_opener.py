"""What stands against a session, and how one ends: now, or as soon as the chat can be told."""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest

from chatsso_middleware.assembly import deliver_by
from chatsso_middleware.changes import Delete, Edit, Leave
from chatsso_middleware.errors import ProviderError, Rejected, Unavailable
from chatsso_middleware.login_flow import LoginFlow
from chatsso_middleware.outbox import Outbox
from chatsso_middleware.providers import ChatSession
from chatsso_middleware.sessions import Credentials
from chatsso_middleware.state.background import Background
from chatsso_middleware.state.session_state import NOBODY, SessionState
from chatsso_middleware.users import ChatUser
from tests.support.flow import LONG, SECRET, Clock, Tagless, World, make_world

ANN = ChatUser("ann@example.com")
TOKEN = "canary-token"
MINUTE = 60.0


class Checking(Tagless):
    """A chat whose tokens are checked, that ends all sessions of a user together, or fails as it is told."""

    name: ClassVar[str] = "checking"
    token_scope = "browser"
    check_interval = timedelta(minutes=5)

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock=clock)
        self._numbers = itertools.count(1)
        self.good: dict[str, str] = {}
        """The users of the tokens that it takes."""
        self.checked: list[str] = []
        self.ended: list[ChatSession] = []
        self.failures: list[ProviderError] = []
        """One for each attempt to end a session, the next one first."""

    def open_session(self, user: ChatUser, credentials: Credentials | None = None) -> ChatSession:
        token = f"{TOKEN}-{next(self._numbers)}"
        self.good[token] = user.email
        return ChatSession(token, self._clock() + 24 * 3600, account=f"id of {user.email}")

    def check_session(self, session: ChatSession) -> bool:
        self.checked.append(session.token)
        return session.token in self.good

    def close_session(self, session: ChatSession) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.ended.append(session)
        gone = self.good.get(session.token)
        self.good = {token: user for token, user in self.good.items() if user != gone}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def chat(clock: Clock) -> Checking:
    return Checking(clock)


@pytest.fixture
def world(tmp_path: Path, clock: Clock, chat: Checking) -> Iterator[World]:
    """The worker does not run yet."""
    with make_world(tmp_path, chat, clock=clock) as world:
        yield world


def enter(flow: LoginFlow, user: ChatUser = ANN) -> SessionState:
    """A browser in which `user` logs in on the site and in the chat."""
    state = flow.log_in(NOBODY, user)
    assert token(flow, state)
    return state


def token(flow: LoginFlow, state: SessionState) -> str:
    session = flow.session(state, flow.chats["checking"], LONG)
    return "" if session is None else session.token


def leave(flow: LoginFlow, state: SessionState) -> None:
    flow.settle(state, flow.log_out(state))


def kept(outbox: Outbox) -> list[tuple[str, tuple[str, ...]]]:
    """What waits in the outbox for this chat."""
    return [(entry.kind, entry.addresses) for entry in outbox.waiting() if entry.provider == "checking"]


LEAVES = [("leave", (ANN.email,))]


# A logout.


def test_a_session_that_the_chat_could_not_end_is_kept_until_the_worker_can_end_it(
    world: World, chat: Checking, caplog: pytest.LogCaptureFixture
) -> None:
    chat.failures = [Unavailable("checking", "is down"), Unavailable("checking", f"no answer for {TOKEN}-1")]
    flow = world.flow()
    state = enter(flow)
    with caplog.at_level(logging.DEBUG):
        leave(flow, state)
        world.at_rest()
        assert kept(world.outbox) == LEAVES
        assert world.outbox.deliver_due(deliver_by([chat])) == 0
        assert chat.ended == []
        world.clock.advance(10 * MINUTE)
        world.worker.start()
        world.delivered()
    (ended,) = chat.ended
    assert (ended.token, ended.account) == (f"{TOKEN}-1", "id of ann@example.com")
    assert "A session with checking could not be ended yet: is down" in caplog.text
    assert "leave not delivered at attempt 1" in caplog.text
    assert "canary" not in caplog.text
    assert ANN.email not in caplog.text


def test_neither_the_list_nor_the_file_shows_the_token(world: World, chat: Checking, tmp_path: Path) -> None:
    chat.failures = [Unavailable("checking", "is down"), Unavailable("checking", f"no answer for {TOKEN}-1")]
    flow = world.flow()
    leave(flow, enter(flow))
    world.at_rest()
    assert world.outbox.deliver_due(deliver_by([chat])) == 0
    (entry,) = world.outbox.waiting()
    assert entry.reason == "no answer for ***"
    assert "canary" not in repr(entry)
    assert "canary" not in repr(Leave(ANN.email, f"{TOKEN}-1"))
    files = [path.read_bytes() for path in tmp_path.glob("outbox.sqlite3*")]
    assert files
    assert not any(word in file for file in files for word in (b"canary", ANN.email.encode()))


def test_a_session_that_waits_for_its_end_outlives_the_process(
    world: World, chat: Checking, clock: Clock, tmp_path: Path
) -> None:
    chat.failures = [Unavailable("checking", "is down")]
    flow = world.flow()
    leave(flow, enter(flow))
    world.at_rest()
    world.background.stop()
    world.outbox.close()
    after_the_restart = Outbox(f"sqlite:///{tmp_path}/outbox.sqlite3", [SECRET], clock=clock)
    assert after_the_restart.deliver_due(deliver_by([chat])) == 1
    after_the_restart.close()
    assert [session.token for session in chat.ended] == [f"{TOKEN}-1"]


def test_a_logout_that_the_chat_refuses_is_one_line_and_is_not_kept(
    world: World, chat: Checking, caplog: pytest.LogCaptureFixture
) -> None:
    chat.failures = [Rejected("checking", "wants an administrator")]
    flow = world.flow()
    leave(flow, enter(flow))
    world.at_rest()
    assert kept(world.outbox) == []
    assert caplog.messages == ["A session with checking could not be ended: wants an administrator"]


def test_one_that_is_refused_later_is_one_line_and_holds_no_later_change_up(
    world: World, chat: Checking, caplog: pytest.LogCaptureFixture
) -> None:
    edit = Edit(ANN.email, username="annie")
    world.outbox.add("checking", Leave(ANN.email, TOKEN))
    world.outbox.add("checking", edit)
    chat.failures = [Rejected("checking", "wants an administrator")]
    assert world.outbox.deliver_due(deliver_by([chat])) == 2
    assert chat.delivered == [edit]
    assert world.outbox.dead() == []
    assert caplog.messages == ["A session with checking could not be ended: wants an administrator"]


def test_one_whose_key_is_refused_is_kept_for_a_better_one(world: World, chat: Checking) -> None:
    world.outbox.add("checking", Leave(ANN.email, TOKEN))
    chat.failures = [Rejected("checking", "refuses the key", credentials=True)]
    deliver = deliver_by([chat])
    assert world.outbox.deliver_due(deliver) == 0
    (entry,) = world.outbox.waiting()
    assert world.outbox.retry(entry.id)
    world.clock.advance(10 * MINUTE)
    assert world.outbox.deliver_due(deliver) == 1
    assert [session.token for session in chat.ended] == [TOKEN]


def test_where_too_much_is_under_way_the_outbox_has_it_at_once(
    world: World, chat: Checking, clock: Clock
) -> None:
    flow = world.flow()
    state = enter(flow)
    flow._background = Background(most_waiting=0)
    leave(flow, state)
    assert kept(world.outbox) == LEAVES
    assert chat.ended == []
    world.worker.start()
    world.delivered()
    assert [session.token for session in chat.ended] == [f"{TOKEN}-1"]


def test_one_that_a_stop_finds_still_waiting_goes_to_the_outbox(world: World, chat: Checking) -> None:
    flow = world.flow()
    state = enter(flow)
    busy = Background(threads=1)
    reached, go_on = threading.Event(), threading.Event()

    def occupy() -> None:
        reached.set()
        go_on.wait(LONG)

    assert busy.submit(occupy) is not None
    assert reached.wait(LONG)
    flow._background = busy
    leave(flow, state)
    assert kept(world.outbox) == []
    busy.stop(0)
    go_on.set()
    assert kept(world.outbox) == LEAVES
    assert chat.ended == []


def test_where_chat_and_outbox_are_down_one_error_says_what_that_means(
    world: World, chat: Checking, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    chat.failures = [Unavailable("checking", "is down")]
    flow = world.flow()
    state = enter(flow)
    break_outbox(world, tmp_path)
    with caplog.at_level(logging.DEBUG):
        leave(flow, state)
        world.at_rest()
    (error,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert error.getMessage().startswith("A session with checking goes on after the logout, because ")
    assert "canary" not in caplog.text
    assert ANN.email not in caplog.text


def break_outbox(world: World, folder: Path) -> None:
    world.outbox.close()
    for path in folder.glob("outbox.sqlite3*"):
        path.unlink()
    (folder / "outbox.sqlite3").write_bytes(b"this is no database, whatever its name says" * 100)


def test_the_other_browsers_of_who_left_get_new_tokens_where_the_chat_has_ended_theirs(
    world: World, chat: Checking, clock: Clock
) -> None:
    flow = world.flow()
    here, there = enter(flow), enter(flow)
    dead = token(flow, there)
    leave(flow, here)
    world.at_rest()
    assert chat.good == {}
    clock.advance(1)
    fresh = token(flow, there)
    assert fresh in chat.good
    assert fresh != dead
    assert token(flow, here) == ""


# A check.


def test_who_may_chat_no_more_is_asked_about_at_the_next_check_and_his_session_ends(
    world: World, chat: Checking, clock: Clock
) -> None:
    banned: set[str] = set()
    asked: list[str] = []

    def may_chat(user: ChatUser) -> bool:
        asked.append(user.email)
        return user.email not in banned

    flow = world.flow(may_chat=may_chat)
    state = enter(flow)
    world.at_rest()
    banned.add(ANN.email)
    asked.clear()
    assert token(flow, state) == f"{TOKEN}-1", "it was believed for five minutes"
    assert asked == []
    clock.advance(5 * MINUTE + 1)
    assert token(flow, state) == ""
    assert asked == [ANN.email]
    assert chat.checked == [], "the chat's own word does not count any more"
    expired = flow.expire(state)
    assert (expired.user, expired.barred is not None) == (None, True)
    flow.settle(state, expired)
    world.at_rest()
    assert [session.token for session in chat.ended] == [f"{TOKEN}-1"]
    assert token(flow, flow.reconcile(expired, ANN)) == ""


@pytest.mark.parametrize("change", [Delete((ANN.email,)), Edit(ANN.email, email="new@example.com")])
def test_whose_account_went_is_found_out_at_the_next_check(
    world: World, chat: Checking, clock: Clock, change: Delete | Edit
) -> None:
    flow = world.flow()
    state = enter(flow)
    world.outbox.add("checking", change)
    clock.advance(5 * MINUTE + 1)
    assert token(flow, state) == ""
    assert chat.checked == []
    assert flow.expire(state).user is None


def test_an_outbox_that_is_down_leaves_the_token_as_it_was(
    world: World, chat: Checking, clock: Clock, tmp_path: Path
) -> None:
    flow = world.flow()
    state = enter(flow)
    break_outbox(world, tmp_path)
    clock.advance(5 * MINUTE + 1)
    assert token(flow, state) == f"{TOKEN}-1"
    assert flow.expire(state) is state


def test_a_token_that_the_chat_takes_is_kept_and_one_that_it_does_not_is_replaced(
    world: World, chat: Checking, clock: Clock
) -> None:
    flow = world.flow()
    state = enter(flow)
    clock.advance(5 * MINUTE + 1)
    assert token(flow, state) == f"{TOKEN}-1"
    chat.good.clear()
    clock.advance(5 * MINUTE + 1)
    assert token(flow, state) == f"{TOKEN}-2"
    assert chat.checked == [f"{TOKEN}-1"] * 2

"""A token that comes too late, or is asked for too late: whoever logged out meanwhile never gets it."""

from __future__ import annotations

import logging
from concurrent.futures import Future
from functools import partial

import pytest

from chatsso_middleware.sessions import ChatSession
from chatsso_middleware.state.background import Background
from chatsso_middleware.state.token_store import TokenStore
from chatsso_middleware.state.tokens import Holder, UserLeft

from .checking_chat import ANN, LONG, CheckingChat, MakeTokens, at_laptop, at_phone, tokens_of
from .conftest import Clock

SCOPES = pytest.mark.parametrize("scope", ["browser", "user"])


@pytest.fixture
def chat(clock: Clock) -> CheckingChat:
    return CheckingChat(clock)


@pytest.fixture
def make_tokens(chat: CheckingChat, clock: Clock, background: Background) -> MakeTokens:
    return partial(tokens_of, chat, clock, background)


def landed(flight: Future[ChatSession] | None) -> ChatSession:
    assert flight is not None
    return flight.result(LONG)


@SCOPES
def test_a_token_on_its_way_at_the_logout_is_ended_and_handed_to_nobody(
    make_tokens: MakeTokens, chat: CheckingChat, scope: str, caplog: pytest.LogCaptureFixture
) -> None:
    tokens = make_tokens(scope=scope)
    chat.may_answer.clear()
    flight = tokens.begin(at_laptop())
    assert chat.answering.wait(LONG)
    with caplog.at_level(logging.INFO):
        assert tokens.retire(at_laptop(), None) is None
        chat.may_answer.set()
        with pytest.raises(UserLeft, match="he logged out on the site"):
            landed(flight)
    assert chat.ended == [(ANN.email, "token-1")]
    assert chat.good == set()
    assert tokens.peek(at_laptop()) is None
    assert tokens.confirmed(at_laptop(), LONG) is None
    assert len(chat.opened_with) == 1
    assert caplog.messages == ["No token from chat: he logged out on the site"]
    assert caplog.records[0].levelno == logging.INFO, "it is nobody's fault"


@SCOPES
def test_a_request_from_before_the_logout_gets_none_and_the_chat_is_not_asked(
    make_tokens: MakeTokens, chat: CheckingChat, scope: str
) -> None:
    tokens = make_tokens(scope=scope)
    session = tokens.confirmed(at_laptop(), LONG)
    assert tokens.retire(at_laptop(), None) == session
    for _ in range(3):
        assert tokens.confirmed(at_laptop(), LONG) is None
    with pytest.raises(UserLeft):
        landed(tokens.begin(at_laptop()))
    assert len(chat.opened_with) == 1


def test_another_worker_knows_of_the_logout_too(make_tokens: MakeTokens, chat: CheckingChat) -> None:
    store = TokenStore("memory:", lock_timeout=10)
    here, there = make_tokens(store=store), make_tokens(store=store)
    there.retire(at_laptop(), None)
    assert here.confirmed(at_laptop(), LONG) is None
    assert chat.opened_with == []


@SCOPES
def test_his_next_login_and_his_other_browsers_get_one_at_once(
    make_tokens: MakeTokens, chat: CheckingChat, scope: str
) -> None:
    tokens = make_tokens(scope=scope)
    chat.may_answer.clear()
    flight = tokens.begin(at_laptop())
    assert chat.answering.wait(LONG)
    tokens.retire(at_laptop(), None)
    chat.may_answer.set()
    with pytest.raises(UserLeft):
        landed(flight)
    again_at_laptop = Holder.logged_in(ANN, 0.0, "laptop again")
    assert tokens.confirmed(at_phone(), LONG) is not None
    assert tokens.confirmed(again_at_laptop, LONG) is not None
    assert tokens.confirmed(at_laptop(), LONG) is None


def test_a_logout_whose_tag_is_still_due_keeps_the_token_for_it(make_tokens: MakeTokens) -> None:
    tokens = make_tokens()
    session = tokens.confirmed(at_laptop(), LONG)
    departed = Holder.departed(ANN.email, 0.0, "event")
    assert tokens.retire(at_laptop(), departed) == session
    assert tokens.peek(departed) == session


def test_a_browser_from_before_there_were_stays_leaves_no_mark_on_others(make_tokens: MakeTokens) -> None:
    tokens = make_tokens()
    without_a_stay = Holder.logged_in(ANN, 0.0)
    tokens.retire(without_a_stay, None)
    assert tokens.confirmed(without_a_stay, LONG) is not None
    assert tokens.confirmed(at_phone(), LONG) is not None

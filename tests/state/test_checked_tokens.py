"""Tokens that a chat may take back at any time, and of which each browser has one of its own."""

from __future__ import annotations

from functools import partial

import pytest

from chatsso_middleware.errors import Rejected
from chatsso_middleware.sessions import ChatSession, Credentials
from chatsso_middleware.state.background import Background
from chatsso_middleware.state.token_store import TokenStore
from chatsso_middleware.state.tokens import Ending, Holder, SessionOver, Tokens
from chatsso_middleware.users import ChatUser

from .checking_chat import ANN, DAY, INTERVAL, LONG, CheckingChat, MakeTokens, at_laptop, at_phone, tokens_of
from .conftest import Clock

SECRET = Credentials(password="secret")


@pytest.fixture
def chat(clock: Clock) -> CheckingChat:
    return CheckingChat(clock)


@pytest.fixture
def make_tokens(chat: CheckingChat, clock: Clock, background: Background) -> MakeTokens:
    return partial(tokens_of, chat, clock, background)


@pytest.fixture
def tokens(make_tokens: MakeTokens) -> Tokens:
    return make_tokens()


def token(session: ChatSession | None) -> str:
    assert session is not None
    return session.token


def test_each_browser_has_a_token_of_its_own_and_keeps_it(tokens: Tokens) -> None:
    assert token(tokens.confirmed(at_laptop(), LONG)) == "token-1"
    assert token(tokens.confirmed(at_phone(), LONG)) == "token-2"
    said_again = Holder.logged_in(ChatUser(ANN.email, username="ann"), 900.0, "laptop")
    assert token(tokens.confirmed(said_again, LONG)) == "token-1"
    assert tokens.retire(at_laptop(), None) is not None
    assert tokens.peek(at_laptop()) is None
    assert token(tokens.peek(at_phone())) == "token-2"


def test_a_chat_whose_tokens_are_the_users_gives_all_his_browsers_one(make_tokens: MakeTokens) -> None:
    tokens = make_tokens(scope="user")
    assert token(tokens.confirmed(at_laptop(), LONG)) == "token-1"
    assert token(tokens.confirmed(at_phone(), LONG)) == "token-1"


def test_a_browser_from_before_there_were_stays_uses_the_users_token(tokens: Tokens) -> None:
    assert token(tokens.confirmed(Holder.logged_in(ANN, 0.0), LONG)) == "token-1"
    assert token(tokens.confirmed(Holder.logged_in(ANN, 5.0), LONG)) == "token-1"


def test_a_token_is_believed_for_a_while_and_checked_once_after_that(
    tokens: Tokens, chat: CheckingChat, clock: Clock
) -> None:
    for _ in range(3):
        clock.advance(99)
        assert token(tokens.confirmed(at_laptop(), LONG)) == "token-1"
    assert chat.asked == []
    clock.advance(INTERVAL)
    for _ in range(500):
        assert token(tokens.confirmed(at_laptop(), LONG)) == "token-1"
    assert chat.asked == ["token-1"]


def test_a_token_that_the_chat_took_back_is_replaced_before_it_is_handed_out(
    tokens: Tokens, chat: CheckingChat, clock: Clock
) -> None:
    tokens.confirmed(at_laptop(), LONG)
    chat.good.clear()
    clock.advance(INTERVAL + 1)
    assert token(tokens.confirmed(at_laptop(), LONG)) == "token-2"
    assert chat.replaced == [None, None], "a dead token is nothing to renew"


def test_who_asks_again_at_once_may_not_have_got_in_so_his_token_is_checked_sooner(
    tokens: Tokens, chat: CheckingChat, clock: Clock
) -> None:
    tokens.confirmed(at_laptop(), LONG)
    clock.advance(100)
    assert token(tokens.confirmed(at_laptop(), LONG)) == "token-1"
    chat.good.clear()
    clock.advance(2)
    assert token(tokens.confirmed(at_laptop(), LONG)) == "token-2"


def test_a_check_that_fails_leaves_the_token_as_it_was(
    tokens: Tokens, chat: CheckingChat, clock: Clock
) -> None:
    tokens.confirmed(at_laptop(), LONG)
    chat.down = True
    clock.advance(INTERVAL + 1)
    assert token(tokens.confirmed(at_laptop(), LONG)) == "token-1"
    assert chat.asked == ["token-1"]


def test_a_dead_token_is_not_handed_out_though_no_other_can_be_had(
    tokens: Tokens, chat: CheckingChat, clock: Clock
) -> None:
    tokens.confirmed(at_laptop(), LONG)

    def refuse(holder: Holder, session: ChatSession) -> bool:
        chat.down = True  # between the check and the new token
        return False

    tokens._check_session = refuse
    clock.advance(INTERVAL + 1)
    assert tokens.confirmed(at_laptop(), LONG) is None


def test_a_token_is_renewed_before_its_end_and_the_chat_is_told_which(
    tokens: Tokens, chat: CheckingChat, clock: Clock
) -> None:
    tokens.confirmed(at_laptop(), LONG)
    clock.advance(28 * DAY)
    assert token(tokens.confirmed(at_laptop(), LONG)) == "token-2"
    assert chat.replaced == [None, "token-1"]


def test_what_a_login_brings_reaches_the_chat_and_ends_an_earlier_refusal(
    make_tokens: MakeTokens, chat: CheckingChat
) -> None:
    def with_password_only(holder: Holder, kept: ChatSession | None) -> ChatSession:
        if holder.credentials is None:
            raise Rejected("chat", "wants the password")
        return chat.open_session(holder, kept)

    tokens = make_tokens(open_session=with_password_only)
    assert tokens.confirmed(at_laptop(), LONG) is None
    assert tokens.begin(at_laptop()) is None, "it was refused just now"
    flight = tokens.begin(at_laptop(SECRET))
    assert flight is not None
    assert flight.result(LONG).token == "token-1"
    assert chat.opened_with == [SECRET]
    assert token(tokens.confirmed(at_laptop(), LONG)) == "token-1"


def test_a_token_that_died_is_replaced_by_what_a_login_brings(tokens: Tokens, chat: CheckingChat) -> None:
    tokens.confirmed(at_laptop(), LONG)
    chat.good.clear()
    flight = tokens.begin(at_laptop(SECRET))
    assert flight is not None
    assert flight.result(LONG).token == "token-2"
    assert chat.asked == ["token-1"], "though it was given just now"
    assert (chat.opened_with, chat.replaced) == ([None, SECRET], [None, None])


def test_a_token_that_lives_is_kept_though_a_login_brings_what_another_needs(
    tokens: Tokens, chat: CheckingChat
) -> None:
    tokens.confirmed(at_laptop(), LONG)
    flight = tokens.begin(at_laptop(SECRET))
    assert flight is not None
    assert flight.result(LONG).token == "token-1"
    assert (chat.asked, chat.opened_with) == (["token-1"], [None])


# The tokens of all browsers of a user are doubted at once.


def test_a_doubt_is_about_all_browsers_of_the_user_and_about_nobody_else(
    tokens: Tokens, chat: CheckingChat, clock: Clock
) -> None:
    at_bobs = Holder.logged_in(ChatUser("bob@example.com"), 0.0, "bobs")
    for holder in (at_laptop(), at_phone(), at_bobs):
        tokens.confirmed(holder, LONG)
    clock.advance(1)
    tokens.doubt_all(ANN.email)
    chat.good.clear()
    assert token(tokens.confirmed(at_bobs, LONG)) == "token-3"
    assert chat.asked == []
    clock.advance(1)
    assert token(tokens.confirmed(at_phone(), LONG)) == "token-4"
    assert token(tokens.confirmed(at_laptop(), LONG)) == "token-5"
    assert chat.asked == ["token-2", "token-1"]


def test_a_doubt_in_the_same_moment_is_a_doubt(tokens: Tokens, chat: CheckingChat) -> None:
    tokens.confirmed(at_laptop(), LONG)
    tokens.doubt_all(ANN.email)
    chat.good.clear()
    assert token(tokens.confirmed(at_laptop(), LONG)) == "token-2"


def test_a_doubt_ends_with_one_check(tokens: Tokens, chat: CheckingChat, clock: Clock) -> None:
    tokens.confirmed(at_laptop(), LONG)
    tokens.doubt_all(ANN.email)
    clock.advance(1)
    for _ in range(5):
        assert token(tokens.confirmed(at_laptop(), LONG)) == "token-1"
    assert chat.asked == ["token-1"]


def test_a_doubt_is_shared_by_the_workers(make_tokens: MakeTokens, chat: CheckingChat) -> None:
    store = TokenStore("memory:", lock_timeout=10)
    one, other = make_tokens(store=store), make_tokens(store=store)
    one.confirmed(at_laptop(), LONG)
    chat.good.clear()
    other.doubt_all(ANN.email)
    assert token(one.confirmed(at_laptop(), LONG)) == "token-2"


def test_where_tokens_are_believed_to_their_end_a_doubt_changes_nothing(
    make_tokens: MakeTokens, chat: CheckingChat
) -> None:
    tokens = make_tokens(check_interval=None)
    tokens.confirmed(at_laptop(), LONG)
    tokens.doubt_all(ANN.email)
    assert token(tokens.confirmed(at_laptop(), LONG)) == "token-1"
    assert chat.asked == []


def test_a_site_that_wants_the_user_no_more_says_so_at_a_check(
    make_tokens: MakeTokens, chat: CheckingChat, clock: Clock
) -> None:
    def refuse(holder: Holder, session: ChatSession) -> bool:
        raise SessionOver("chat", Ending.REFUSED)

    tokens = make_tokens(check_session=refuse)
    kept = tokens.confirmed(at_laptop(), LONG)
    assert tokens.ending(at_laptop()) is None
    clock.advance(INTERVAL + 1)
    assert tokens.confirmed(at_laptop(), LONG) is None
    assert tokens.ending(at_laptop()) is Ending.REFUSED
    assert tokens.confirmed(at_laptop(), LONG) is None
    assert len(chat.opened_with) == 1, "no other token is asked for"
    assert tokens.retire(at_laptop(), None) == kept, "so that the chat's session can be ended"


def test_the_repr_of_credentials_and_holders_tells_nothing() -> None:
    credentials = Credentials(password="pass-word", token="to-ken", oauth=("to-ken-2", "se-cret"))
    shown = f"{credentials!r} {at_laptop(credentials)!r}"
    assert not any(word in shown for word in ("pass-word", "to-ken", "se-cret"))


@pytest.mark.parametrize("scope", ["user", "browser"])
def test_who_leaves_the_chat_in_one_browser_has_not_left_it_in_another(
    make_tokens: MakeTokens, scope: str
) -> None:
    tokens = make_tokens(scope=scope)
    tokens.leave(at_laptop())
    assert tokens.left_just_now(at_laptop())
    assert not tokens.left_just_now(Holder.logged_in(ANN, 0.0, "phone"))
    tokens.come_back(at_laptop())
    assert not tokens.left_just_now(at_laptop())


def test_browsers_from_before_there_were_stays_share_no_mark(tokens: Tokens) -> None:
    tokens.leave(Holder.logged_in(ANN, 0.0))
    assert not tokens.left_just_now(Holder.logged_in(ChatUser("bob@example.com"), 0.0))

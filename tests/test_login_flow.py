"""What a login and a logout mean, against a running sandbox, a real outbox and its worker."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chatsso_middleware.changes import Change, Delete, Edit, Register
from chatsso_middleware.errors import Rejected, Unavailable
from chatsso_middleware.login_flow import ASK_AGAIN_AFTER, MOST_DEPARTED, LoginFlow
from chatsso_middleware.outbox import Outbox
from chatsso_middleware.page.edits import AddParameters, ThroughGateway
from chatsso_middleware.providers import ChatSession, Entrance
from chatsso_middleware.session_opener import LOGIN_IS_FRESH
from chatsso_middleware.sessions import Credentials
from chatsso_middleware.state.session_state import NOBODY
from chatsso_middleware.state.tokens import Ending, Holder, SessionOver
from chatsso_middleware.users import UNKNOWN, ChatUser
from tests.support.flow import LONG, Clock, Tagless, Visitor, World, make_world
from tests.support.waiting import until

ANN, BOB, NEW = "ann@example.com", "bob@example.com", "new@example.com"
GENERATE, LOGIN, LOGOUT = "/sso/token/generate", "/sso/token/login", "/sso/token/logout"
MINUTE = 60
TOOLBOX = "website_toolbox"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with make_world(tmp_path) as world:
        world.worker.start()
        yield world


@pytest.fixture
def flow(world: World) -> LoginFlow:
    return world.flow()


@pytest.fixture
def visitor(world: World, flow: LoginFlow) -> Visitor:
    return Visitor(world, flow)


def tag_calls(world: World) -> list[str]:
    return [call.path for call in world.room.calls if call.path in (LOGIN, LOGOUT)]


def accounts(world: World) -> set[str]:
    return {account.email for account in world.room.room.accounts}


# Logins and logouts of one browser.


def test_a_login_begins_the_call_at_once_and_the_next_page_has_the_tag(
    visitor: Visitor, world: World
) -> None:
    visitor.log_in(ANN, username="ann")
    world.room.calls.wait_for(GENERATE)
    (tag,) = visitor.page()
    assert tag.direct
    assert visitor.page() == []
    assert visitor.who_chats() == ANN
    assert len(world.room.calls.to(GENERATE)) == 1


def test_b_after_a_comes_when_a_has_left(visitor: Visitor, world: World) -> None:
    visitor.log_in(ANN)
    visitor.page()
    visitor.log_in(BOB)
    (first,) = visitor.page()
    assert not first.direct, "the token of A must not stand in a page of B's"
    assert visitor.who_chats() == ""
    visitor.page()
    assert visitor.who_chats() == BOB
    assert tag_calls(world) == [LOGIN, LOGOUT, LOGIN]
    assert visitor.page() == []


def test_a_logout_that_the_chat_has_seen_does_not_come_again(visitor: Visitor, world: World) -> None:
    visitor.log_in(ANN)
    visitor.log_in(BOB)
    visitor.page()
    visitor.page()
    visitor.log_out()
    visitor.page()
    assert visitor.page() == []
    assert tag_calls(world) == [LOGOUT, LOGIN, LOGOUT]
    assert visitor.who_chats() == ""


def test_a_logout_that_one_chat_has_yet_to_see_is_kept_for_it(two_chats: World) -> None:
    flow = two_chats.flow()
    flow.chats["tagless"].provider.has_tags = True  # type: ignore[misc]  # of this one object alone
    state = flow.log_in(flow.log_in(NOBODY, ChatUser(ANN)), ChatUser(BOB))
    seen = {TOOLBOX: [state.login], "tagless": []}
    assert flow.without_seen(state, lambda name: seen[name]) == state
    seen["tagless"] = [state.departed[0].event]
    assert flow.without_seen(state, lambda name: seen[name]).departed == ()


def test_a_again_is_a_new_login_without_a_logout(visitor: Visitor, world: World) -> None:
    visitor.log_in(ANN)
    visitor.page()
    first = visitor.state
    visitor.log_in(ANN, remember=True)
    assert visitor.state.login != first.login
    assert visitor.state.departed == ()
    visitor.page()
    assert tag_calls(world) == [LOGIN, LOGIN]
    assert len(world.room.calls.to(GENERATE)) == 1, "the token at hand is as good as a new one"


def test_a_logout_without_a_login_changes_nothing(flow: LoginFlow) -> None:
    assert flow.log_out(NOBODY) is NOBODY


def test_a_logout_takes_the_token_of_the_login_along(visitor: Visitor, world: World) -> None:
    visitor.log_in(ANN)
    visitor.page()
    visitor.log_out()
    (tag,) = visitor.page()
    assert tag.direct
    assert visitor.who_chats() == ""
    assert len(world.room.calls.to(GENERATE)) == 1


def test_a_logout_after_the_token_has_expired_gets_a_new_one(visitor: Visitor, world: World) -> None:
    visitor.log_in(ANN)
    visitor.page()
    world.clock.advance(61 * MINUTE)
    visitor.log_out()
    visitor.page()
    assert visitor.who_chats() == ""
    assert len(world.room.calls.to(GENERATE)) == 2


def test_of_many_who_left_before_any_page_the_last_few_are_logged_out(visitor: Visitor, world: World) -> None:
    for number in range(MOST_DEPARTED + 3):
        visitor.log_in(f"user{number}@example.com")
    assert [departed.email for departed in visitor.state.departed] == [
        f"user{number}@example.com" for number in range(2, MOST_DEPARTED + 2)
    ]
    for _ in range(MOST_DEPARTED + 1):
        visitor.page()
    assert visitor.page() == []
    assert visitor.who_chats() == f"user{MOST_DEPARTED + 2}@example.com"


def test_an_acknowledgement_of_a_later_event_covers_the_earlier_ones(
    visitor: Visitor, flow: LoginFlow
) -> None:
    visitor.log_in(ANN)
    visitor.log_in(BOB)
    chat = flow.chats[TOOLBOX]
    out, into = visitor.state.events
    assert flow.due(visitor.state, chat, []) == out
    assert flow.due(visitor.state, chat, ["unknown", out]) == into
    assert flow.due(visitor.state, chat, [into, out]) == ""
    assert flow.due(visitor.state, chat, [out, into]) == "", "an old cookie beside the new one"


@pytest.mark.parametrize(
    ("given", "setting", "expected"), [(None, True, 1), (None, False, 0), (True, False, 1), (False, True, 0)]
)
def test_remember_is_what_the_login_says_and_else_what_the_setting_says(
    world: World, given: bool | None, setting: bool, expected: int
) -> None:
    visitor = Visitor(world, world.flow(remember=setting))
    visitor.log_in(ANN, remember=given)
    (tag,) = visitor.page()
    assert tag.address.endswith(f"&rememberMe={expected}")
    assert f"rememberMe={expected}" in (visitor.link() or "")


def test_browsers_of_one_user_share_a_token_and_one_that_leaves_takes_it_from_none(
    world: World, flow: LoginFlow
) -> None:
    here, there = Visitor(world, flow), Visitor(world, flow)
    here.log_in(ANN)
    here.page()
    there.log_in(ANN)
    there.page()
    assert here.link() == there.link()
    before = there.link()
    here.log_out()
    here.page()
    assert (here.who_chats(), there.who_chats()) == ("", ANN)
    assert there.link() not in (None, before)


# What the host says of itself.


def test_the_identity_that_a_host_shows_is_a_login_or_a_logout(visitor: Visitor) -> None:
    visitor.page(ChatUser(ANN))
    assert visitor.who_chats() == ANN
    state = visitor.state
    visitor.page(ChatUser(ANN, username="renamed"))
    assert visitor.state is state, "the same user is no new login"
    visitor.page(UNKNOWN)
    assert visitor.state is state
    visitor.page(None)
    assert visitor.user is None
    assert visitor.who_chats() == ""
    assert visitor.page(None) == visitor.page(UNKNOWN) == []
    assert visitor.user is None


def test_a_session_that_ends_without_a_logout_page_ends_in_the_chat_on_the_next_page(
    visitor: Visitor,
) -> None:
    visitor.log_in(ANN)
    visitor.page(ChatUser(ANN))
    (tag,) = visitor.page(None)
    assert "logout" in tag.address
    assert visitor.who_chats() == ""


# Who may chat.


class Doorkeeper:
    """A `may_chat` that the test decides for."""

    def __init__(self, answer: Any = True) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def __call__(self, user: ChatUser) -> Any:
        self.asked.append(user.email)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize("answer", [False, None, 0, RuntimeError("canary")], ids=str)
def test_whoever_may_not_chat_is_never_known_to_it(
    world: World, answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    visitor = Visitor(world, world.flow(may_chat=Doorkeeper(answer)))
    visitor.log_in(ANN)
    assert visitor.page() == []
    assert visitor.user is None
    assert len(world.room.calls) == 0
    assert "canary" not in caplog.text
    assert ("RuntimeError" in caplog.text) is isinstance(answer, Exception)


def test_a_refused_user_after_another_one_logs_that_one_out(world: World) -> None:
    doorkeeper = Doorkeeper()
    visitor = Visitor(world, world.flow(may_chat=doorkeeper))
    visitor.log_in(ANN)
    visitor.page()
    doorkeeper.answer = False
    visitor.log_in(BOB)
    visitor.page()
    assert visitor.who_chats() == ""
    assert visitor.page() == []


def test_whoever_was_refused_is_asked_about_again_after_ten_minutes(world: World) -> None:
    doorkeeper = Doorkeeper(answer=False)
    visitor = Visitor(world, world.flow(may_chat=doorkeeper))
    for _ in range(3):
        visitor.page(ChatUser(ANN))
    assert doorkeeper.asked == [ANN]
    visitor.page(ChatUser(BOB))
    assert doorkeeper.asked == [ANN, BOB], "another user is another matter"
    visitor.page(None)
    visitor.page(ChatUser(BOB))
    assert doorkeeper.asked == [ANN, BOB, BOB], "and so is another session of the site"
    world.clock.advance(ASK_AGAIN_AFTER - 1)
    visitor.page(ChatUser(BOB))
    assert len(doorkeeper.asked) == 3
    doorkeeper.answer = True
    world.clock.advance(1)
    visitor.page(ChatUser(BOB))
    assert visitor.who_chats() == BOB


def test_a_no_at_the_renewal_logs_out_of_the_chat(world: World) -> None:
    doorkeeper = Doorkeeper()
    visitor = Visitor(world, world.flow(may_chat=doorkeeper))
    visitor.page(ChatUser(ANN))
    doorkeeper.answer = False
    world.clock.advance(46 * MINUTE)
    assert visitor.link() is not None, "the token at hand is good until the answer is there"
    world.landed()
    (tag,) = visitor.page(ChatUser(ANN))
    assert "logout" in tag.address
    assert visitor.user is None
    assert visitor.who_chats() == ""
    visitor.page(ChatUser(ANN))
    assert visitor.user is None
    doorkeeper.answer = True
    world.clock.advance(ASK_AGAIN_AFTER)
    visitor.page(ChatUser(ANN))
    assert visitor.who_chats() == ANN


# Accounts that change.


def test_a_deleted_user_is_made_anew_by_none_of_his_browsers(world: World, flow: LoginFlow) -> None:
    here, there, idle = (Visitor(world, flow) for _ in range(3))
    for visitor in (here, there, idle):
        visitor.log_in(ANN)
        visitor.page()
    world.clock.advance(1)
    world.outbox.add(TOOLBOX, Delete((ANN,)))
    flow.forget([ANN])
    here.log_out()
    world.delivered()
    world.clock.advance(61 * MINUTE)
    for _ in range(3):
        for visitor in (here, there, idle):
            visitor.page()
            visitor.link()
            world.landed()
    assert accounts(world) == set()
    assert [visitor.user for visitor in (here, there, idle)] == [None, None, None]
    assert [visitor.page() for visitor in (here, there, idle)] == [[], [], []]


def test_a_site_session_that_outlives_its_account_does_not_bring_it_back(
    world: World, flow: LoginFlow
) -> None:
    visitor = Visitor(world, flow)
    ann = ChatUser(ANN)
    visitor.page(ann)
    world.clock.advance(1)
    world.outbox.add(TOOLBOX, Delete((ANN,)))
    flow.forget([ANN])
    world.delivered()
    for _ in range(10):
        visitor.page(ann)
        visitor.link()
        world.landed()
        world.clock.advance(6 * MINUTE)
    assert visitor.user is None
    assert accounts(world) == set()
    visitor.page(None)
    visitor.page(ann)
    assert visitor.who_chats() == ANN, "a new login on the site is a new account"


def test_who_signs_up_again_under_his_old_address_gets_a_token_of_the_new_account(
    world: World, flow: LoginFlow
) -> None:
    old, new = Visitor(world, flow), Visitor(world, flow)
    old.log_in(ANN)
    old.page()
    world.clock.advance(1)
    world.outbox.add(TOOLBOX, Delete((ANN,)))
    flow.forget([ANN])
    world.delivered()
    old.link()
    world.landed()
    assert flow.chats[TOOLBOX].tokens.ending(Holder.logged_in(ChatUser(ANN), old.state.since)) is Ending.GONE
    world.clock.advance(1)
    new.log_in(ANN)
    new.page()
    assert new.who_chats() == ANN
    new.page()
    assert new.user == ANN


def test_an_account_that_goes_while_its_login_is_on_its_way_is_deleted_again(
    world: World, visitor: Visitor
) -> None:
    world.room.room.fail_with(delay=LONG, times=1, on=GENERATE)
    visitor.log_in(ANN)
    world.room.room.faults.wait_until_held_back()
    world.outbox.add(TOOLBOX, Delete((ANN,)))
    world.delivered()
    world.room.room.recover()
    world.landed()
    world.delivered()
    assert [call.path for call in world.room.calls].count("/sso/user/delete") == 2
    assert accounts(world) == set()


def test_a_renamed_user_keeps_his_account_and_his_other_browsers_make_no_second(
    world: World, flow: LoginFlow
) -> None:
    here, there = Visitor(world, flow), Visitor(world, flow)
    for visitor in (here, there):
        visitor.log_in(ANN)
        visitor.page()
    world.clock.advance(1)
    world.outbox.add(TOOLBOX, Edit(ANN, email=NEW))
    flow.forget([ANN])
    here._become(flow.log_in(here.state, ChatUser(NEW), same_person=True))
    assert here.state.departed == ()
    here.page()
    assert here.who_chats() == NEW
    for _ in range(3):
        there.page()
        there.link()
        world.landed()
    assert there.user is None
    assert accounts(world) == {NEW}


def test_a_login_under_a_new_address_waits_until_the_chat_knows_it(tmp_path: Path) -> None:
    with make_world(tmp_path) as world:
        flow = world.flow(edit_wait=LONG)
        visitor = Visitor(world, flow)
        visitor.log_in(ANN)
        visitor.page()
        world.outbox.add(TOOLBOX, Edit(ANN, email=NEW))
        flow.forget([ANN])
        visitor._become(flow.log_in(visitor.state, ChatUser(NEW), same_person=True))
        assert flow.chats[TOOLBOX].tokens.wait(Holder.logged_in(ChatUser(NEW), world.clock()), 0.2) is None
        assert len(world.room.calls.to(GENERATE)) == 1
        world.worker.start()
        visitor.page()
        assert visitor.who_chats() == NEW
        assert accounts(world) == {NEW}
        paths = [call.path for call in world.room.calls]
        assert paths.index("/sso/user/edit") < len(paths) - 1 - paths[::-1].index(GENERATE)


def test_a_change_that_never_arrives_costs_a_short_wait_now_and_then_and_no_thread_for_good(
    tmp_path: Path,
) -> None:
    with make_world(tmp_path) as world:
        flow = world.flow(edit_wait=0.05)
        visitor = Visitor(world, flow)
        world.outbox.add(TOOLBOX, Edit(ANN, email=NEW))
        visitor.log_in(NEW)
        holder = Holder.logged_in(ChatUser(NEW), world.clock())
        tokens = flow.chats[TOOLBOX].tokens
        assert tokens.wait(holder, LONG) is None
        assert tokens.begin(holder) is None
        world.clock.advance(29)
        assert tokens.begin(holder) is None
        world.clock.advance(1)
        assert tokens.begin(holder) is not None
        world.landed()
        assert len(world.room.calls) == 0


def test_a_broken_outbox_means_no_token_a_log_line_and_no_error_on_a_page(
    world: World, flow: LoginFlow, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    flow._opener._outbox = Outbox(f"sqlite:///{tmp_path}", ["x" * 32])  # a directory is no database
    visitor = Visitor(world, flow)
    visitor.log_in(ANN)
    (tag,) = visitor.page()
    assert not tag.direct
    assert visitor.link() is None
    assert len(world.room.calls) == 0
    assert "the outbox was asked first" in caplog.text
    assert ANN not in caplog.text


# Tags and links.


@pytest.mark.parametrize("delivery", ["direct", "gateway"])
def test_a_tag_whose_token_does_not_come_in_time_goes_through_the_gateway(
    world: World, delivery: str
) -> None:
    world.room.room.fail_with(delay=30)
    flow = world.flow(delivery=delivery, page_wait=0.05)
    visitor = Visitor(world, flow)
    visitor.log_in(ANN)
    (tag,) = visitor.page()
    assert tag.address == f"/chatsso/website_toolbox/login.gif?event={visitor.state.login}"
    assert not tag.direct
    assert visitor.page() == [tag], "it was not delivered, so it stays due"
    visitor.log_out()
    (tag,) = visitor.page()
    assert tag.address == f"/chatsso/website_toolbox/logout.gif?event={visitor.state.departed[0].event}"
    world.room.room.recover()


def test_an_unknown_event_has_no_tag_and_is_over(visitor: Visitor, flow: LoginFlow) -> None:
    visitor.log_in(ANN)
    chat = flow.chats[TOOLBOX]
    for event in ("", "unknown"):
        assert flow.tag_address(visitor.state, chat, event, LONG) is None
        assert flow.is_over(visitor.state, chat, event)
    assert not flow.is_over(visitor.state, chat, visitor.state.login)


def test_links_carry_the_token_or_lead_through_the_gateway_until_there_is_one(
    world: World, flow: LoginFlow
) -> None:
    visitor = Visitor(world, flow)
    assert flow.link_edits(NOBODY, "/chatsso") == ()
    world.room.room.fail_with(delay=30)
    visitor.log_in(ANN)
    (edit,) = flow.link_edits(visitor.state, "/chatsso")
    assert edit.change == ThroughGateway("/chatsso/go", TOOLBOX)
    world.room.room.recover()
    world.landed()
    (edit,) = flow.link_edits(visitor.state, "/chatsso")
    assert isinstance(edit.change, AddParameters)
    assert [name for name, _ in edit.change.parameters] == ["access_token", "rememberMe"]
    assert edit.noreferrer
    assert edit.scripts == {"/js/embed.js"}


def test_guests_are_led_to_the_gateway_where_they_shall_log_in_first_but_scripts_are_not(
    world: World,
) -> None:
    (edit,) = world.flow(guests="login").link_edits(NOBODY, "/app/chatsso")
    assert edit.change == ThroughGateway("/app/chatsso/go", TOOLBOX)
    assert edit.scripts == frozenset()


def test_with_the_gateway_links_are_alike_for_everybody(world: World) -> None:
    flow = world.flow(delivery="gateway")
    visitor = Visitor(world, flow)
    visitor.log_in(ANN)
    assert flow.link_edits(visitor.state, "/chatsso") == flow.link_edits(NOBODY, "/chatsso")


def test_the_address_of_the_chat_has_a_token_for_members_and_none_for_guests(
    visitor: Visitor, flow: LoginFlow, world: World
) -> None:
    chat = flow.chats[TOOLBOX]
    assert flow.chat_address(NOBODY, chat, "/room?x=1#end", LONG) is None
    assert flow.gateway_address(chat, "/room?x=1", "/chatsso") == (
        "/chatsso/go?to=%2Froom%3Fx%3D1&provider=website_toolbox"
    )
    visitor.log_in(ANN)
    address = flow.chat_address(visitor.state, chat, "/room?x=1#end", LONG)
    assert address is not None
    assert address.startswith(f"{world.room.url}/room?x=1&access_token=")
    assert address.endswith("&rememberMe=0#end")


# Several chats, through the contract alone.


@pytest.fixture
def tagless() -> Tagless:
    return Tagless()


@pytest.fixture
def two_chats(tmp_path: Path, tagless: Tagless) -> Iterator[World]:
    with make_world(tmp_path, tagless) as world:
        world.worker.start()
        yield world


def test_a_login_reaches_every_chat_and_each_sees_what_it_can(two_chats: World, tagless: Tagless) -> None:
    flow = two_chats.flow()
    visitor = Visitor(two_chats, flow)
    visitor.log_in(ANN)
    assert [tag.provider for tag in visitor.page()] == [TOOLBOX], "the other chat has no tags"
    two_chats.landed()
    edits = flow.link_edits(visitor.state, "/chatsso")
    assert [sorted(edit.hosts) for edit in edits] == [
        [two_chats.room.url.removeprefix("http://")],
        ["tagless.example"],
    ]
    assert edits[1].change == AddParameters((("key", f"{ANN}-1"),))
    assert visitor.link("tagless") == f"https://tagless.example/?key={ANN.replace('@', '%40')}-1"
    assert tagless.opened == [ANN]


def test_a_logout_ends_the_session_by_the_api_where_the_chat_has_one(
    two_chats: World, tagless: Tagless
) -> None:
    visitor = Visitor(two_chats, two_chats.flow())
    visitor.log_in(ANN)
    two_chats.landed()
    visitor.log_out()
    give_up = time.monotonic() + LONG
    while not tagless.closed and time.monotonic() < give_up:
        time.sleep(0.005)
    assert tagless.closed == [f"{ANN}-1"]
    visitor.page()
    assert visitor.who_chats() == ""
    assert tagless.opened == [ANN], "no token is opened for a tag that does not exist"


def test_each_chat_has_its_own_account_changes(two_chats: World, tagless: Tagless) -> None:
    change = Register(ChatUser(ANN, username="ann"))
    for name in two_chats.providers:
        two_chats.outbox.add(name, change)
    two_chats.delivered()
    assert tagless.delivered == [change]
    assert accounts(two_chats) == {ANN}


def test_a_chat_that_hangs_holds_up_no_other(two_chats: World) -> None:
    two_chats.room.room.fail_with(delay=30)
    flow = two_chats.flow(page_wait=0.05)
    visitor = Visitor(two_chats, flow)
    visitor.log_in(ANN)
    assert visitor.link("tagless") is not None
    two_chats.room.room.recover()


def test_a_chat_whose_links_take_no_token_keeps_them_as_they_are_unless_all_go_through_the_gateway(
    tmp_path: Path,
) -> None:
    with make_world(tmp_path, Tagless(link_parameter=None)) as world:
        flow = world.flow()
        visitor = Visitor(world, flow)
        visitor.log_in(ANN)
        world.landed()
        assert len(flow.link_edits(visitor.state, "/chatsso")) == 1
        through = world.flow(delivery="gateway").link_edits(visitor.state, "/chatsso")
        assert [edit.change for edit in through] == [
            ThroughGateway("/chatsso/go", TOOLBOX),
            ThroughGateway("/chatsso/go", "tagless"),
        ]


class LoginTagOnly(Tagless):
    """A chat with a login tag, whose sessions end by themselves."""

    name = "login_tag_only"
    has_tags = True

    def login_tag_url(self, session: ChatSession, *, remember: bool) -> str:
        return f"//tagless.example/in?key={session.token}"


def test_a_logout_that_a_chat_has_no_tag_for_is_over_when_the_gateway_is_asked(tmp_path: Path) -> None:
    with make_world(tmp_path, LoginTagOnly()) as world:
        flow = world.flow()
        chat = flow.chats["login_tag_only"]
        state = flow.log_in(NOBODY, ChatUser(ANN))
        assert flow.tag(state, chat, state.login, "/chatsso", LONG).direct
        after = flow.log_out(state)
        flow.settle(state, after)
        event = flow.due(after, chat, [])
        tag = flow.tag(after, chat, event, "/chatsso", LONG)
        assert not tag.direct
        assert flow.is_over(after, chat, event)


def test_nothing_of_a_page_waits_longer_than_it_was_told_to(world: World) -> None:
    world.room.room.fail_with(delay=30)
    flow = world.flow(page_wait=0.05)
    visitor = Visitor(world, flow)
    started = time.monotonic()
    visitor.log_in(ANN)
    for _ in range(20):
        visitor.page()
        flow.link_edits(visitor.state, "/chatsso")
    assert time.monotonic() - started < 15, "one answer takes thirty seconds"
    world.room.room.recover()


def test_a_later_token_does_not_bring_an_old_picture_back(world: World, flow: LoginFlow) -> None:
    visitor = Visitor(world, flow)
    visitor.log_in(ANN, avatar_url="http://site.example/old.png")
    assert visitor.link() is not None
    world.outbox.add("website_toolbox", Edit(ANN, avatar_url="http://site.example/new.png"))
    world.worker.start()
    world.delivered()
    world.clock.advance(3600)
    assert visitor.link() is not None
    account = world.room.room.account(ANN)
    assert account is not None
    assert account.avatar_url == "http://site.example/new.png"


def test_many_logins_of_one_user_at_once_cause_one_call(world: World, flow: LoginFlow) -> None:
    together = threading.Barrier(20)
    links = []

    def log_in() -> None:
        visitor = Visitor(world, flow)
        together.wait(LONG)
        visitor.log_in(ANN)
        links.append(visitor.link())

    threads = [threading.Thread(target=log_in) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(links)) == 1
    assert None not in links
    assert len(world.room.calls.to(GENERATE)) == 1


def test_no_token_and_no_key_stands_in_the_log(
    visitor: Visitor, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, logger="chatsso_middleware"):
        visitor.log_in(ANN)
        link = visitor.link() or ""
        world.outbox.add(TOOLBOX, Delete((ANN,)))
        visitor.log_out()
        visitor.page()
        world.delivered()
    token = link.partition("access_token=")[2].partition("&")[0]
    assert token
    for record in caplog.records:
        if record.name.startswith("chatsso_middleware") and "sandbox" not in record.name:
            assert token not in record.getMessage()
            assert world.room.api_key not in record.getMessage()


# Stays, and sessions that are opened when they are wanted.


def test_a_stay_goes_on_however_often_its_login_is_said_again(world: World, flow: LoginFlow) -> None:
    ann = flow.log_in(NOBODY, ChatUser(ANN))
    assert len(ann.stay) >= 12
    assert flow.log_in(ann, ChatUser(ANN)) is ann
    with_a_name = flow.log_in(ann, ChatUser(ANN, name="Ann"))
    assert (with_a_name.stay, with_a_name.login != ann.login) == (ann.stay, True)
    world.clock.advance(LOGIN_IS_FRESH + 1)
    later = flow.log_in(with_a_name, ChatUser(ANN, name="Ann"))
    assert (later.stay, later.login != with_a_name.login) == (ann.stay, True)
    assert flow.reconcile(later, ChatUser(ANN)).stay == ann.stay
    renamed = flow.log_in(later, ChatUser(NEW), same_person=True)
    assert renamed.stay == ann.stay


def test_a_new_stay_begins_with_somebody_else_and_after_a_logout(flow: LoginFlow) -> None:
    ann = flow.log_in(NOBODY, ChatUser(ANN))
    bob = flow.log_in(ann, ChatUser(BOB))
    nobody = flow.log_out(ann)
    again = flow.log_in(nobody, ChatUser(ANN))
    other_browser = flow.log_in(NOBODY, ChatUser(ANN))
    assert nobody.stay == ""
    assert len({ann.stay, bob.stay, again.stay, other_browser.stay}) == 4
    assert bob.departed[-1].stay == nobody.departed[-1].stay == ann.stay


class Demanding(Tagless):
    """A chat that opens a session with what a login brings, and never without."""

    name = "demanding"
    token_scope = "browser"

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock=clock)
        self.given: list[Credentials | None] = []
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.closed_unknown: list[str] = []

    def opens_at_login(self, credentials: Credentials | None) -> bool:
        return credentials is not None

    def open_session(self, user: ChatUser, credentials: Credentials | None = None) -> ChatSession:
        self.given.append(credentials)
        self.may_go_on.wait(LONG)
        if credentials is None or credentials.password != "right":
            raise Rejected(self.name, "the chat wants the password")
        return super().open_session(user)

    def close_unknown_session(self, email: str) -> None:
        self.closed_unknown.append(email)
        if self.closed_unknown == [BOB]:
            raise Unavailable(self.name, "is down")
        if email == NEW:
            raise Rejected(self.name, "knows nobody of that address")


RIGHT, WRONG = Credentials("right"), Credentials("wrong")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def demanding(clock: Clock) -> Demanding:
    return Demanding(clock)


@pytest.fixture
def demanding_world(tmp_path: Path, clock: Clock, demanding: Demanding) -> Iterator[World]:
    with make_world(tmp_path, demanding, clock=clock) as world:
        world.worker.start()
        yield world


def test_a_session_is_opened_at_a_login_only_where_the_chat_wants_that(
    demanding_world: World, demanding: Demanding
) -> None:
    flow = demanding_world.flow()
    flow.log_in(NOBODY, ChatUser(ANN))
    demanding_world.landed()
    assert demanding.given == []
    assert len(demanding_world.room.calls.to(GENERATE)) == 1, "the room wants it"
    state = flow.log_in(NOBODY, ChatUser(ANN), credentials=RIGHT)
    demanding_world.landed()
    assert demanding.given == [RIGHT]
    session = flow.session(state, flow.chats["demanding"], 0)
    assert session is not None
    assert demanding.given == [RIGHT], "it is there already"


def test_who_asks_while_the_login_is_on_its_way_waits_for_that_one(
    demanding_world: World, demanding: Demanding
) -> None:
    """A session of its own would be refused, for want of what only the login brought."""
    flow = demanding_world.flow()
    chat = flow.chats["demanding"]
    demanding.may_go_on.clear()
    state = flow.log_in(NOBODY, ChatUser(ANN), credentials=RIGHT)
    assert flow.session(state, chat, 0.01) is None
    demanding.may_go_on.set()
    assert flow.session(state, chat, LONG) is not None
    assert demanding.given == [RIGHT]


def test_a_login_that_brings_what_was_wanting_is_not_held_up_by_an_earlier_refusal(
    demanding_world: World, demanding: Demanding
) -> None:
    flow = demanding_world.flow()
    chat = flow.chats["demanding"]
    state = flow.log_in(NOBODY, ChatUser(ANN))
    assert flow.session(state, chat, LONG) is None
    assert flow.log_in(state, ChatUser(ANN), credentials=WRONG) is state
    assert flow.session(state, chat, LONG) is None
    assert flow.log_in(state, ChatUser(ANN), credentials=RIGHT) is state
    assert flow.session(state, chat, LONG) is not None
    assert demanding.given == [None, WRONG, RIGHT]


def test_what_a_login_brings_goes_to_no_chat_for_somebody_who_may_not_chat(
    demanding_world: World, demanding: Demanding
) -> None:
    answers = [True, False]
    flow = demanding_world.flow(may_chat=lambda user: answers.pop(0))
    state = flow.log_in(NOBODY, ChatUser(ANN))
    flow.log_in(state, ChatUser(ANN), credentials=RIGHT)
    demanding_world.landed()
    assert demanding.given == []


def test_browsers_of_one_user_have_sessions_of_their_own_where_the_chat_wants_that(
    demanding_world: World, demanding: Demanding
) -> None:
    flow = demanding_world.flow()
    chat = flow.chats["demanding"]
    here = flow.log_in(NOBODY, ChatUser(ANN), credentials=RIGHT)
    there = flow.log_in(NOBODY, ChatUser(ANN), credentials=RIGHT)
    sessions = [flow.session(state, chat, LONG) for state in (here, there)]
    assert None not in sessions
    assert sessions[0] != sessions[1]
    flow.settle(here, flow.log_out(here))
    until(lambda: demanding.closed)
    assert demanding.closed == [session.token for session in sessions[:1] if session]
    assert flow.session(there, chat, 0) == sessions[1]


def test_a_logout_whose_token_is_not_known_any_more_is_told_to_the_chat_by_the_address(
    demanding_world: World, demanding: Demanding
) -> None:
    flow = demanding_world.flow()
    state = flow.log_in(NOBODY, ChatUser(ANN), credentials=RIGHT)
    demanding_world.landed()
    restarted = demanding_world.flow()
    restarted.settle(state, restarted.log_out(state))
    until(lambda: demanding.closed_unknown)
    assert (demanding.closed_unknown, demanding.closed) == ([ANN], [])


def test_a_logout_that_the_chat_does_not_hear_is_told_again_until_it_does(
    demanding_world: World, demanding: Demanding, caplog: pytest.LogCaptureFixture
) -> None:
    flow = demanding_world.flow()
    state = flow.log_in(NOBODY, ChatUser(BOB))
    flow.settle(state, flow.log_out(state))
    until(lambda: len(demanding.closed_unknown) == 2)
    assert demanding.closed_unknown == [BOB, BOB]
    assert "A session with demanding could not be ended yet: is down" in caplog.text
    assert BOB not in caplog.text


def test_a_logout_that_the_chat_refuses_is_one_line_in_the_log(
    demanding_world: World, demanding: Demanding, caplog: pytest.LogCaptureFixture
) -> None:
    flow = demanding_world.flow()
    state = flow.log_in(NOBODY, ChatUser(NEW))
    flow.settle(state, flow.log_out(state))
    until(lambda: "A session with demanding could not be ended: knows nobody" in caplog.text)
    demanding_world.delivered()
    assert demanding.closed_unknown == [NEW]


def test_a_guest_has_nothing_that_could_be_doubted(demanding_world: World) -> None:
    flow = demanding_world.flow()
    flow.leave(NOBODY, flow.chats["demanding"])
    state = flow.log_in(NOBODY, ChatUser(ANN))
    flow.leave(state, flow.chats["demanding"])
    assert flow.session(NOBODY, flow.chats["demanding"], 0) is None


# Chats that are entered by a token of the click.


class ByClick(Tagless):
    """A chat that takes a new token for each visit, and nothing else."""

    name = "by_click"
    mints_at_click = True
    links_through_gateway = True

    def __init__(self) -> None:
        super().__init__()
        self.entered: list[ChatUser] = []
        self.down = False

    def entrance(self, user: ChatUser, path: str, *, remember: bool) -> Entrance:
        self.entered.append(user)
        return Entrance(f"{self.origin}{path}?token={len(self.entered)}&remember={remember:d}")

    def deliver(self, change: Change) -> None:
        if self.down:
            raise Unavailable(self.name, "is down")
        super().deliver(change)


@pytest.fixture
def by_click() -> ByClick:
    return ByClick()


@pytest.fixture
def click_world(tmp_path: Path, by_click: ByClick) -> Iterator[World]:
    with make_world(tmp_path, by_click) as world:
        world.worker.start()
        yield world


def test_a_token_is_made_for_each_click_and_none_before(click_world: World, by_click: ByClick) -> None:
    flow = click_world.flow()
    chat = flow.chats["by_click"]
    assert flow.entrance(NOBODY, chat, "/", LONG) is None
    state = flow.log_in(NOBODY, ChatUser(ANN), remember=True)
    click_world.landed()
    assert (by_click.opened, by_click.entered) == ([], [])
    addresses = [flow.entrance(state, chat, "/page", LONG) for _ in range(2)]
    assert addresses == [
        Entrance("https://tagless.example/page?token=1&remember=1"),
        Entrance("https://tagless.example/page?token=2&remember=1"),
    ]
    assert by_click.entered == [ChatUser(ANN)] * 2


def test_the_chat_is_told_of_the_picture_as_long_as_the_login_is_fresh(
    click_world: World, by_click: ByClick
) -> None:
    flow = click_world.flow()
    state = flow.log_in(NOBODY, ChatUser(ANN, avatar_url="https://site.example/old.png", id="1"))
    flow.entrance(state, flow.chats["by_click"], "/", LONG)
    click_world.clock.advance(LOGIN_IS_FRESH + 1)
    flow.entrance(state, flow.chats["by_click"], "/", LONG)
    assert [user.avatar_url for user in by_click.entered] == ["https://site.example/old.png", None]
    assert {user.id for user in by_click.entered} == {"1"}


def test_who_was_refused_since_his_login_has_no_entrance(click_world: World, by_click: ByClick) -> None:
    doorkeeper = Doorkeeper()
    flow = click_world.flow(may_chat=doorkeeper)
    state = flow.log_in(NOBODY, ChatUser(ANN))
    doorkeeper.answer = False
    with pytest.raises(SessionOver) as over:
        flow.entrance(state, flow.chats["by_click"], "/", LONG)
    assert over.value.ending is Ending.REFUSED
    barred = flow.bar(state, over.value.ending)
    assert barred.user is None
    assert flow.reconcile(barred, ChatUser(ANN)) is barred
    assert by_click.entered == []


def test_an_account_that_is_gone_has_no_entrance(click_world: World, by_click: ByClick) -> None:
    flow = click_world.flow()
    state = flow.log_in(NOBODY, ChatUser(ANN))
    click_world.clock.advance(1)
    click_world.outbox.add("by_click", Delete((ANN,)))
    with pytest.raises(SessionOver) as over:
        flow.entrance(state, flow.chats["by_click"], "/", LONG)
    assert over.value.ending is Ending.GONE
    assert by_click.entered == []


def test_a_changed_address_enters_when_the_chat_knows_it(
    click_world: World, by_click: ByClick, caplog: pytest.LogCaptureFixture
) -> None:
    flow = click_world.flow(edit_wait=0.05)
    chat = flow.chats["by_click"]
    by_click.down = True
    click_world.outbox.add("by_click", Edit(ANN, email=NEW))
    state = flow.log_in(NOBODY, ChatUser(NEW))
    assert flow.entrance(state, chat, "/", LONG) is None
    assert "Nobody enters by_click just now: a change of the address must reach the chat first" in caplog.text
    assert NEW not in caplog.text
    by_click.down = False
    click_world.clock.advance(60 * MINUTE)
    click_world.delivered()
    assert flow.entrance(state, chat, "/", LONG) is not None
    assert [change for change in by_click.delivered if isinstance(change, Edit)] == [Edit(ANN, email=NEW)]


def test_nobody_waits_for_an_entrance_longer_than_he_is_told_to(
    click_world: World, by_click: ByClick
) -> None:
    flow = click_world.flow(edit_wait=LONG)
    by_click.down = True
    click_world.outbox.add("by_click", Edit(ANN, email=NEW))
    state = flow.log_in(NOBODY, ChatUser(NEW))
    assert flow.entrance(state, flow.chats["by_click"], "/", 0) is None
    by_click.down = False
    click_world.clock.advance(60 * MINUTE)
    click_world.delivered()


def test_a_process_that_ends_gives_no_entrance(click_world: World, by_click: ByClick) -> None:
    flow = click_world.flow()
    state = flow.log_in(NOBODY, ChatUser(ANN))
    click_world.background.stop()
    assert flow.entrance(state, flow.chats["by_click"], "/", LONG) is None
    assert by_click.entered == []


def test_links_into_such_a_chat_lead_through_the_gateway_in_direct_too(click_world: World) -> None:
    flow = click_world.flow()
    state = flow.log_in(NOBODY, ChatUser(ANN))
    assert [edit.change for edit in flow.link_edits(NOBODY, "/chatsso")] == []
    (edit,) = [edit for edit in flow.link_edits(state, "/chatsso") if "tagless.example" in edit.hosts]
    assert edit.change == ThroughGateway("/chatsso/go", "by_click")

"""What becomes of a chat's own script in a page, against a flow that runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chatsso_middleware.login_flow import Chat, LoginFlow
from chatsso_middleware.page.edits import ScriptAttributes
from chatsso_middleware.providers import Widget
from chatsso_middleware.sessions import ChatSession
from chatsso_middleware.state.session_state import NOBODY
from chatsso_middleware.users import ChatUser
from chatsso_middleware.widgets import PageWidgets, has_widgets, places_for_guests, widgets_of
from tests.support.flow import LONG, Tagless, World, make_world

ANN = ChatUser("ann@example.com")
SOURCE = "https://tagless.example/base/bubble.js"


class Bubbling(Tagless):
    """A chat whose script shows it in pages."""

    name = "bubbling"

    def __init__(self, *, completes: bool = True, places: bool = False) -> None:
        super().__init__()
        self._completes = completes
        self._places = places

    @property
    def widget_scripts(self) -> frozenset[str]:
        return frozenset({"/base/bubble.js"}) if self._completes else frozenset()

    def widget_attributes(self, session: ChatSession) -> tuple[tuple[str, str], ...]:
        return (("data-key", session.token),) if self._completes else ()

    def widget(self, session: ChatSession | None) -> Widget | None:
        if not self._places:
            return None
        return Widget(SOURCE, () if session is None else (("data-key", session.token),))


class BubblingForMembers(Bubbling):
    """One whose script is placed for members alone."""

    name = "bubbling_for_members"

    def __init__(self) -> None:
        super().__init__(completes=True, places=True)

    def widget(self, session: ChatSession | None) -> Widget | None:
        return None if session is None else super().widget(session)


@pytest.fixture
def completing() -> Bubbling:
    return Bubbling()


@pytest.fixture
def placing() -> Bubbling:
    return Bubbling(completes=False, places=True)


Worlds = Iterator[World]


@pytest.fixture
def completing_world(tmp_path: Path, completing: Bubbling) -> Worlds:
    with make_world(tmp_path, completing) as world:
        yield world


@pytest.fixture
def placing_world(tmp_path: Path, placing: Bubbling) -> Worlds:
    with make_world(tmp_path, placing) as world:
        yield world


def of_member(flow: LoginFlow, *, whole_page: bool = True, wait: float = LONG) -> PageWidgets:
    state = flow.log_in(NOBODY, ANN)
    return widgets_of(flow, state, lambda chat: flow.page_session(state, chat, wait), whole_page=whole_page)


def of_guest(flow: LoginFlow, *, whole_page: bool = True) -> PageWidgets:
    return widgets_of(flow, NOBODY, _nobody_asks, whole_page=whole_page)


def _nobody_asks(chat: Chat) -> ChatSession | None:
    raise AssertionError("a guest has no session to be asked for")


def test_the_tag_that_stands_there_gains_the_members_token(completing_world: World) -> None:
    found = of_member(completing_world.flow())
    assert found.attributes == (
        ScriptAttributes(
            frozenset({"tagless.example"}),
            frozenset({"/base/bubble.js"}),
            (("data-key", "ann@example.com-1"),),
        ),
    )
    assert (found.placed, found.chats_shown) == ((), ())
    assert found


def test_a_guests_tag_stays_as_it_stands(completing_world: World) -> None:
    assert not of_guest(completing_world.flow())


@pytest.mark.parametrize("whole_page", [True, False])
def test_a_tag_is_placed_in_whole_pages_alone(
    placing_world: World, placing: Bubbling, whole_page: bool
) -> None:
    flow = placing_world.flow()
    chat = flow.chats["bubbling"]
    members = Widget(SOURCE, (("data-key", "ann@example.com-1"),))
    assert of_member(flow, whole_page=whole_page).placed == (((chat, members),) if whole_page else ())
    assert of_guest(flow, whole_page=whole_page).placed == (((chat, Widget(SOURCE)),) if whole_page else ())


def test_the_chats_that_are_placed_are_named_for_the_policy_of_the_page(placing_world: World) -> None:
    flow = placing_world.flow()
    assert of_member(flow).chats_shown == (flow.chats["bubbling"],)
    assert of_guest(flow).chats_shown == (flow.chats["bubbling"],)


def test_guests_get_none_where_they_shall_log_in_first(placing_world: World) -> None:
    flow = placing_world.flow(guests="login")
    assert not of_guest(flow)
    assert of_member(flow).placed


@pytest.mark.parametrize("name", ["completing_world", "placing_world"])
def test_a_member_whose_token_does_not_come_in_time_is_not_shown_as_a_guest(
    request: pytest.FixtureRequest, name: str
) -> None:
    flow = request.getfixturevalue(name).flow()
    state = flow.log_in(NOBODY, ANN)
    assert not widgets_of(flow, state, lambda chat: None, whole_page=True)


@pytest.mark.parametrize("name", ["completing_world", "placing_world"])
def test_a_page_that_holds_no_tokens_stays_as_it_is(request: pytest.FixtureRequest, name: str) -> None:
    flow = request.getfixturevalue(name).flow(delivery="gateway")
    state = flow.log_in(NOBODY, ANN)
    assert not widgets_of(flow, state, _nobody_asks, whole_page=True)
    assert not of_guest(flow)
    assert not places_for_guests(flow)


def test_a_chat_without_a_script_is_never_asked_for_a_session(completing_world: World) -> None:
    flow = completing_world.flow()
    asked = []
    state = flow.log_in(NOBODY, ANN)

    def session_of(chat: Chat) -> ChatSession | None:
        asked.append(chat.name)
        return flow.page_session(state, chat, LONG)

    widgets_of(flow, state, session_of, whole_page=True)
    assert asked == ["bubbling"]


def test_which_pages_change_is_known_from_the_chats_alone(tmp_path: Path) -> None:
    for others, expected in (
        ((), (False, False)),
        ((Tagless(),), (False, False)),
        ((Bubbling(),), (True, False)),
        ((Bubbling(completes=False, places=True),), (True, True)),
        ((BubblingForMembers(),), (True, False)),
    ):
        with make_world(tmp_path, *others) as world:
            flow = world.flow()
            assert (has_widgets(flow), places_for_guests(flow)) == expected
            assert not places_for_guests(world.flow(guests="login"))


def test_no_token_shows_in_what_is_said_of_widgets(completing_world: World, tmp_path: Path) -> None:
    with make_world(tmp_path, Bubbling(completes=True, places=True)) as world:
        shown = repr(of_member(world.flow()))
    assert "ann@example.com-1" not in shown

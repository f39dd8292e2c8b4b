from __future__ import annotations

from chatsso_middleware.state.session_state import NOBODY, Barred, Departed, SessionState, new_event
from chatsso_middleware.users import ChatUser


def test_events_stand_in_the_order_in_which_the_chat_must_see_them() -> None:
    state = SessionState(
        user=ChatUser("cat@example.com"),
        login="cat in",
        departed=(Departed("ann@example.com", 1.0, "ann out"), Departed("bob@example.com", 2.0, "bob out")),
    )
    assert state.events == ("ann out", "bob out", "cat in")
    assert NOBODY.events == ()


def test_no_two_events_have_the_same_name_and_none_can_be_guessed() -> None:
    events = {new_event() for _ in range(1000)}
    assert len(events) == 1000
    assert all(len(event) == 12 for event in events)


def test_an_address_is_barred_until_its_time_and_no_other_is() -> None:
    barred = Barred.address("ann@example.com", 100.0)
    assert barred.holds_for("ann@example.com", 99.9)
    assert not barred.holds_for("ann@example.com", 100.0)
    assert not barred.holds_for("Ann@example.com", 50.0)
    assert Barred.address("ann@example.com", None).holds_for("ann@example.com", 1e12)
    assert "ann" not in repr(barred)

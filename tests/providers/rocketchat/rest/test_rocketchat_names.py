"""User names and addresses, as the chat has them."""

from __future__ import annotations

import re

import pytest

from chatsso_middleware.errors import Rejected
from chatsso_middleware.providers.rocketchat.addresses import stored_address
from chatsso_middleware.providers.rocketchat.usernames import known_usernames, possible_usernames
from chatsso_middleware.users import ChatUser


@pytest.mark.parametrize(
    ("user", "first"),
    [
        (ChatUser("ann@example.com", username="ann"), "ann"),
        (ChatUser("ann@example.com", username="Ann B"), "Ann.B"),
        (ChatUser("ann@example.com", username="Zo\u00eb"), "Zoe"),
        (ChatUser("ann@example.com", name="Ann Lee"), "Ann.Lee"),
        (ChatUser("ann.lee@example.com"), "ann.lee"),
        (ChatUser("ann@example.com", username="<b>{$ne}</b>"), "b.ne.b"),
    ],
)
def test_a_user_name_is_what_the_chat_takes(user: ChatUser, first: str) -> None:
    assert possible_usernames(user)[0] == first


def test_the_second_name_and_third_are_the_same_each_time_and_the_last_one_never() -> None:
    ann = ChatUser("ann@example.com", username="ann")
    assert known_usernames(ann) == ("ann", "ann-2", "ann-3")
    *known, last = possible_usernames(ann)
    assert tuple(known) == known_usernames(ann)
    assert re.fullmatch(r"ann-[0-9a-f]{8}", last)
    assert possible_usernames(ann)[-1] != last


@pytest.mark.parametrize(
    ("name", "plain"), [("admin", "admin"), ("System", "System"), ("\u0410\u043d\u043d\u0430", "user")]
)
def test_a_name_that_the_chat_keeps_for_itself_gets_an_end(name: str, plain: str) -> None:
    names = possible_usernames(ChatUser("ann@example.com", username=name))
    assert names[:2] == (f"{plain}-2", f"{plain}-3")


def test_addresses_are_stored_in_lower_case() -> None:
    assert stored_address("rocketchat", "Ann@Example.COM") == "ann@example.com"
    assert stored_address("rocketchat", "\u00c4nn@example.com") == "\u00e4nn@example.com"


@pytest.mark.parametrize("address", ["\u212aate@example.com", "ann@e\u212axample.com"])
def test_an_address_that_turns_into_somebody_elses_is_refused(address: str) -> None:
    with pytest.raises(Rejected, match="turns into another"):
        stored_address("rocketchat", address)

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsso_middleware.changes import Change, Delete, Edit, Leave, Register
from chatsso_middleware.errors import InvalidUser
from chatsso_middleware.outbox.codec import decode, encode, kind_of
from chatsso_middleware.outbox.encryption import UnreadableChange
from chatsso_middleware.users import ChatUser

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1)
ADDRESS = st.builds("{}@{}".format, *[st.text("abcäö.+'\"%,", min_size=1, max_size=20)] * 2)
USERS = st.builds(
    ChatUser, ADDRESS, *[st.none() | TEXT] * 4, extra=st.dictionaries(TEXT, st.integers() | TEXT)
)
CHANGES = st.one_of(
    st.builds(Register, USERS, st.none() | TEXT),
    st.builds(Edit, ADDRESS, st.none() | ADDRESS, *[st.none() | TEXT] * 3),
    st.builds(Delete, st.lists(ADDRESS, min_size=1).map(tuple)),
    st.builds(Leave, ADDRESS, st.just("") | TEXT, st.just("") | TEXT),
)


@given(CHANGES)
def test_every_change_comes_back_as_it_went(change: Change) -> None:
    assert decode(encode(change)) == change


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (Register(ChatUser("ann@example.com")), "register"),
        (Edit("ann@example.com"), "edit"),
        (Delete(("ann@example.com",)), "delete"),
        (Leave("ann@example.com", "token"), "leave"),
    ],
)
def test_each_kind_has_its_word(change: Change, kind: str) -> None:
    assert kind_of(change) == kind


def endless() -> dict[str, object]:
    mapping: dict[str, object] = {}
    mapping["itself"] = mapping
    return mapping


@pytest.mark.parametrize("value", [object(), b"bytes", float("nan"), endless()])
def test_extra_that_json_cannot_say_is_the_hosts_fault(value: object) -> None:
    with pytest.raises(InvalidUser) as caught:
        encode(Register(ChatUser("ann@example.com", extra={"value": value}), "the password"))
    assert caught.value.field == "extra"
    assert "password" not in str(caught.value)


@pytest.mark.parametrize(
    "document",
    [
        b"no json",
        b"\xff",
        b"[]",
        b"{}",
        json.dumps({"kind": "rename"}).encode(),
        json.dumps({"kind": "register", "email": "ann@example.com"}).encode(),
        json.dumps({"kind": "edit", "address": "ann@example.com", "shoe_size": 43}).encode(),
        json.dumps({"kind": "edit", "address": "no address"}).encode(),
        json.dumps({"kind": "delete"}).encode(),
        json.dumps({"kind": "leave", "address": "no address"}).encode(),
        json.dumps({"kind": "leave", "address": "ann@example.com", "room": "garden"}).encode(),
    ],
)
def test_what_another_version_wrote_is_unreadable_not_a_crash(document: bytes) -> None:
    with pytest.raises(UnreadableChange):
        decode(document)

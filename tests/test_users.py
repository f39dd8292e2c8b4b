from __future__ import annotations

import copy
import dataclasses
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsso_middleware.errors import InvalidUser
from chatsso_middleware.users import UNKNOWN, ChatUser, check_address, check_text


@pytest.mark.parametrize(
    "address",
    [
        "ann@example.com",
        "Ann@Example.COM",
        "a@b",
        "a+b@c",
        '"a@b"@c',
        "ä@ö.example",
        "a" * 64 + "@" + "b" * 255,
    ],
)
def test_an_address_comes_back_as_it_was_given(address: str) -> None:
    assert check_address("email", address) == address


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("", "it is empty"),
        ("ann", "has an @"),
        ("@example.com", "has an @"),
        ("ann@", "has an @"),
        (" ann@example.com", "white space"),
        ("ann@example.com ", "white space"),
        ("an n@example.com", "white space"),
        ("ann\u00a0@example.com", "white space"),
        ("ann@example.com\r\nBcc: x", "control character"),
        ("ann\x00@example.com", "control character"),
        ("ann\x7f@example.com", "control character"),
        ("ann\ud800@example.com", "lone surrogate"),
        ("a" * 65 + "@" + "b" * 255, "longer than 320"),
        (None, "not NoneType"),
        (b"ann@example.com", "not bytes"),
        (7, "not int"),
    ],
)
def test_what_is_no_address_is_refused_with_its_reason(address: object, reason: str) -> None:
    with pytest.raises(InvalidUser, match=reason) as caught:
        check_address("email", address)
    assert caught.value.field == "email"


@given(st.text())
def test_text_is_either_given_back_or_refused_and_can_then_be_encoded(value: str) -> None:
    try:
        kept = check_text("name", value)
    except InvalidUser:
        return
    assert kept == value
    assert kept.encode().decode() == value
    assert "\n" not in kept


def test_empty_text_is_text() -> None:
    assert check_text("name", "") == ""


def test_a_user_needs_an_address_alone() -> None:
    user = ChatUser("ann@example.com")
    assert (user.username, user.name, user.avatar_url, user.id, user.extra) == (None, None, None, None, {})


def test_a_user_keeps_what_he_was_made_with() -> None:
    user = ChatUser(
        "a@b", username="ann", name="Ann Smith", avatar_url="https://x/a.png", id="7", extra={"k": 1}
    )
    assert dataclasses.astuple(user) == ("a@b", "ann", "Ann Smith", "https://x/a.png", "7", {"k": 1})


@pytest.mark.parametrize("field", ["username", "name", "avatar_url", "id"])
@pytest.mark.parametrize("value", [7, b"x", "a\nb", "a\udc00"])
def test_a_user_with_a_value_that_is_no_text_is_refused(field: str, value: object) -> None:
    with pytest.raises(InvalidUser) as caught:
        ChatUser("a@b", **{field: value})  # type: ignore[arg-type]
    assert caught.value.field == field


def test_extra_must_be_a_mapping() -> None:
    with pytest.raises(InvalidUser, match=r"^extra: a mapping is expected here, not list$"):
        ChatUser("a@b", extra=[])  # type: ignore[arg-type]


def test_a_user_without_address_is_refused() -> None:
    with pytest.raises(InvalidUser, match=r"^email: "):
        ChatUser("")


def test_users_are_compared_as_given() -> None:
    assert ChatUser("a@b", username="x") == ChatUser("a@b", username="x")
    assert ChatUser("a@b") != ChatUser("A@b")
    assert ChatUser("a@b", extra={"k": 1}) != ChatUser("a@b", extra={"k": 2})


def test_a_user_can_be_hashed_whatever_his_extra_is() -> None:
    assert len({ChatUser("a@b", extra={"k": []}), ChatUser("a@b", extra={"k": []}), ChatUser("c@d")}) == 2


def test_a_user_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        ChatUser("a@b").email = "c@d"  # type: ignore[misc]


def test_two_users_do_not_share_their_extra() -> None:
    assert ChatUser("a@b").extra is not ChatUser("a@b").extra


def test_a_user_survives_copying_pickling_and_becoming_a_dict() -> None:
    user = ChatUser("a@b", username="ann")
    assert copy.deepcopy(user) == user
    assert pickle.loads(pickle.dumps(user)) == user
    assert ChatUser(**dataclasses.asdict(user)) == user


def test_unknown_is_one_of_a_kind_and_says_its_name() -> None:
    assert repr(UNKNOWN) == "UNKNOWN"
    assert copy.deepcopy(UNKNOWN) is UNKNOWN
    assert pickle.loads(pickle.dumps(UNKNOWN)) is UNKNOWN

from __future__ import annotations

import pytest

from chatsso_middleware.changes import AccountChange, Delete, Edit, Register
from chatsso_middleware.errors import InvalidUser
from chatsso_middleware.users import ChatUser

CANARY = "canary-password"


@pytest.mark.parametrize(
    "change",
    [Register(ChatUser("a@b"), password=CANARY), Edit("a@b", password=CANARY)],
    ids=["register", "edit"],
)
def test_a_change_never_shows_its_password(change: AccountChange) -> None:
    assert CANARY not in repr(change)
    assert CANARY not in str(change)


def test_a_registration_speaks_of_its_users_address() -> None:
    assert Register(ChatUser("a@b")).addresses == {"a@b"}


def test_an_edit_speaks_of_the_old_address_and_of_the_new_one() -> None:
    assert Edit("a@b", username="ann").addresses == {"a@b"}
    assert Edit("a@b", email="c@d").addresses == {"a@b", "c@d"}


def test_a_deletion_speaks_of_all_its_addresses() -> None:
    assert Delete(("a@b", "c@d", "a@b")).addresses == {"a@b", "c@d"}


@pytest.mark.parametrize("password", [7, b"x", f"{CANARY}\n", f"{CANARY}\ud800", ""])
def test_a_registration_with_an_unusable_password_is_refused_without_showing_it(password: object) -> None:
    with pytest.raises(InvalidUser) as caught:
        Register(ChatUser("a@b"), password=password)  # type: ignore[arg-type]
    assert caught.value.field == "password"
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", ""),
        ("email", "ann"),
        ("email", 7),
        ("username", ""),
        ("username", "a\tb"),
        ("password", ""),
        ("password", b"x"),
        ("avatar_url", "a\x00b"),
        ("avatar_url", 7),
    ],
)
def test_an_edit_to_a_value_that_no_chat_could_take_is_refused(field: str, value: object) -> None:
    with pytest.raises(InvalidUser) as caught:
        Edit("a@b", **{field: value})  # type: ignore[arg-type]
    assert caught.value.field == field


def test_an_edit_may_take_the_avatar_away() -> None:
    assert Edit("a@b", avatar_url="").avatar_url == ""


@pytest.mark.parametrize("address", ["", "ann", None])
def test_an_edit_needs_the_address_that_is_known_now(address: object) -> None:
    with pytest.raises(InvalidUser) as caught:
        Edit(address)  # type: ignore[arg-type]
    assert caught.value.field == "address"


def test_a_deletion_of_nobody_is_refused() -> None:
    with pytest.raises(InvalidUser, match="at least one"):
        Delete(())


def test_a_deletion_with_one_bad_address_is_refused_whole() -> None:
    with pytest.raises(InvalidUser, match=r"^address: "):
        Delete(("a@b", "nobody"))


def test_a_bare_text_is_not_taken_for_a_list_of_addresses() -> None:
    with pytest.raises(InvalidUser, match=r"^address: "):
        Delete("a@b")  # type: ignore[arg-type]

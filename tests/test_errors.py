from __future__ import annotations

import copy
import pickle

import pytest

from chatsso_middleware import errors
from chatsso_middleware.errors import (
    ChatSSOError,
    ConfigurationError,
    InvalidUser,
    OutboxUnavailable,
    Problem,
    ProviderError,
    Rejected,
    Unavailable,
)

ONE = Problem("secret", "site.ini, line 3", "The key is missing.", "Add it.")
OTHER = Problem("mount", "site.ini, line 4", "The value is empty.", "Write one.")


def test_every_error_has_one_root() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert len(kinds) == 7
    assert all(issubclass(kind, ChatSSOError) for kind in kinds)


def test_a_problem_says_which_key_where_what_and_how_to_mend_it() -> None:
    assert str(ONE) == "secret (site.ini, line 3): The key is missing. Add it."


def test_a_configuration_error_lists_all_its_problems() -> None:
    error = ConfigurationError([ONE, OTHER])
    assert error.problems == (ONE, OTHER)
    assert str(error) == f"2 problems in the settings of chatsso-middleware:\n  - {ONE}\n  - {OTHER}"


def test_one_problem_is_not_several() -> None:
    assert str(ConfigurationError([ONE])) == f"1 problem in the settings of chatsso-middleware:\n  - {ONE}"


def test_an_invalid_user_is_a_value_error_with_its_field() -> None:
    with pytest.raises(ValueError, match=r"^email: it is empty$") as caught:
        raise InvalidUser("email", "it is empty")
    assert isinstance(caught.value, InvalidUser)
    assert (caught.value.field, caught.value.reason) == ("email", "it is empty")


def test_unavailable_carries_how_long_the_chat_wants_to_be_left_alone() -> None:
    error = Unavailable("website_toolbox", "over its limit", retry_after=30)
    assert str(error) == "website_toolbox: over its limit"
    assert error.retry_after == 30
    assert Unavailable("website_toolbox", "down").retry_after is None


def test_rejected_says_whether_it_was_the_key_that_was_refused() -> None:
    assert Rejected("website_toolbox", "wrong key", credentials=True).credentials
    assert not Rejected("website_toolbox", "no such user").credentials


@pytest.mark.parametrize(
    "error",
    [
        ConfigurationError([ONE, OTHER]),
        InvalidUser("email", "it is empty"),
        OutboxUnavailable("the disk is full"),
        ProviderError("website_toolbox", "odd"),
        Unavailable("website_toolbox", "down", retry_after=2.5),
        Rejected("website_toolbox", "wrong key", credentials=True),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_survives_copying_and_pickling_with_all_its_facts(error: ChatSSOError) -> None:
    for twin in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert type(twin) is type(error)
        assert str(twin) == str(error)
        assert vars(twin) == vars(error)

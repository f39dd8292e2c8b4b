from __future__ import annotations

import copy
import dataclasses
import json
import logging
import pickle
from typing import TYPE_CHECKING

import pytest

from chatsso_middleware.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

CANARY = "canary-7b1f-do-not-show"


def test_reveal_gives_the_text() -> None:
    assert Secret(CANARY).reveal() == CANARY


@pytest.mark.parametrize(
    "write",
    [repr, str, "{}".format, "{:>40}".format, "{!r}".format, "{!s}".format, lambda secret: f"{secret}"],
)
def test_no_way_of_writing_it_out_shows_the_text(write: Callable[[Secret], str]) -> None:
    written = write(Secret(CANARY))
    assert CANARY not in written
    assert "hidden" in written


def test_it_hides_inside_other_values_too() -> None:
    @dataclasses.dataclass
    class Holder:
        key: Secret

    assert repr(Holder(Secret(CANARY))) == f"{Holder.__qualname__}(key=Secret(hidden))"
    assert str([Secret(CANARY)]) == "[Secret(hidden)]"


def test_a_log_line_does_not_show_the_text(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("test").debug("the key is %s, %r", Secret(CANARY), Secret(CANARY))
    assert "hidden" in caplog.text
    assert CANARY not in caplog.text


def test_secrets_are_equal_when_their_texts_are() -> None:
    assert Secret(CANARY) == Secret(CANARY)
    assert Secret(CANARY) != Secret(CANARY + "x")
    assert Secret("clé") == Secret("clé")
    assert Secret("\udcff") != Secret("\udcfe")


def test_a_secret_never_equals_the_bare_text() -> None:
    assert Secret(CANARY) != CANARY


def test_equal_secrets_have_one_hash() -> None:
    assert len({Secret(CANARY), Secret(CANARY), Secret("other")}) == 2


def test_the_hash_is_not_that_of_the_bare_text() -> None:
    assert hash(Secret(CANARY)) != hash(CANARY)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_it_refuses_to_be_pickled_and_the_refusal_does_not_show_it(protocol: int) -> None:
    with pytest.raises(TypeError, match="cannot be pickled") as caught:
        pickle.dumps(Secret(CANARY), protocol)
    assert CANARY not in str(caught.value)


def test_json_refuses_it_without_showing_it() -> None:
    with pytest.raises(TypeError) as caught:
        json.dumps(Secret(CANARY))
    assert CANARY not in str(caught.value)


def test_a_copy_is_the_secret_itself() -> None:
    secret = Secret(CANARY)
    assert copy.copy(secret) is secret
    assert copy.deepcopy([secret])[0] is secret


def test_it_cannot_be_changed() -> None:
    secret = Secret(CANARY)
    with pytest.raises(AttributeError, match="cannot be changed"):
        secret._text = "other"
    assert secret.reveal() == CANARY


def test_its_attributes_are_not_listed_by_vars() -> None:
    with pytest.raises(TypeError):
        vars(Secret(CANARY))

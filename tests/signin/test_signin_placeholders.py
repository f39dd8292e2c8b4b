from __future__ import annotations

import pytest

from chatsso_middleware.converters import Unusable
from chatsso_middleware.secret import Secret
from chatsso_middleware.signin.form import Form
from chatsso_middleware.signin.placeholders import template

ANN = Form.of({"login": " ann ", "password": " se{login}same "})


@pytest.mark.parametrize(
    ("written", "filled"),
    [
        ("{login}", "ann"),
        ("{password}", " se{login}same "),
        ("{login}@example.com", "ann@example.com"),
        ("x{login}y{login}z", "xannyannz"),
        ("{{login}}", "{login}"),
        ("{{{login}}}", "{ann}"),
        ("constant", "constant"),
        ("Basic {basic}", "Basic YW5uOiBzZXtsb2dpbn1zYW1lIA=="),
    ],
)
def test_places_are_filled_once_with_what_was_entered(written: str, filled: str) -> None:
    assert template(written).fill(ANN) == filled


@pytest.mark.parametrize("written", ["{logn}", "{}", "{ login }", "{login", "login}", "{login:>9}", "{a{b}"])
def test_a_place_that_is_not_known_is_refused_at_start_up(written: str) -> None:
    with pytest.raises(Unusable, match=r"Known are \{login\}, \{password\}, \{basic\}"):
        template(written)


def test_a_key_in_a_template_is_seen_neither_in_its_repr_nor_in_an_error() -> None:
    assert "canary" not in repr(template(Secret("Bearer canary")))
    with pytest.raises(Unusable) as caught:
        template("Bearer {canary}")
    assert "canary" not in str(caught.value)


def test_a_form_shows_nothing_of_what_was_entered() -> None:
    assert "ann" not in repr(ANN)
    assert "same" not in repr(ANN)

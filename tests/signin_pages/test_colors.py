from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsso_middleware.signin.colors import BLACK, READABLE, WHITE, Color, contrast, legible_on, text_on

colors = st.builds(Color, *[st.integers(0, 255)] * 3)


@pytest.mark.parametrize(
    ("written", "read"), [("#0b57b8", "#0b57b8"), ("#FFF", "#ffffff"), ("#a1c", "#aa11cc")]
)
def test_a_colour_is_read_in_both_forms(written: str, read: str) -> None:
    assert str(Color.parse(written)) == read


@pytest.mark.parametrize(
    "written", ["", "red", "#12345", "0b57b8", "#ggg", "#fff;}", "#0b57b8ff", "#\u0661\u0661\u0661"]
)
def test_nothing_else_is_a_colour(written: str) -> None:
    with pytest.raises(ValueError, match="written as"):
        Color.parse(written)


def test_contrast_is_what_wcag_says() -> None:
    assert contrast(BLACK, WHITE) == pytest.approx(21)
    assert contrast(WHITE, WHITE) == 1
    # the grey that WCAG's own examples give as the lightest that can be read on white
    assert contrast(Color.parse("#767676"), WHITE) == pytest.approx(4.54, abs=0.01)
    assert contrast(Color.parse("#777777"), WHITE) < READABLE


@given(colors)
def test_text_can_be_read_on_every_colour(ground: Color) -> None:
    assert contrast(text_on(ground), ground) >= READABLE


@given(colors, colors)
def test_a_wanted_colour_becomes_legible_on_every_ground(ground: Color, wanted: Color) -> None:
    made = legible_on(ground, wanted)
    assert contrast(made, ground) >= READABLE
    if contrast(wanted, ground) >= READABLE:
        assert made == wanted

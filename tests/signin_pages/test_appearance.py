from __future__ import annotations

import re

import pytest

from chatsso_middleware.signin.appearance import Appearance, Sources
from chatsso_middleware.signin.colors import READABLE, Color, contrast


def test_the_owners_colour_is_the_buttons_and_links_stay_legible_in_light_and_dark() -> None:
    style = Appearance(color="#ffe600").style
    assert "--accent: #ffe600; --on-accent: #000000;" in style
    light, dark = re.findall(r"--link: (#[0-9a-f]{6})", style)
    assert contrast(Color.parse(light), Color.parse("#ffffff")) >= READABLE
    assert contrast(Color.parse(dark), Color.parse("#14171d")) >= READABLE
    assert dark == "#ffe600"


@pytest.mark.parametrize(
    ("font", "family"),
    [
        ("Georgia, 'Noto Serif', serif", "--font: Georgia, 'Noto Serif', serif, system-ui, sans-serif;"),
        ("/static/own.woff2", '--font: "Site font", system-ui, sans-serif;'),
        ("https://fonts.example.com/own.woff2?v=1", '--font: "Site font", system-ui, sans-serif;'),
    ],
)
def test_a_font_is_a_list_of_families_or_a_file(font: str, family: str) -> None:
    style = Appearance(font=font).style
    assert family in style
    assert (f'src: url("{font}")' in style) is ("/" in font)


@pytest.mark.parametrize("font", ["x; } body { display: none", 'x"></style>', "", "url(x)", "/x\\y", "a:b"])
def test_a_font_that_would_mean_more_is_refused(font: str) -> None:
    with pytest.raises(ValueError, match="families"):
        Appearance(font=font)


@pytest.mark.parametrize("color", ["red", "#fff;", "expression(1)"])
def test_a_colour_that_would_mean_more_is_refused(color: str) -> None:
    with pytest.raises(ValueError, match="colour"):
        Appearance(color=color)


def test_the_style_ends_no_style_element() -> None:
    assert "<" not in Appearance(font="/</style>.woff2").style


def test_nothing_is_loaded_unless_it_is_configured() -> None:
    assert Appearance().sources == Sources()
    assert Appearance(font="Inter").sources == Sources()


def test_each_resource_opens_the_policy_for_itself_alone() -> None:
    assert Appearance(logo="https://img.example.com:8443/a/logo.png").sources == Sources(
        images=("https://img.example.com:8443",)
    )
    assert Appearance(font="/own.woff2").sources == Sources(fonts=("'self'",))
    sheet = ("https://css.example.com",)
    assert Appearance(stylesheet="https://css.example.com/site.css").sources == Sources(
        images=sheet, styles=sheet, fonts=sheet
    )
    own = ("'self'",)
    assert Appearance(own_templates=True).sources == Sources(images=own, styles=own, fonts=own)

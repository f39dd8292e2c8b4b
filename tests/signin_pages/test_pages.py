from __future__ import annotations

import pytest

from chatsso_middleware.signin.appearance import Appearance
from chatsso_middleware.signin.embedding import Place
from chatsso_middleware.signin.languages import ENGLISH, Languages
from chatsso_middleware.signin.pages import Links, Pages, Surroundings
from chatsso_middleware.signin.templating import Templates

FACTS = {"heading": "A heading", "text": "A text", "way_on": None}


def pages(*, framed_by: tuple[str, ...] = (), appearance: Appearance | None = None) -> Pages:
    return Pages(
        appearance or Appearance(), Languages(("en", "de")), Templates(), Links(), framed_by=framed_by
    )


def surroundings(**changed: object) -> Surroundings:
    facts = {"base": "/chatsso/signin", "front": "/", "language": ENGLISH, **changed}
    return Surroundings(**facts)  # type: ignore[arg-type]


def test_a_chat_that_shows_its_login_page_in_a_frame_is_let() -> None:
    page = pages(framed_by=("https://chat.example.com",)).page("problem", surroundings(), FACTS)
    assert page.policy.endswith("frame-ancestors 'self' https://chat.example.com")


def test_a_page_with_a_code_is_for_its_frame_alone() -> None:
    around = surroundings(place=Place("frame", "https://app.example.com"))
    page = pages(framed_by=("https://chat.example.com",)).page("problem", around, FACTS)
    assert page.policy.endswith("frame-ancestors 'self' https://app.example.com")


def test_each_page_has_a_nonce_of_its_own() -> None:
    made = pages()
    policies = {made.page("problem", surroundings(), FACTS).policy for _ in range(10)}
    assert len(policies) == 10


def test_the_repr_of_a_page_has_nothing_of_its_content() -> None:
    assert "A text" not in repr(pages().page("problem", surroundings(), FACTS))


@pytest.mark.parametrize(
    ("changed", "below", "address"),
    [
        ({}, "", "/chatsso/signin"),
        ({"next": "/a?b=c&d"}, "", "/chatsso/signin?next=%2Fa%3Fb%3Dc%26d"),
        ({"language_asked": True}, "/logout", "/chatsso/signin/logout?lang=en"),
        (
            {"place": Place("frame", "https://a.example"), "next": "/"},
            "",
            "/chatsso/signin?next=%2F&origin=https%3A%2F%2Fa.example",
        ),
        ({"place": Place("webview")}, "", "/chatsso/signin?embed=webview"),
    ],
)
def test_an_address_keeps_its_surroundings(changed: dict[str, object], below: str, address: str) -> None:
    assert surroundings(**changed).address(below) == address


def test_a_logo_is_called_by_the_sites_title() -> None:
    page = pages(appearance=Appearance(title='Harvest "& Co', logo="/logo.svg")).page(
        "problem", surroundings(), FACTS
    )
    assert '<img src="/logo.svg" alt="Harvest &#34;&amp; Co">' in page.markup

"""What a click makes, read with joserfc, a library that shares nothing with the one that signs."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from joserfc import jwt as jose
from joserfc.jwk import OctKey

from chatsso_middleware.errors import Rejected
from chatsso_middleware.providers.base import Entrance
from chatsso_middleware.providers.publica_la import PublicaLa
from chatsso_middleware.secret import Secret
from chatsso_middleware.users import ChatUser

MakeStore = Callable[..., PublicaLa]

KEY = OctKey.import_key("a-key-of-forty-characters-for-these-tests")
BOB = ChatUser("bob@example.com")
ANN = ChatUser(
    "ann@example.com",
    username="ann",
    name="Ann B",
    avatar_url="https://site.test/ann.png?s=1&t=2",
    id="4711",
    extra={"accept_terms_and_policies": True, "role": "admin"},
)


def token_in(entrance: Entrance) -> str:
    ((name, token),) = parse_qsl(urlsplit(entrance.address).query)
    assert name == "external-auth-token"
    return token


def claims_in(entrance: Entrance) -> dict[str, Any]:
    read = jose.decode(token_in(entrance), KEY, algorithms=["HS256"])
    assert read.header == {"alg": "HS256", "typ": "JWT"}
    return read.claims


def test_the_token_says_exactly_what_is_documented(make_store: MakeStore, hand_clock: Any) -> None:
    store = make_store(exit_url="https://site.test/my-books?tab=1")
    claims = claims_in(store.entrance(ANN, "/reader/night-trains?page=2", remember=True))
    token_id = claims.pop("jti")
    assert uuid.UUID(token_id).version == 4
    assert token_id == str(uuid.UUID(token_id))
    assert claims == {
        "iss": "my-site",
        "aud": "farfalla",
        "sub": "user",
        "exp": hand_clock.now + 60,
        "user": {
            "uuid": "4711",
            "email": "ann@example.com",
            "picture_url": "https://site.test/ann.png?s=1&t=2",
            "accept_terms_and_policies": True,
        },
        "intended_url": "https://books.publica.la/reader/night-trains?page=2",
        "reader_exit_url": "https://site.test/my-books?tab=1",
    }
    assert type(claims["exp"]) is int


def test_what_the_site_does_not_know_is_left_out(make_store: MakeStore) -> None:
    claims = claims_in(make_store().entrance(BOB, "/", remember=False))
    assert set(claims) == {"iss", "aud", "sub", "jti", "exp", "user", "intended_url"}
    assert claims["user"] == {"uuid": "bob@example.com", "email": "bob@example.com"}


@pytest.mark.parametrize("user_id", [None, ""])
def test_a_user_without_an_id_is_known_by_his_address(make_store: MakeStore, user_id: str | None) -> None:
    user = ChatUser("Bob@Example.com", id=user_id)
    claims = claims_in(make_store().entrance(user, "/", remember=False))
    assert claims["user"]["uuid"] == "Bob@Example.com"


def test_an_id_of_digits_stays_text(make_store: MakeStore) -> None:
    claims = claims_in(make_store().entrance(ChatUser("bob@example.com", id="007"), "/", remember=False))
    assert claims["user"]["uuid"] == "007"


@pytest.mark.parametrize("consent", [True, False])
def test_consent_is_passed_on_as_it_was_given(make_store: MakeStore, consent: bool) -> None:
    user = ChatUser("bob@example.com", extra={"accept_terms_and_policies": consent})
    claims = claims_in(make_store().entrance(user, "/", remember=False))
    assert claims["user"]["accept_terms_and_policies"] is consent


@pytest.mark.parametrize("unclear", ["yes", "false", 1, 0, None, [True]])
def test_consent_is_not_guessed(make_store: MakeStore, unclear: object) -> None:
    user = ChatUser("bob@example.com", extra={"accept_terms_and_policies": unclear})
    claims = claims_in(make_store().entrance(user, "/", remember=False))
    assert "accept_terms_and_policies" not in claims["user"]


@pytest.mark.parametrize(
    "picture", ["", "/ann.png", "//site.test/ann.png", "data:image/png;base64,AA==", "x"]
)
def test_a_picture_without_a_whole_address_is_left_out(make_store: MakeStore, picture: str) -> None:
    user = ChatUser("bob@example.com", avatar_url=picture)
    assert "picture_url" not in claims_in(make_store().entrance(user, "/", remember=False))["user"]


def test_every_click_has_a_token_of_its_own(make_store: MakeStore) -> None:
    store = make_store()
    ids = {claims_in(store.entrance(ANN, "/", remember=False))["jti"] for _ in range(50)}
    assert len(ids) == 50


def test_a_token_lives_as_long_as_is_set(make_store: MakeStore, hand_clock: Any) -> None:
    store = make_store(expires=timedelta(hours=1))
    hand_clock.now = 2000.9
    exp = claims_in(store.entrance(ANN, "/", remember=False))["exp"]
    assert exp == 5600
    assert exp - hand_clock.now <= 3600, "the most that the store takes"


def test_by_get_the_token_stands_in_the_query_alone(make_store: MakeStore) -> None:
    entrance = make_store().entrance(ANN, "/", remember=False)
    parts = urlsplit(entrance.address)
    assert (parts.scheme, parts.netloc, parts.path, parts.fragment) == (
        "https",
        "books.publica.la",
        "/auth/token",
        "",
    )
    assert entrance.fields == ()


def test_by_post_it_stands_in_the_query_as_documented_and_in_a_field_too(make_store: MakeStore) -> None:
    entrance = make_store(method="POST").entrance(ANN, "/", remember=False)
    assert urlsplit(entrance.address).path == "/auth/token"
    assert entrance.fields == (("external-auth-token", token_in(entrance)),)
    assert claims_in(entrance)["user"]["uuid"] == "4711"


def test_a_store_below_a_path_is_entered_below_it(make_store: MakeStore) -> None:
    entrance = make_store(url="https://example.com/books").entrance(ANN, "/books/x", remember=False)
    assert entrance.address.startswith("https://example.com/books/auth/token?")
    assert claims_in(entrance)["intended_url"] == "https://example.com/books/x"


def test_letters_beyond_ascii_lead_where_a_browser_would_go(make_store: MakeStore) -> None:
    entrance = make_store().entrance(ANN, "/a\u00e7\u00e3o?q=\u00e9#\u00fc", remember=False)
    assert claims_in(entrance)["intended_url"] == "https://books.publica.la/a%C3%A7%C3%A3o?q=%C3%A9#%C3%BC"


def test_neither_key_nor_token_is_shown(make_store: MakeStore, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    store = make_store(method="POST")
    entrance = store.entrance(ANN, "/", remember=False)
    shown = f"{entrance!r} {store!r} {store.options!r} {caplog.text}"
    assert token_in(entrance) not in shown
    assert "a-key-of-forty" not in shown


def test_no_session_is_opened_before_somebody_clicks(make_store: MakeStore) -> None:
    store = make_store()
    assert not store.opens_at_login(None)
    with pytest.raises(Rejected):
        store.open_session(ANN)


def test_a_short_key_is_said_once_and_works(make_store: MakeStore, caplog: pytest.LogCaptureFixture) -> None:
    store = make_store(key=Secret("sixteen-octets!!"))
    for _ in range(3):
        store.entrance(ANN, "/", remember=False)
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "less than 32 octets" in record.getMessage()
    assert "sixteen" not in record.getMessage()


def test_a_long_key_is_not_spoken_of(make_store: MakeStore, caplog: pytest.LogCaptureFixture) -> None:
    make_store()
    assert caplog.records == []

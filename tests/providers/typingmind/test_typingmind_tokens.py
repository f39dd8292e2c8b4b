"""What a token says, read with joserfc, a library that shares nothing with the one that signs."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jwt as jose
from joserfc.jwk import OctKey

from chatsso_middleware.providers.typingmind import TypingMind
from chatsso_middleware.secret import Secret
from chatsso_middleware.sessions import ChatSession
from chatsso_middleware.users import ChatUser

MakeInstance = Callable[..., TypingMind]

KEY = "the-secret-of-one-instance-for-these-tests"
ANN = ChatUser("ann@example.com", username="ann", name="Ann B", avatar_url="https://site.test/a.png", id="42")
WEEK = 7 * 24 * 3600


def claims_of(session: ChatSession, key: str = KEY) -> dict[str, Any]:
    read = jose.decode(session.token, OctKey.import_key(key), algorithms=["HS256"])
    assert read.header == {"alg": "HS256", "typ": "JWT"}
    return read.claims


def test_the_form_user_says_exactly_the_documented_claims(
    make_instance: MakeInstance, hand_clock: Any
) -> None:
    session = make_instance().open_session(ANN)
    end = int(hand_clock.now) + WEEK
    assert claims_of(session) == {"user": {"id": "42", "email": "ann@example.com"}, "exp": end}
    assert session.expires_at == end


def test_the_form_email_says_the_address_and_nothing_else(
    make_instance: MakeInstance, hand_clock: Any
) -> None:
    user = ChatUser("ann@example.com", id="42", extra={"plan": "pro"})
    session = make_instance(form="email").open_session(user)
    assert claims_of(session) == {"email": "ann@example.com", "exp": int(hand_clock.now) + WEEK}


@pytest.mark.parametrize("without", [None, ""])
def test_a_user_without_an_id_has_his_address_for_one(
    without: str | None, make_instance: MakeInstance
) -> None:
    claims = claims_of(make_instance().open_session(ChatUser("Ann@example.com", id=without)))
    assert claims["user"] == {"id": "Ann@example.com", "email": "Ann@example.com"}


def test_extra_fields_travel_as_json_and_cannot_say_who_somebody_is(make_instance: MakeInstance) -> None:
    extra = {
        "plan": "pro",
        "seats": 3,
        "tags": ["a", "b"],
        "more": {"é": None, "on": True},
        "id": "somebody else",
        "email": "boss@example.com",
        "avatar_url": "https://site.test/own.png",
    }
    claims = claims_of(make_instance().open_session(ChatUser("ann@example.com", id="42", extra=extra)))
    assert claims["user"] == {**extra, "id": "42", "email": "ann@example.com"}
    assert list(claims["user"])[:2] == ["id", "email"]


def test_what_json_cannot_hold_is_left_out_and_told(
    make_instance: MakeInstance, caplog: pytest.LogCaptureFixture
) -> None:
    nested: list[object] = []
    nested.append(nested)
    extra: dict[Any, Any] = {
        "plan": "pro",
        "when": timedelta(1),
        "odd": float("nan"),
        "loop": nested,
        7: "seven",
    }
    claims = claims_of(make_instance().open_session(ChatUser("ann@example.com", id="42", extra=extra)))
    assert claims["user"] == {"id": "42", "email": "ann@example.com", "plan": "pro"}
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "4 of the values" in record.getMessage()


def test_an_extra_that_is_too_long_for_a_link_is_left_out(
    make_instance: MakeInstance, caplog: pytest.LogCaptureFixture
) -> None:
    user = ChatUser("ann@example.com", id="42", extra={"note": "x" * 4000})
    session = make_instance().open_session(user)
    assert claims_of(session)["user"] == {"id": "42", "email": "ann@example.com"}
    assert "too long for a link" in caplog.text
    fits = ChatUser("ann@example.com", id="42", extra={"note": "x" * 1000})
    assert claims_of(make_instance().open_session(fits))["user"]["note"] == "x" * 1000


def test_a_token_is_kept_back_in_the_last_quarter_of_its_life(make_instance: MakeInstance) -> None:
    assert make_instance().token_margin == timedelta(hours=42)
    assert make_instance(expires=timedelta(minutes=1)).token_margin == timedelta(seconds=15)


def test_a_token_of_a_minute_lives_a_minute(make_instance: MakeInstance, hand_clock: Any) -> None:
    hand_clock.now = 1000.75
    session = make_instance(expires=timedelta(minutes=1)).open_session(ANN)
    assert claims_of(session)["exp"] == session.expires_at == 1060


def test_a_short_secret_of_the_vendors_signs_and_is_told_of_once(
    make_instance: MakeInstance, caplog: pytest.LogCaptureFixture
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        instance = make_instance(secret=Secret("sixteen octets.."))
        sessions = [instance.open_session(ANN) for _ in range(3)]
    assert claims_of(sessions[0], "sixteen octets..")["user"]["id"] == "42"
    (record,) = caplog.records
    assert (record.levelno, "less than 32 octets" in record.getMessage()) == (logging.WARNING, True)
    assert "sixteen" not in caplog.text


def test_tokens_from_before_a_change_of_the_settings_are_kept_apart(make_instance: MakeInstance) -> None:
    realms = {
        make_instance(**changed).realm
        for changed in (
            {},
            {"form": "email"},
            {"expires": timedelta(days=1)},
            {"secret": Secret(KEY[::-1])},
            {"url": "https://other.example.com"},
        )
    }
    assert len(realms) == 5
    assert make_instance().realm == make_instance(widget="off").realm
    assert not any(KEY in realm for realm in realms)


def test_a_link_gains_the_documented_parameter(make_instance: MakeInstance) -> None:
    instance = make_instance()
    assert instance.link_parameters(ChatSession("T", 0.0), remember=True) == (("externalAuthCode", "T"),)
    assert instance.link_parameter_names == {"externalAuthCode"}
    assert instance.has_tags is False
    assert instance.login_tag_url(ChatSession("T", 0.0), remember=False) is None

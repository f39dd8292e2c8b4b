"""Checks, limits and call together, in that order."""

from __future__ import annotations

import logging
import statistics
import time
from typing import Any

import pytest

from chatsso_middleware.errors import Unavailable
from chatsso_middleware.sandbox.directory import RunningSandbox
from chatsso_middleware.signin import Accepted, Down, Limited, Refused
from chatsso_middleware.users import ChatUser
from tests.signin.conftest import MakeSignIn
from tests.signin.written import attempt, said

CANARY = "canary-5e5ame"


def test_what_is_wrong_at_first_sight_costs_neither_a_call_nor_an_attempt(
    make: MakeSignIn, sandbox: RunningSandbox, settings: dict[str, Any]
) -> None:
    sign_in = make(
        {**settings, "check.login": "[a-z]+", "check.login.message": "Letters.", "limit_ip": "1 per hour"}
    )
    for _ in range(5):
        assert attempt(sign_in, "ann1") == Refused("Letters.", "check.login", "input", "login")
        assert attempt(sign_in, "") == Refused(None, "missing", "input", "login")
    assert len(sandbox.calls) == 0
    assert isinstance(attempt(sign_in), Accepted)


def test_a_hundred_wrong_passwords_from_rotating_addresses_are_throttled_and_others_get_in(
    make: MakeSignIn, sandbox: RunningSandbox, settings: dict[str, Any]
) -> None:
    sandbox.people.add("bob", "open", id="u-2")
    sign_in = make({**settings, "limit_account": "10 per minute"})
    outcomes = [
        attempt(sign_in, password=f"guess{number}", via=f"198.51.100.{number}") for number in range(100)
    ]
    assert sum(isinstance(outcome, Refused) for outcome in outcomes) == 10
    assert all(isinstance(outcome, Limited) and outcome.by == "account" for outcome in outcomes[10:])
    assert len(sandbox.calls) == 10
    limited = outcomes[-1]
    assert isinstance(limited, Limited)
    assert 0 < limited.retry_after <= 60
    assert isinstance(attempt(sign_in), Limited)  # the right password does not open it either
    assert isinstance(attempt(sign_in, "bob", "open"), Accepted)


def test_a_header_from_a_stranger_does_not_give_him_another_address(
    make: MakeSignIn, sandbox: RunningSandbox, settings: dict[str, Any]
) -> None:
    sign_in = make({**settings, "limit_ip": "5 per minute", "trusted_proxies": "10.0.0.1"})
    outcomes = [attempt(sign_in, f"user{number}", via=f"198.51.100.{number}") for number in range(20)]
    assert [isinstance(outcome, Limited) for outcome in outcomes] == [False] * 5 + [True] * 15
    behind = [attempt(sign_in, via=f"198.51.100.{number}", remote="10.0.0.1") for number in range(20)]
    assert all(isinstance(outcome, Accepted) for outcome in behind)


def test_a_success_forgets_the_attempts_at_the_account_alone(
    make: MakeSignIn, sandbox: RunningSandbox, settings: dict[str, Any]
) -> None:
    sandbox.people.add("bob", "open", id="u-2")
    sign_in = make({**settings, "limit_account": "3 per minute", "limit_ip": "7 per minute"})
    for _ in range(2):
        assert isinstance(attempt(sign_in, password="wrong"), Refused)
        assert isinstance(attempt(sign_in, "bob", "wrong"), Refused)
    assert isinstance(attempt(sign_in), Accepted)
    assert isinstance(attempt(sign_in, "bob", "wrong"), Refused)
    assert attempt(sign_in, "bob", "open") == Limited(60, "account")
    assert attempt(sign_in) == Limited(60, "address")


def test_known_and_unknown_names_are_answered_alike_and_as_fast(
    make: MakeSignIn, sandbox: RunningSandbox, settings: dict[str, Any]
) -> None:
    sign_in = make(settings)
    seconds: dict[str, list[float]] = {"ann": [], "nobody": []}
    outcomes = set()
    for _ in range(100):
        for login, taken in seconds.items():
            started = time.perf_counter()
            outcomes.add(attempt(sign_in, login, "wrong"))
            taken.append(time.perf_counter() - started)
    assert outcomes == {Refused(None, "INVALID_CREDENTIALS", "credentials")}
    assert len(sandbox.calls) == 200
    # Whoever were refused without a call would be answered a hundred times as fast.
    known, unknown = (statistics.median(taken) for taken in seconds.values())
    assert 0.2 < known / unknown < 5


def test_the_login_loses_the_white_space_around_it_and_the_password_does_not(
    make: MakeSignIn, sandbox: RunningSandbox, settings: dict[str, Any]
) -> None:
    sandbox.people.add("bob", " open ", id="u-2")
    sign_in = make(settings)
    assert isinstance(attempt(sign_in, " bob\u00a0", " open "), Accepted)
    assert isinstance(attempt(sign_in, "bob", "open"), Refused)


ANN = ChatUser("ann@example.com", id="u-1")


def test_the_owners_own_code_takes_the_place_of_the_external_system(make: MakeSignIn) -> None:
    asked = []

    def verify(fields: Any) -> object:
        asked.append(dict(fields))
        known: dict[str, object] = {
            "ann": ANN,
            "locked": Refused(code="LOCKED", reason="other"),
            "late": Refused("Pay first.", "LOCKED", "other"),
            "closed": Down(retry_after=9),
            "shut": Down("Shut."),
        }
        return known.get(fields["login"])

    sign_in = make({"verify": verify, "message.LOCKED": "Locked.", "message.unavailable": "Later."})
    assert attempt(sign_in) == Accepted(ANN)
    assert asked == [{"login": "ann", "password": "sesame"}]
    assert attempt(sign_in, "nobody") == Refused(None, "401", "credentials")
    assert attempt(sign_in, "locked") == Refused("Locked.", "LOCKED", "other")
    assert attempt(sign_in, "late") == Refused("Pay first.", "LOCKED", "other")
    assert attempt(sign_in, "closed") == Down("Later.", 9)
    assert attempt(sign_in, "shut") == Down("Shut.")
    assert attempt(sign_in, "") == Refused(None, "missing", "input", "login")


def test_own_code_that_fails_is_down_and_its_text_stays_out_of_the_log(
    make: MakeSignIn, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    def verify(fields: Any) -> object:
        if fields["login"] == "away":
            raise Unavailable("LDAP", "cannot be reached", retry_after=3.2)
        if fields["login"] == "strange":
            return {"id": 7}
        raise RuntimeError(f"bad password {fields['password']}")

    sign_in = make({"verify": verify})
    assert attempt(sign_in, password=CANARY) == Down()
    assert attempt(sign_in, "away") == Down(None, 3)
    assert attempt(sign_in, "strange") == Down()
    first, second, third = said(caplog)
    assert first.startswith(f"signin.verify failed: RuntimeError ({__file__}, line ")
    assert second == "signin.verify: LDAP: cannot be reached"
    assert third == "signin.verify gave a dict; a ChatUser or None is expected"
    assert CANARY not in caplog.text

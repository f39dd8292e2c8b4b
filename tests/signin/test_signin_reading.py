"""What an answer means."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from chatsso_middleware.sandbox.directory import SETTINGS, RunningSandbox
from chatsso_middleware.signin import Accepted, Down, Outcome, Refused
from tests.signin.conftest import MakeSignIn
from tests.signin.written import attempt, said


@pytest.fixture
def outcome_of(make: MakeSignIn, httpserver: HTTPServer, scripted: dict[str, Any]) -> Any:
    """The outcome of an attempt that is answered with `body` and `status`, by an owner's further settings."""

    def outcome_of(body: Any, status: int = 200, **more: str) -> Outcome:
        text = body if isinstance(body, str) else json.dumps(body)
        httpserver.clear_all_handlers()
        httpserver.expect_request("/login").respond_with_response(Response(text, status))
        written = {name.replace("__", "."): value for name, value in more.items()}
        return attempt(make({**scripted, "error_code": "code", **written}))

    return outcome_of


def user(**members: Any) -> dict[str, Any]:
    return {"user": {"id": "u-1", "email": "ann@example.com", **members}}


@pytest.mark.parametrize(
    ("identifier", "found"), [("u-1", "u-1"), (17, "17"), ("017", "017"), (" a b ", " a b ")]
)
def test_an_identifier_is_text_or_a_whole_number_in_its_digits(
    outcome_of: Any, identifier: Any, found: str
) -> None:
    outcome = outcome_of(user(id=identifier))
    assert isinstance(outcome, Accepted)
    assert outcome.user.id == found


@pytest.mark.parametrize(
    ("identifier", "kind"),
    [
        (None, "nothing"),
        ("", "empty text"),
        ("  ", "empty text"),
        (True, "true or false"),
        (1.5, "a number"),
        (["u-1"], "a list"),
        ({"value": "u-1"}, "an object"),
        ("u\n1", "text"),
        ("u" * 1001, "text"),
    ],
)
def test_an_answer_without_an_identifier_lets_nobody_in_and_the_log_says_what_came(
    outcome_of: Any, identifier: Any, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert outcome_of(user(id=identifier), message__unavailable="It is us.") == Down("It is us.")
    assert f"gave {kind} instead of an identifier at signin.user.id = user.id" in caplog.text


@pytest.mark.parametrize(
    ("email", "words"),
    [
        (None, "gave nothing instead of an address at signin.user.email = user.email"),
        (["ann@example.com"], "gave a list instead of an address"),
        ("nobody", "email: an email address has an @"),
        ("ann @example.com", "email: white space stands in the email address"),
    ],
)
def test_an_answer_without_an_address_lets_nobody_in(
    outcome_of: Any, email: Any, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert outcome_of(user(email=email)) == Down()
    assert words in caplog.text


def test_further_facts_are_taken_where_they_are_text_and_left_out_where_not(
    outcome_of: Any, caplog: pytest.LogCaptureFixture
) -> None:
    facts = {"user__username": "user.nick", "user__name": "user.name", "user__avatar_url": "user.picture"}
    full = outcome_of(user(nick=7, name="Ann", picture="https://example.com/ann.png"), **facts)
    assert isinstance(full, Accepted)
    assert (full.user.username, full.user.name) == ("7", "Ann")
    assert full.user.avatar_url == "https://example.com/ann.png"
    assert said(caplog) == []
    partly = outcome_of(user(nick="", name={"first": "Ann"}), **facts)
    assert isinstance(partly, Accepted)
    assert (partly.user.username, partly.user.name, partly.user.avatar_url) == (None, None, None)
    assert said(caplog) == ["signin: signin.user.name found an object, which is left out"]


@pytest.mark.parametrize(
    ("success", "status", "answer", "accepted"),
    [
        ("200", 200, {}, True),
        ("200", 201, {}, False),
        ("201", 200, {}, False),
        ("2xx", 202, {}, True),
        ("status == 'ok'", 200, {"status": "ok"}, True),
        ("status == 'ok'", 201, {"status": "ok"}, True),
        ("status == 'ok'", 200, {"status": "no"}, False),
        ("status == 'ok'", 200, {}, False),
        ("status == 'ok'", 403, {"status": "ok"}, False),
        ("200 and ok", 200, {"ok": True}, True),
        ("200 and ok", 200, {"ok": False}, False),
        ("200 and ok", 200, {}, False),
        ("404 and ok", 404, {"ok": True}, True),
    ],
)
def test_success_is_what_the_owner_says(
    outcome_of: Any, success: str, status: int, answer: dict[str, Any], accepted: bool
) -> None:
    outcome = outcome_of({**user(), **answer}, status, success=success)
    assert isinstance(outcome, Accepted if accepted else Refused)


def test_an_expression_that_is_neither_true_nor_false_is_the_owners_to_mend(
    outcome_of: Any, caplog: pytest.LogCaptureFixture
) -> None:
    assert outcome_of({**user(), "token": "t"}, success="token") == Down()
    assert "signin.success found text, which is neither true nor false" in caplog.text


@pytest.mark.parametrize("key", ["success", "user__id", "error_code"])
def test_an_expression_that_cannot_be_evaluated_is_the_owners_to_mend(
    outcome_of: Any, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    status = 401 if key == "error_code" else 200
    assert outcome_of({**user(), "n": 7}, status, **{key: "length(n)"}) == Down()
    assert f"what signin.{key.replace('__', '.')} cannot be evaluated on (JMESPathTypeError)" in caplog.text


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_wrong_password_and_an_unknown_user_are_told_the_same(outcome_of: Any, status: int) -> None:
    refused = outcome_of({"message": "unknown user ann"}, status)
    assert refused == Refused(None, str(status), "credentials")


@pytest.mark.parametrize("status", [402, 409, 410, 423, 451])
def test_other_refusals_are_not_called_a_wrong_password(outcome_of: Any, status: int) -> None:
    assert outcome_of({}, status) == Refused(None, str(status), "other")


@pytest.mark.parametrize("body", ["", "<html>Unauthorized</html>", "no", "[]"])
def test_a_401_says_enough_whatever_its_body(outcome_of: Any, body: str) -> None:
    assert outcome_of(body, 401) == Refused(None, "401", "credentials")


def test_an_empty_403_is_a_refusal(outcome_of: Any) -> None:
    assert outcome_of("", 403) == Refused(None, "403", "credentials")


def test_the_code_in_the_body_wins_over_the_status(outcome_of: Any) -> None:
    told = {"message__LOCKED": "Your account is locked.", "message__403": "Not you."}
    assert outcome_of({"code": "LOCKED"}, 403, **told) == Refused(
        "Your account is locked.", "LOCKED", "other"
    )
    assert outcome_of({"code": "STRANGE"}, 403, **told) == Refused("Not you.", "403", "credentials")
    assert outcome_of({}, 403, **told) == Refused("Not you.", "403", "credentials")


def test_a_code_may_be_a_number(outcome_of: Any) -> None:
    assert outcome_of({"code": 17}, 401, message__17="Expired.") == Refused("Expired.", "17", "other")


def test_an_unknown_code_gets_the_general_text_and_a_line_for_the_owner(
    outcome_of: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    assert outcome_of({"code": "NEW case of Ann"}, 401) == Refused(None, "NEW case of Ann", "credentials")
    line = "signin: refused with the code NEW case of ... (status 401), for which there is no message"
    assert said(caplog) == [line]


@pytest.mark.parametrize("code", ["NEW\r\nfake line", ["LOCKED"], {}, "", "x" * 1001, True])
def test_what_is_no_code_counts_as_none(outcome_of: Any, code: Any) -> None:
    assert outcome_of({"code": code}, 401) == Refused(None, "401", "credentials")


@pytest.mark.parametrize(
    ("status", "reason"), [(402, "other"), (405, "other"), (418, "other"), (403, "credentials")]
)
def test_a_message_for_a_status_makes_it_a_refusal_whatever_the_body(
    outcome_of: Any, status: int, reason: Any
) -> None:
    refused = outcome_of("<html></html>", status, **{f"message__{status}": "No."})
    assert refused == Refused("No.", str(status), reason)


def test_systems_that_answer_200_to_everything_are_understood(outcome_of: Any) -> None:
    told = {"message__LOCKED": "Locked."}
    assert outcome_of({"code": "LOCKED"}, **told) == Refused("Locked.", "LOCKED", "other")
    assert outcome_of({"code": "OTHER"}, **told) == Refused(None, "OTHER", "other")
    by_success = {**told, "success": "status == 'ok'"}
    assert outcome_of({"status": "no"}, **by_success) == Refused(None, "200", "credentials")
    assert outcome_of({"status": "no", "code": "LOCKED"}, **by_success) == Refused(
        "Locked.", "LOCKED", "other"
    )
    assert outcome_of({"status": "no", "code": "OTHER"}, **by_success) == Refused(None, "OTHER", "other")


def test_a_code_beside_an_identifier_is_no_refusal(outcome_of: Any) -> None:
    assert isinstance(outcome_of({**user(), "code": 0}), Accepted)


@pytest.mark.parametrize(("state", "code"), [("locked", "LOCKED"), ("expired", "EXPIRED")])
@pytest.mark.parametrize("shape", ["plain", "nested"])
def test_states_of_an_account_in_the_sandbox_have_their_codes(
    make: MakeSignIn, sandbox: RunningSandbox, settings: dict[str, Any], state: Any, code: str, shape: Any
) -> None:
    sandbox.directory.shape = shape
    written = {key.removeprefix("signin."): value for key, value in SETTINGS[sandbox.directory.shape].items()}
    sandbox.people.change("ann", state=state)
    sign_in = make({"url": settings["url"], **written, f"message.{code}": "Ask the desk."})
    assert attempt(sign_in) == Refused("Ask the desk.", code, "other")
    assert isinstance(attempt(sign_in, password="wrong"), Refused)
    assert attempt(sign_in, password="wrong") == attempt(sign_in, login="nobody")

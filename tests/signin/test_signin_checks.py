from __future__ import annotations

from collections.abc import Mapping

import pytest

from chatsso_middleware.converters import Unusable
from chatsso_middleware.signin import Refused
from chatsso_middleware.signin.checks import LONGEST, first_problem, make_checks, patterns
from chatsso_middleware.signin.form import Form

CHECKED = {"of_login": "login", "of_password": "password"}
TWO_CHECKS = ".{4,}\n.*[0-9].*"
COMPANY = r"[^@\s]+@example\.com"


def problem(
    login: str, password: str = "sesame", *, told: Mapping[str, str] | None = None, **checks: str
) -> Refused | None:
    """What is wrong with these fields; `checks` and `told` are written as in an ini."""
    by_field = {CHECKED[name]: patterns(text) for name, text in checks.items()}
    messages = {field: text.split("\n") for field, text in (told or {}).items()}
    form = Form.of({"login": login, "password": password})
    return first_problem(form, make_checks(by_field, messages))


def test_what_matches_every_check_is_fine() -> None:
    assert problem("ann@example.com", of_login=COMPANY, of_password=".{4,}") is None
    assert problem("  ann@example.com ", of_login=COMPANY) is None


@pytest.mark.parametrize(
    "login", ["ann@example.com.evil.test", "x ann@example.com", "ann@EXAMPLE.com", "ann"]
)
def test_a_check_is_for_the_whole_value(login: str) -> None:
    refused = problem(login, of_login=COMPANY, told={"login": "Use your company's address."})
    assert refused == Refused("Use your company's address.", "check.login", "input", "login")


def test_each_check_has_its_own_message() -> None:
    told = {"password": "Four at least.\nA digit is missing."}
    for password, message in (("abc", "Four at least."), ("abcd", "A digit is missing.")):
        refused = problem("ann", password, of_password=TWO_CHECKS, told=told)
        assert refused == Refused(message, "check.password", "input", "password")
    assert problem("ann", "abc4", of_password=TWO_CHECKS, told=told) is None


def test_one_message_may_stand_for_all_checks_of_a_field() -> None:
    told = {"password": "Four at least, with a digit."}
    for password in ("abc", "abcd"):
        refused = problem("ann", password, of_password=TWO_CHECKS, told=told)
        assert refused is not None
        assert refused.message == "Four at least, with a digit."


def test_a_check_without_a_message_leaves_the_words_to_the_page() -> None:
    assert problem("bob", of_login=COMPANY) == Refused(None, "check.login", "input", "login")


@pytest.mark.parametrize(
    ("login", "password", "field", "code"),
    [
        ("", "sesame", "login", "missing"),
        ("   ", "sesame", "login", "missing"),
        ("ann", "", "password", "missing"),
        ("a" * (LONGEST + 1), "sesame", "login", "too_long"),
        ("ann", "a" * (LONGEST + 1), "password", "too_long"),
        ("ann\r\nX-Evil: 1", "sesame", "login", "unreadable"),
        ("ann\x00", "sesame", "login", "unreadable"),
        ("ann\x7fb", "sesame", "login", "unreadable"),
        ("\ud800", "sesame", "login", "unreadable"),
        ("ann", "\ud800", "password", "unreadable"),
    ],
)
def test_what_no_account_can_have_is_not_worth_a_call(
    login: str, password: str, field: str, code: str
) -> None:
    refused = problem(login, password)
    assert refused is not None
    assert (refused.field, refused.code, refused.reason) == (field, code, "input")


def test_a_password_may_hold_any_character_and_keeps_its_spaces() -> None:
    assert problem("ann", " \t tab and line\n ", of_password=r"\s.*\s") is not None
    assert problem("ann", " \t tab ", of_password=r"\s.*\s") is None


def test_fields_that_are_missing_count_as_empty() -> None:
    refused = first_problem(Form.of({}), ())
    assert refused is not None
    assert refused.field == "login"


def test_what_is_no_regular_expression_is_refused_with_its_line() -> None:
    with pytest.raises(Unusable, match="Line 2 is no regular expression"):
        patterns("a+\n(b")

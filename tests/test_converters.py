from __future__ import annotations

import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatsso_middleware.converters import (
    PlainAddress,
    Unusable,
    boolean,
    chat_url,
    choice,
    duration,
    lines,
    named_callable,
    nearest,
    number,
    seconds,
    secret_lines,
    secret_text,
    text,
    web_address,
    words,
)
from chatsso_middleware.errors import ChatSSOError
from chatsso_middleware.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CANARY = "canary-7b1f-do-not-show"

EVERY_CONVERTER = [
    text,
    boolean,
    choice("POST", "GET"),
    number(least=0, most=1),
    seconds(most=10, or_none=True),
    duration,
    words,
    lines,
    secret_text,
    secret_lines,
    named_callable,
    web_address,
    chat_url,
]


def value_or_error(convert: Callable[[Any], Any], value: object) -> object:
    try:
        return convert(value)
    except Unusable as error:
        return error


def refusal(convert: Callable[[Any], Any], value: object) -> Unusable:
    with pytest.raises(Unusable) as caught:
        convert(value)
    return caught.value


def test_unusable_is_an_error_of_this_package_with_two_sentences() -> None:
    error = Unusable("It is wrong.", "Write it right.", place="the file x")
    assert isinstance(error, ChatSSOError)
    assert (error.reason, error.mend, error.place) == ("It is wrong.", "Write it right.", "the file x")
    assert str(error) == "It is wrong. Write it right."


@pytest.mark.parametrize("convert", EVERY_CONVERTER)
@pytest.mark.parametrize(
    "value", [None, 1.5j, b"bytes", {}, set(), float("nan"), [None], [b"x"], "", "  \n ", []]
)
def test_a_value_of_no_use_is_refused_in_whole_sentences(
    convert: Callable[[Any], Any], value: object
) -> None:
    error = refusal(convert, value)
    assert error.reason.endswith(".")
    assert error.mend.endswith(".")


@pytest.mark.parametrize("convert", EVERY_CONVERTER)
@settings(deadline=None)  # a busy machine is no failure
@given(
    value=st.one_of(
        st.text(),
        st.text("019.-:/ \nadehmnorsuy"),
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.binary(),
        st.timedeltas(),
        st.lists(st.one_of(st.text(), st.integers())),
        st.from_regex(r"https?://[ -~]{0,20}"),
    )
)
def test_any_value_is_converted_or_found_unusable(convert: Callable[[Any], Any], value: object) -> None:
    outcome = value_or_error(convert, value)
    assert not isinstance(outcome, Unusable) or (outcome.reason and outcome.mend)


TAKES_ANY_LINE = (text, words, lines, secret_text, secret_lines)


@pytest.mark.parametrize("convert", [convert for convert in EVERY_CONVERTER if convert not in TAKES_ANY_LINE])
@pytest.mark.parametrize(
    "value",
    [
        f"{CANARY}\x00",
        f"'{CANARY}'",
        f"https://{CANARY}@x",
        f"https://x?{CANARY}",
        f"{CANARY} seconds",
        [f"{CANARY}\n\x07"],
    ],
)
def test_what_was_written_is_not_in_the_error(convert: Callable[[Any], Any], value: object) -> None:
    assert CANARY not in str(refusal(convert, value))


@pytest.mark.parametrize("convert", TAKES_ANY_LINE)
def test_a_line_that_cannot_be_used_is_not_in_the_error(convert: Callable[[Any], Any]) -> None:
    assert CANARY not in str(refusal(convert, [f"{CANARY},{CANARY}\x00"]))


def test_text_loses_the_white_space_around_it_alone() -> None:
    assert text("  a  b\n") == "a  b"


@pytest.mark.parametrize("value", ["a\nb", "a\x00", "a\x07b", "a\u200bb", "a\u202eb", "\ufeffa", "a\ud800"])
def test_text_of_several_lines_or_with_what_cannot_be_seen_is_refused(value: str) -> None:
    refusal(text, value)


@pytest.mark.parametrize("word", ["yes", "true", "on", "1", "YES", " True ", True])
def test_yes(word: object) -> None:
    assert boolean(word) is True


@pytest.mark.parametrize("word", ["no", "false", "off", "0", "No", "FALSE", False])
def test_no(word: object) -> None:
    assert boolean(word) is False


@pytest.mark.parametrize("word", ["y", "n", "t", "f", "none", "2", "01", "enabled", "yes no", 1, 0])
def test_nothing_else_is_a_boolean(word: object) -> None:
    assert "Write one of yes, no" in refusal(boolean, word).mend


def test_a_choice_is_given_back_as_it_is_documented() -> None:
    assert choice("POST", "GET")(" post ") == "POST"


def test_a_wrong_choice_is_told_the_choices_and_the_nearest() -> None:
    error = refusal(choice("direct", "gateway"), "gatway")
    assert error.mend == "Write direct or gateway; the nearest is gateway."


def test_there_is_a_nearest_name_however_far_it_is() -> None:
    assert nearest("ROCKETCAT", ["website_toolbox", "rocketchat"]) == "rocketchat"
    assert nearest("xyz", ["abc"]) == "abc"
    assert nearest("xyz", []) is None


@pytest.mark.parametrize(
    ("value", "expected"), [("0.5", 0.5), (" 1 ", 1), ("-0", 0), ("+1.0", 1), (1, 1), (0.25, 0.25)]
)
def test_a_number(value: object, expected: float) -> None:
    assert number(least=0, most=1)(value) == expected


def test_the_bounds_of_a_number_are_allowed_themselves() -> None:
    assert [number(least=2, most=3)(value) for value in (2, 3)] == [2, 3]
    assert refusal(number(least=2, most=3), "3.01").mend == "Write one from 2 to 3."


@pytest.mark.parametrize(
    "value", ["0,5", "1e3", "1_000", "nan", "inf", "٣", "0x1", ".", "1 2", True, float("inf"), 10**400]
)
def test_what_is_no_plain_finite_number_is_refused(value: object) -> None:
    refusal(number(), value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("60 seconds", timedelta(seconds=60)),
        ("1 second", timedelta(seconds=1)),
        ("55 minutes", timedelta(minutes=55)),
        ("1.5 Hours", timedelta(minutes=90)),
        ("7 days", timedelta(days=7)),
        ("2weeks", timedelta(days=14)),
        (timedelta(hours=1), timedelta(hours=1)),
    ],
)
def test_a_duration_is_read_as_people_write_it(value: object, expected: timedelta) -> None:
    assert duration(value) == expected


@pytest.mark.parametrize(
    "value",
    ["60", 60, "60 s", "-1 days", "0 seconds", "1 fortnight", "days", timedelta(0), "999999999 weeks"],
)
def test_what_is_no_duration_is_refused(value: object) -> None:
    refusal(duration, value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("0.3", 0.3), (0, 0), ("0 seconds", 0), ("2 seconds", 2), (timedelta(seconds=1.5), 1.5), ("10", 10)],
)
def test_seconds_are_plain_numbers_or_durations(value: object, expected: float) -> None:
    assert seconds(most=10, or_none=True)(value) == expected


@pytest.mark.parametrize("value", ["10.1", "1 minute", -0.1, timedelta(seconds=-1), "999999999 weeks"])
def test_seconds_have_bounds(value: object) -> None:
    refusal(seconds(most=10, or_none=True), value)


def test_no_time_at_all_is_a_time_only_where_it_may_be_none() -> None:
    assert refusal(seconds(most=120, or_none=False), "0").mend.endswith("more than 0 and at most 120.")
    assert seconds(most=120, or_none=False)("0.001") == 0.001


@pytest.mark.parametrize("value", ["a b", " a\n  b ", ["a", "b"], ("a", "b")])
def test_words_are_separated_by_white_space_or_listed(value: object) -> None:
    assert words(value) == ("a", "b")


def test_a_word_stands_once() -> None:
    assert refusal(words, "a b a").reason == "A name stands in it twice."


@pytest.mark.parametrize("value", ["a, b", "a,b", ["a,b"]])
def test_commas_between_words_are_explained(value: object) -> None:
    assert refusal(words, value).mend == "Separate names by white space alone."


@pytest.mark.parametrize("value", ["\n  a b\n\n  c\n", ["a b", "c"], "a b\r\nc"])
def test_lines_are_one_a_line_or_listed(value: object) -> None:
    assert lines(value) == ("a b", "c")


def test_a_secret_is_hidden_at_once() -> None:
    assert secret_text(f" {CANARY}\n") == Secret(CANARY)
    assert secret_text(Secret(CANARY)) == Secret(CANARY)


@pytest.mark.parametrize("value", ["a\n b", ["a", "b"], ("a", Secret("b")), [Secret("a"), Secret("b")]])
def test_secrets_keep_their_order(value: object) -> None:
    assert secret_lines(value) == (Secret("a"), Secret("b"))


def test_one_secret_is_a_list_of_one() -> None:
    assert secret_lines(Secret("a")) == secret_lines("a") == (Secret("a"),)


@pytest.mark.parametrize("value", [f'"{CANARY}"', f"'{CANARY}'", f"a\n'{CANARY}'"])
def test_quotation_marks_do_not_become_part_of_a_secret(value: str) -> None:
    error = refusal(secret_lines, value)
    assert error.reason == "The value stands in quotation marks."
    assert CANARY not in str(error)


def test_a_quotation_mark_inside_a_secret_is_part_of_it() -> None:
    assert secret_text("a'b'").reveal() == "a'b'"
    assert secret_text("'").reveal() == "'"


def test_a_callable_is_imported_by_its_name() -> None:
    assert named_callable("datetime:timedelta") is timedelta
    assert named_callable("datetime:datetime.fromisoformat")("2024-01-01").year == 2024


def test_a_python_callable_is_taken_as_it_is() -> None:
    assert named_callable(len) is len


def test_the_text_of_a_failed_import_is_shown() -> None:
    error = refusal(named_callable, "no_such_package.views:may_chat")
    assert error.reason == (
        "no_such_package.views cannot be imported: ModuleNotFoundError: No module named 'no_such_package'."
    )


def test_a_module_that_fails_while_it_is_imported_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "failing_site_module.py").write_text("raise RuntimeError('the site has a fault')")
    monkeypatch.syspath_prepend(tmp_path)
    error = refusal(named_callable, "failing_site_module:may_chat")
    assert "RuntimeError: the site has a fault" in error.reason
    assert "failing_site_module" not in sys.modules


def test_a_missing_attribute_is_named() -> None:
    assert refusal(named_callable, "datetime:timedleta").reason == "datetime has no timedleta."
    assert refusal(named_callable, "datetime:datetime.nope").reason == "datetime has no datetime.nope."


def test_what_cannot_be_called_is_refused() -> None:
    assert refusal(named_callable, "datetime:MAXYEAR").reason == "datetime:MAXYEAR is not callable."


@pytest.mark.parametrize(
    "value", ["datetime", "datetime.timedelta", ":x", "x:", "a b:c", "a-b:c", "a:b:c", "1a:b", ".a:b"]
)
def test_what_has_not_the_shape_of_a_name_is_not_imported(value: str) -> None:
    assert refusal(named_callable, value).mend == "Write it as package.module:callable."


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("https://CLIENT.discussionchatroom.com", "https://client.discussionchatroom.com"),
        ("HTTPS://chat.test:443/", "https://chat.test"),
        ("https://chat.test/Room//", "https://chat.test/Room"),
        ("http://localhost:8080/", "http://localhost:8080"),
        ("http://chat.test", "http://chat.test"),
    ],
)
def test_a_web_address_comes_back_as_a_browser_writes_it(value: str, expected: str) -> None:
    assert web_address(value) == expected


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("chat.test", "no http or https address"),
        ("ftp://chat.test", "no http or https address"),
        ("https://chat.test/\\x", "no http or https address"),
        ("https://ann:pw@chat.test", "user name or a password"),
        ("https://@chat.test", "user name or a password"),
        ("https://chat.test/?a=b", "query or a fragment"),
        ("https://chat.test/?", "query or a fragment"),
        ("https://chat.test/#x", "query or a fragment"),
    ],
)
def test_what_is_no_base_address_is_refused(value: str, reason: str) -> None:
    assert reason in refusal(web_address, value).reason


@pytest.mark.parametrize("value", ["http://chat.test", "http://10.0.0.1:3000", "http://[fe80::1]"])
def test_a_chat_over_plain_http_is_marked(value: str) -> None:
    assert isinstance(chat_url(value), PlainAddress)
    assert chat_url(value) == value


@pytest.mark.parametrize(
    "value", ["https://chat.test", "http://localhost:1", "http://127.0.0.2", "http://[::1]:3000"]
)
def test_a_chat_over_tls_or_on_this_machine_is_not_marked(value: str) -> None:
    assert not isinstance(chat_url(value), PlainAddress)
    assert chat_url(value) == value

from __future__ import annotations

import sys
from email.utils import formatdate

import pytest

from chatsso_middleware.errors import Unavailable
from chatsso_middleware.providers.answer import Answer, seconds_to_wait

NOW = 1_800_000_000.0


def answer(body: bytes, **headers: str) -> Answer:
    return Answer("room", 200, headers, body)


def test_an_object_is_read_with_what_stands_in_it() -> None:
    body = '{"success": true, "message": "sch\u00f6n", "n": [1, -2.5e3, null, {"a": ""}]}'.encode()
    expected = {"success": True, "message": "sch\u00f6n", "n": [1, -2500.0, None, {"a": ""}]}
    assert answer(body).json_object() == expected


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "nothing"),
        (b" \r\n", "nothing"),
        (b"<!DOCTYPE html><title>secret</title>", "HTML"),
        (b"\n<HTML><body>secret", "HTML"),
        (b"<!-- secret --><html>", "HTML"),
        (b'<?xml version="1.0"?><error>secret</error>', "XML"),
        (b"secret", "something else"),
        (b'[{"secret": 1}]', "a bare JSON value"),
        (b'"secret"', "a bare JSON value"),
        (b"true", "a bare JSON value"),
        (b'{"secret": 1', "malformed JSON"),
        (b'{"secret": 1} {}', "malformed JSON"),
        (b'{"secret": NaN}', "malformed JSON"),
        (b'{"secret": -Infinity}', "malformed JSON"),
        (b'{"secret": 1e999}', "malformed JSON"),
        (b'{"secret": 0.' + b"1" * 60000 + b"}", "malformed JSON"),
        (b'{"success": false, "success": true}', "malformed JSON"),
        (b'{"secret": {"a": 1, "a": 1}}', "malformed JSON"),
        (b'{"secret": "\xff"}', "malformed JSON"),
        (b'{"secret": ' + b"9" * 33 + b"}", "malformed JSON"),
        (b'{"secret": ' + b"9" * 60000 + b"}", "malformed JSON"),
        (b'{"secret": ' + b"[" * 60000, "malformed JSON"),
        (b'{"a":' * 12000 + b"1" + b"}" * 12000, "malformed JSON"),
        ('{"secret": 1}'.encode("utf-16"), "something else"),
        (b'\xef\xbb\xbf{"secret": 1}', "something else"),
    ],
    ids=lambda value: repr(value[:24]) if isinstance(value, bytes) else value,
)
def test_anything_else_is_named_by_its_kind_and_never_quoted(body: bytes, kind: str) -> None:
    with pytest.raises(Unavailable) as caught:
        answer(body).json_object()
    assert caught.value.reason == f"answered {kind} instead of a JSON object (status 200)"
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_long_numbers_are_refused_where_the_interpreter_has_no_limit_of_its_own() -> None:
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        with pytest.raises(Unavailable):
            answer(b'{"n": ' + b"9" * 60000 + b"}").json_object()
    finally:
        sys.set_int_max_str_digits(before)


def test_an_answer_that_cannot_be_read_keeps_its_retry_after() -> None:
    with pytest.raises(Unavailable) as caught:
        answer(b"<html>", **{"Retry-After": "7"}).json_object()
    assert caught.value.retry_after == 7.0


def test_the_repr_shows_neither_headers_nor_body() -> None:
    shown = repr(answer(b'{"access_token": "T0ken"}', Cookie="S3cret"))
    assert "T0ken" not in shown
    assert "S3cret" not in shown
    assert "status=200" in shown


def test_without_the_header_there_is_no_wait() -> None:
    assert answer(b"").retry_after is None


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("12", 12.0),
        (" 12 ", 12.0),
        ("0000000000012", 12.0),
        ("301", 300.0),
        ("9" * 5000, 300.0),
        (formatdate(NOW + 60, usegmt=True), 60.0),
        (formatdate(NOW + 86400, usegmt=True), 300.0),
        (formatdate(NOW - 60, usegmt=True), 0.0),
        ("-5", None),
        ("+5", None),
        ("1.5", None),
        ("\u0661\u0662", None),
        ("soon", None),
        ("", None),
        ("Fri, 31 Feb 2027 25:00:00 GMT", None),
        ("Fri, 01 Jan 99999999 00:00:00 GMT", None),
    ],
    ids=lambda value: str(value)[:40],
)
def test_retry_after_is_seconds_or_a_date_within_bounds(value: str, seconds: float | None) -> None:
    assert seconds_to_wait(value, NOW) == seconds

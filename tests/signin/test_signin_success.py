from __future__ import annotations

import pytest

from chatsso_middleware.converters import Unusable
from chatsso_middleware.signin.expressions import CannotEvaluate, expression, kind_of
from chatsso_middleware.signin.success import ANY_2XX, success_rule


@pytest.mark.parametrize(
    ("written", "statuses", "written_expression"),
    [
        ("200", {200}, None),
        ("200 201", {200, 201}, None),
        ("2xx", ANY_2XX.statuses, None),
        ("2XX 404", ANY_2XX.statuses | {404}, None),
        ("status == 'ok'", ANY_2XX.statuses, "status == 'ok'"),
        ("200 and status == 'ok'", {200}, "status == 'ok'"),
        ("200 201 AND ok", {200, 201}, "ok"),
        ("android == 'yes'", ANY_2XX.statuses, "android == 'yes'"),
    ],
)
def test_success_is_statuses_an_expression_or_both(
    written: str, statuses: set[int], written_expression: str | None
) -> None:
    rule = success_rule(written)
    assert rule.statuses == statuses
    assert (rule.expression.written if rule.expression else None) == written_expression


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("200, 201", "neither with a status nor an expression"),
        ("20", "neither with a status nor an expression"),
        ("200 and", "neither with a status nor an expression"),
        ("200 status == 'ok'", "neither with a status nor an expression"),
        ("302", "count as an external system that is down"),
        ("200 500", "count as an external system that is down"),
        ("429", "count as an external system that is down"),
        ("100", "count as an external system that is down"),
        ("status ==", "no JMESPath expression"),
        ("200 and status ==", "no JMESPath expression"),
    ],
)
def test_anything_else_is_refused_at_start_up(written: str, words: str) -> None:
    with pytest.raises(Unusable, match=words):
        success_rule(written)


@pytest.mark.parametrize("written", ["a.", "nobody_knows(@)", "length()", "[", "a-b", "'" * 3])
def test_what_is_no_jmespath_expression_is_refused_at_start_up(written: str) -> None:
    with pytest.raises(Unusable, match="no JMESPath expression"):
        expression(written)


def test_a_function_that_finds_nothing_in_an_empty_answer_is_fine() -> None:
    assert expression("join('', ids)").find({"ids": ["a", "b"]}) == "ab"


def test_a_function_that_gets_another_type_cannot_be_evaluated() -> None:
    with pytest.raises(CannotEvaluate, match="JMESPathTypeError"):
        expression("length(id)").find({"id": 7})


def test_an_expression_shows_what_was_written() -> None:
    assert repr(expression("user.id")) == "Expression('user.id')"


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "nothing"),
        (True, "true or false"),
        ("a", "text"),
        (" ", "empty text"),
        (7, "a number"),
        (7.5, "a number"),
        ([], "a list"),
        ({}, "an object"),
    ],
)
def test_what_was_found_is_named_by_its_kind(value: object, kind: str) -> None:
    assert kind_of(value) == kind

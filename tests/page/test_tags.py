"""The two ways past the attributes of a tag lead to the same place."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsso_middleware.page.grammar import TAG_TAIL
from chatsso_middleware.page.tags import TagTail, read_attributes

TAIL = re.compile(TAG_TAIL)

tails = st.lists(
    st.sampled_from([b" ", b"\n", b"/", b"=", b'"', b"'", b"a", b"B", b"<", b"!", b">"]), max_size=14
)


@given(tails, st.data())
def test_a_tag_in_pieces_ends_where_a_whole_one_does(pieces: list[bytes], data: st.DataObject) -> None:
    text = b" " + b"".join(pieces)
    whole = TAIL.match(text)
    tail = TagTail()
    position = 0
    while position < len(text) and not tail.ended:
        limit = data.draw(st.integers(position + 1, len(text)))
        position = tail.advance(text, position, limit)
        assert tail.ended or position == limit
    assert tail.ended is (whole is not None)
    if whole:
        assert position == whole.end()
        assert tail.self_closing is (whole[1] == b"/")


@given(tails)
def test_the_attributes_of_a_tag_are_within_it_and_in_order(pieces: list[bytes]) -> None:
    whole = TAIL.match(b"<a " + b"".join(pieces), 2)
    if whole is None:
        return
    tag = whole.string[: whole.end()]
    last = 2
    for name, attribute in read_attributes(tag, 2).items():
        assert last <= attribute.start < attribute.end < len(tag)
        assert tag[attribute.start :].lower().startswith(name)
        assert not attribute.has_value or attribute.start < attribute.value_start <= attribute.value_end
        last = attribute.end


@pytest.mark.parametrize(
    ("tag", "values"),
    [
        (b"<a>", {}),
        (b"<a b>", {b"b": None}),
        (b"<a b=>", {b"b": None}),
        (b"<a b='' c=\"\">", {b"b": b"", b"c": b""}),
        (b"<a B = 'c'>", {b"b": b"c"}),
        (b"<a b=c/>", {b"b": b"c/"}),
        (b"<a b=/>", {b"b": b"/"}),
        (b"<a b=c d/>", {b"b": b"c", b"d": None}),
        (b"<a b='c'd=\"e\"f=g>", {b"b": b"c", b"d": b"e", b"f": b"g"}),
        (b"<a =b=c>", {b"=b": b"c"}),
        (b"<a ==b>", {b"=": b"b"}),
        (b"<a b=c B=d>", {b"b": b"c"}),
        (b"<a b=c=d'>", {b"b": b"c=d'"}),
        (b"<a/b/c=d>", {b"b": None, b"c": b"d"}),
        (b"<a \"b='>'>", {b'"b': b">"}),
        (b"<a b\r=\n\f'c'>", {b"b": b"c"}),
    ],
)
def test_attributes_are_read_as_the_standard_says(tag: bytes, values: dict[bytes, bytes | None]) -> None:
    attributes = read_attributes(tag, 2)
    assert {
        name: tag[attribute.value_start : attribute.value_end] if attribute.has_value else None
        for name, attribute in attributes.items()
    } == values


def test_names_keep_their_case_where_it_counts() -> None:
    assert list(read_attributes(b"<a B='' b=''>", 2, fold=False)) == [b"B", b"b"]

"""What holds for every page, sense or nonsense."""

from __future__ import annotations

import dataclasses
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatsso_middleware.page.edits import LinkEdit, PageEdits
from chatsso_middleware.page.rewriter import Rewriter, rewrite
from tests.page.rewritten import BOTH, GATEWAY, LINKS, MARK, in_chunks
from tests.page.soup import page_soup

SOUP = page_soup()
PAGES = st.one_of(SOUP, st.binary(max_size=200))

THROUGH = PageEdits(MARK, (LinkEdit(LINKS.links[0].hosts, GATEWAY),))
NOREFERRER = PageEdits(MARK, (dataclasses.replace(LINKS.links[0], noreferrer=True),))
ALL_EDITS = [BOTH, LINKS, THROUGH, NOREFERRER, dataclasses.replace(BOTH, xml=True), PageEdits(MARK)]


@pytest.mark.parametrize("edits", ALL_EDITS, ids=range(len(ALL_EDITS)))
@settings(max_examples=150, deadline=None)
@given(page=PAGES, data=st.data())
def test_the_result_does_not_depend_on_the_chunks(edits: PageEdits, page: bytes, data: st.DataObject) -> None:
    whole = rewrite(page, edits)
    assert in_chunks(page, edits, *range(1, len(page))) == whole
    cuts = sorted(data.draw(st.lists(st.integers(0, len(page)), max_size=6)))
    assert in_chunks(page, edits, *cuts) == whole


ADDED = re.compile(
    rb"<img alt=mark>| data-chatsso=\"done\"|<input type=\"hidden\" name=\"\w+\" value=\"\w\"(?: /)?>"
    rb"|(?:/?[?]|&amp;)access_token=T&amp;rememberMe=0"
    # The slash that a link without a path gains, and the quotes that a value gains.
    rb"|(?<=room[.]test)/|\"|&quot;"
)


@pytest.mark.parametrize("xml", [False, True])
@settings(max_examples=300, deadline=None)
@given(page=PAGES)
def test_without_what_came_in_the_page_is_as_it_was(page: bytes, *, xml: bool) -> None:
    edited = rewrite(page, dataclasses.replace(BOTH, xml=xml))
    assert ADDED.sub(b"", edited) == ADDED.sub(b"", page)


@pytest.mark.parametrize("edits", [LINKS, dataclasses.replace(LINKS, xml=True)], ids=["html", "xml"])
@settings(max_examples=300, deadline=None)
@given(page=PAGES)
def test_editing_links_twice_is_editing_them_once(edits: PageEdits, page: bytes) -> None:
    once = rewrite(page, edits)
    assert rewrite(once, edits) == once


@settings(max_examples=300, deadline=None)
@given(page=PAGES)
def test_the_markup_comes_in_once_or_not_at_all_and_it_is_known_which(page: bytes) -> None:
    rewriter = Rewriter(PageEdits(MARK))
    edited = rewriter.feed(page) + rewriter.close()
    assert edited.count(MARK) == rewriter.placed
    assert edited.replace(MARK, b"") == page


@settings(max_examples=200, deadline=None)
@given(page=SOUP)
def test_links_are_found_alike_with_and_without_the_markup(page: bytes) -> None:
    """Which expressions scan the page depends on what is looked for; what is read must not."""
    assert rewrite(page, BOTH).replace(MARK, b"") == rewrite(page, LINKS)


@settings(max_examples=200, deadline=None)
@given(page=SOUP)
def test_the_body_ends_where_it_ends_whether_links_are_looked_for_or_not(page: bytes) -> None:
    page += b"\">'>"  # no tag is left open at the end: whether it is still held there depends on its name
    unrelated = PageEdits(MARK, (LinkEdit(frozenset({"other.test"}), GATEWAY),))
    assert rewrite(page, unrelated) == rewrite(page, PageEdits(MARK))

"""A run may end early, but must never skip what the reader would have read otherwise."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatsso_middleware.page.edits import LinkEdit
from chatsso_middleware.page.html_reader import HTMLReader
from chatsso_middleware.page.links import LinkEditor
from chatsso_middleware.page.reader import BodyEnd, StartTag
from chatsso_middleware.page.scanner import Run, body_run, head_run
from tests.page.rewritten import LINKS, TOKEN
from tests.page.soup import page_soup

WITH_SCRIPTS = LinkEdit(frozenset({"room.test"}), TOKEN, scripts=frozenset({"/x"}))
WATCHED = LinkEditor([WITH_SCRIPTS]).watched
HOSTS = frozenset({"room.test"})


def only_text(text: bytes) -> Run:
    """The least that a run can do."""
    pattern = re.compile(text)

    def run(page: bytes, position: int, limit: int) -> int:
        match = pattern.match(page, position, limit)
        return match.end() if match else position

    return run


def places(reader: HTMLReader, editor: LinkEditor, page: bytes) -> list[StartTag | BodyEnd]:
    """What `reader` finds in `page`, without the tags that do not change."""
    found = reader.read(page)
    return [
        place
        for place in found
        if isinstance(place, BodyEnd) or editor.edit(place.name, page[place.start : place.end]) is not None
    ]


@pytest.mark.parametrize("links", [(), LINKS.links, (WITH_SCRIPTS,)], ids=["none", "links", "scripts"])
@settings(max_examples=500, deadline=None)
@given(page=page_soup())
def test_a_run_skips_nothing_that_is_found_without_it(links: tuple[LinkEdit, ...], page: bytes) -> None:
    editor = LinkEditor(links)
    fast = HTMLReader(editor.watched, editor.hosts)
    slow = HTMLReader(editor.watched, editor.hosts)
    slow._body_run = only_text(rb"[^<]*+")
    slow._head_run = only_text(rb"[\t\n\f\r \0\xef\xbb\xbf]*+")
    assert places(fast, editor, page) == places(slow, editor, page)
    assert fast.takes_markup is slow.takes_markup


@pytest.mark.parametrize(
    "page",
    [
        b"text < text <1 << <> &lt;",
        b"<div><DIV class=a></div><custom-element x='y'><p class=\"a\">",
        b'<a href="/x">x</a><a class="b" href="https://else.test:8080/x?y#z" rel="c">x</a><a href="#top">',
        b'<a href="mailto:ann@site.test"><a href="page.html"><a href=""><a href="?x"><a name="x">',
        b'<a href="https://xroom.test/"><a HREFLANG="en">',
        b"<!-- x --><!DOCTYPE html><!--><!x>",
        b'<script src="/x.js" async></script><script>if (a < b) { x("</div>") }</script>',
        b"<style>a > b {}</style><title>a < b</title><textarea rows=\"2\"><a href='//room.test'></textarea>",
        b'<svg viewBox="0 0 1 1"><title>x</title><g fill="x"><path d="M0"/></g><style>x</style></svg>',
        b"</p></ul></custom-element></P >",
    ],
)
def test_a_run_goes_over_all_of_a_usual_page(page: bytes) -> None:
    assert body_run(WATCHED, HOSTS)(page, 0, len(page)) == len(page)


@pytest.mark.parametrize(
    "tag",
    [
        b'<a href="//room.test/">',
        b'<a href="https://ROOM.test/">',
        b'<a href="https:\\\\else.test">',
        b'<a href="/\t/room.test">',
        b'<a href=" /x">',
        b'<a href="ht\ntps://room.test">',
        b'<a href="https://ann@else.test">',
        b'<a HREF="/x">',
        b"<a href='/x'>",
        b'<a href="/x" href="//room.test">',
        b'<script src="//room.test/x"></script>',
        b"<script><!-- </script>",
        b"<script></scripts></script>",
        b"<form>",
        b"</form>",
        b"<iframe>",
        b"<noscript>",
        b"<template>",
        b"</template>",
        b"</BODY>",
        b"<svg><a>",
        b"<svg><div></svg>",
        b"<math>",
        b"<textarea></textareas></textarea>",
        b"<!-- x",
        b"<!x",
        b"<p class=",
        b'<p class="',
        b"<",
        b"</p",
        b"</",
        b"</ x>",
        b"<?x>",
    ],
)
def test_a_run_ends_where_there_is_something_to_decide_or_to_wait_for(tag: bytes) -> None:
    page = b"<p>text" + tag
    assert body_run(WATCHED, HOSTS)(page, 0, len(page)) == len(b"<p>text")


def test_a_run_keeps_to_its_limit() -> None:
    page = b"<p><p><p>"
    assert body_run(WATCHED, HOSTS)(page, 3, 8) == 6


def test_a_run_of_a_head_ends_at_text_and_at_the_body() -> None:
    head = b'\xef\xbb\xbf<!DOCTYPE html><html lang="x"><head>\n<meta x="y"><link><title>x</title></head>\0'
    for rest in (b"text", b"<body>", b"<p>"):
        page = head + rest
        assert head_run(WATCHED, HOSTS)(page, 0, len(page)) == len(head)


@given(st.sets(st.sampled_from(["a", "b", "link", "video", "title", "x-y"])))
def test_any_element_may_be_watched(elements: set[str]) -> None:
    link = LinkEdit(HOSTS, TOKEN, attributes=frozenset((element, "src") for element in elements))
    editor = LinkEditor([link])
    page = b"".join(
        b"<%b src=//room.test/></%b>" % (name.encode(), name.encode()) for name in sorted(elements)
    )
    found = places(HTMLReader(editor.watched, editor.hosts), editor, page)
    assert [place.name.decode() for place in found if isinstance(place, StartTag)] == sorted(elements)

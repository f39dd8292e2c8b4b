"""The work grows with the page and no faster, whatever the page and however small the chunks.

Work is counted: the bytes that the readers are given, and the calls that Python makes. What happens within a
call of the regular expression engine is not seen there, so that alone is measured, in processor time.
"""

from __future__ import annotations

import sys
import time
from types import FrameType

import pytest

from chatsso_middleware.page.edits import PageEdits
from chatsso_middleware.page.rewriter import Rewriter, rewrite
from tests.page.rewritten import BOTH

XML = PageEdits(BOTH.before_body_end, BOTH.links, xml=True)

REPEATED = [
    *(
        b"<",
        b"</",
        b"<!",
        b"<!-",
        b"<!--",
        b"--",
        b"-->",
        b"<?",
        b"<!x",
        b"<![CDATA[",
        b"]]>",
        b"<x",
        b"=",
        b"'",
        b'"',
    ),
    *(
        b"<a",
        b"<a ",
        b"<a href=",
        b"<a href='",
        b'<a href="//room.test',
        b"<a b='<'",
        b"<p>",
        b"<p ",
        b"<p a",
    ),
    *(b"<svg>", b"<svg><g>", b"<g>", b"<svg><path/>", b"<svg></x>", b"<svg><p>", b"<svg><foreignObject>"),
    *(b"<svg><title>", b"<math><mi>", b"<svg><font ", b"<svg><![CDATA[", b"<template>", b"</template>"),
    *(
        b"<script>",
        b"<script><!--",
        b"<script><!--<script>",
        b"<script></scrip",
        b"<style></styl",
        b"<plaintext>",
    ),
    *(b"<noscript>", b"<noscript><", b"<noscript></noscript>", b"<title></titles>", b"<textarea></te"),
    *(
        b"<form>",
        b"<form action=//room.test>",
        b"<a href=//room.test/?&>",
        b"<a href=//room.test/&#35",
        b"\0",
        b"a",
    ),
]
PREFIXES = [
    b"",
    b"<body>",
    b"<svg>",
    b"<body><svg><foreignObject>",
    b"<noscript>",
    b"<script>",
    b"<a href='",
    b"<p title='",
]


def calls(page: bytes, edits: PageEdits) -> int:
    """How many calls Python makes for `page`."""
    count = 0

    def profile(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(profile)
    try:
        rewrite(page, edits)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("edits", [BOTH, XML], ids=["html", "xml"])
@pytest.mark.parametrize("repeated", REPEATED)
def test_twice_the_page_takes_at_most_twice_the_calls(repeated: bytes, edits: PageEdits) -> None:
    for prefix in PREFIXES:
        times = 2000 // len(repeated)
        rewrite(prefix + repeated, edits)  # what is compiled once is compiled now
        once, twice = (calls(prefix + repeated * times * factor, edits) for factor in (1, 2))
        assert twice <= 2 * once + 60


class CountingRewriter(Rewriter):
    """Knows how many bytes its reader was given."""

    def __init__(self, edits: PageEdits) -> None:
        super().__init__(edits)
        self.read = 0

    def _edit(self, page: bytes, *, last: bool) -> bytes:
        self.read += len(page)
        return super()._edit(page, last=last)


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize("repeated", REPEATED)
def test_no_byte_is_read_more_than_three_times_however_small_the_chunks(repeated: bytes, size: int) -> None:
    for prefix in (b"", b"<a href='", b"<svg>", b"<noscript>"):
        page = prefix + repeated * (3000 // len(repeated))
        for edits in (BOTH, XML):
            rewriter = CountingRewriter(edits)
            for start in range(0, len(page), size):
                rewriter.feed(page[start : start + size])
            rewriter.close()
            assert rewriter.read <= 3 * len(page) + 60


def seconds(page: bytes, edits: PageEdits) -> float:
    """Processor time of this thread for `page`."""
    start = time.thread_time()
    rewrite(page, edits)
    return time.thread_time() - start


@pytest.mark.parametrize(
    ("edits", "prefixes"), [(BOTH, [b"", b"<svg>", b"<a href='"]), (XML, [b""])], ids=["html", "xml"]
)
@pytest.mark.parametrize("repeated", REPEATED)
def test_no_expression_backtracks(repeated: bytes, edits: PageEdits, prefixes: list[bytes]) -> None:
    """Eight times the page takes eight times the processor time, not sixty-four times; fifteen is between."""
    for prefix in prefixes:
        small, large = (prefix + repeated * (size // len(repeated)) for size in (4_000, 32_000))
        for _ in range(5):
            if seconds(large, edits) <= max(0.01, 15 * seconds(small, edits)):
                break
        else:
            pytest.fail(f"{prefix!r} and {repeated!r} take too long")

"""A page through the rewriter in every way it can be cut, for the tests of this directory."""

from __future__ import annotations

from itertools import pairwise

from chatsso_middleware.page.edits import AddParameters, LinkEdit, PageEdits, ThroughGateway
from chatsso_middleware.page.rewriter import Rewriter, rewrite

MARK = b"<img alt=mark>"
HOST = "room.test"
TOKEN = AddParameters((("access_token", "T"), ("rememberMe", "0")))
GATEWAY = ThroughGateway("/chatsso/go", "website_toolbox")

PLACE = PageEdits(before_body_end=MARK)
LINKS = PageEdits(links=(LinkEdit(frozenset({HOST}), TOKEN),))
BOTH = PageEdits(before_body_end=MARK, links=LINKS.links)


def in_chunks(page: bytes, edits: PageEdits, *cuts: int) -> bytes:
    """`page` edited in the pieces between `cuts`."""
    rewriter = Rewriter(edits)
    places = [0, *cuts, len(page)]
    pieces = [rewriter.feed(page[start:end]) for start, end in pairwise(places)]
    return b"".join([*pieces, rewriter.close()])


def rewritten(page: bytes, edits: PageEdits) -> bytes:
    """`page` edited whole, which is the same byte by byte and at every cut in two."""
    whole = rewrite(page, edits)
    assert in_chunks(page, edits, *range(1, len(page))) == whole
    for cut in range(len(page) + 1):
        assert in_chunks(page, edits, cut) == whole, f"cut at {cut}"
    return whole


def links_edited(page: bytes) -> bytes:
    """`page` with its links to the chat marked shortly: ``?+`` stands where the parameters came in."""
    return rewritten(page, LINKS).replace(b"?access_token=T&amp;rememberMe=0", b"?+")

"""Edits a page on its way, chunk by chunk: bytes in, bytes out.

A reader says where the page may change, a `LinkEditor` says how, and this module puts both together. Bytes
that are not edited come out as they are. The beginning of a token that a chunk ends with is held until the
token is whole; it is tried again only when as much again has come, so that no page takes more than time in
proportion to its length, however small the chunks.
"""

from __future__ import annotations

from .edits import PageEdits
from .html_reader import HTMLReader
from .links import LinkEditor
from .reader import BodyEnd, Reader
from .xml_reader import XMLReader

__all__ = ["Rewriter", "rewrite"]


class Rewriter:
    """Edits one page. The result does not depend on where the page is cut.

    The markup for the end of the body goes before the first ``</body>`` that a browser reads as an end tag,
    outside of templates, ``<noscript>`` and foreign content. A page without one gets it at its end, before
    the beginning of a token that it may break off with. There is no place for it in a page of frames, in XML
    without a body, nor where a page ends inside a comment, a script or the like, a template or the attributes
    of a tag: `placed` tells.
    """

    def __init__(self, edits: PageEdits) -> None:
        self._before_body_end = edits.before_body_end
        self._links = LinkEditor(edits.links, edits.scripts, xml=edits.xml)
        self._reader: Reader = (
            XMLReader(self._links.watched)
            if edits.xml
            else HTMLReader(self._links.watched, self._links.hosts)
        )
        self._finished = not edits
        self._held = b""
        self._waiting: list[bytes] = []
        self._waiting_length = 0
        self.placed = False
        """Whether the markup for the end of the body is in what came out."""

    def feed(self, chunk: bytes) -> bytes:
        """The next bytes of the edited page, perhaps none; `chunk` itself where nothing changes in it."""
        if self._finished:
            return chunk
        if self._held:
            if not chunk:
                return b""
            self._waiting.append(chunk)
            self._waiting_length += len(chunk)
            if self._waiting_length < len(self._held):
                return b""
            chunk = self._take_held()
        return self._edit(chunk, last=False)

    def close(self) -> bytes:
        """What is left when the page has ended. Nothing may be fed afterwards."""
        if self._finished:
            return b""
        return self._edit(self._take_held(), last=True)

    def _take_held(self) -> bytes:
        page = b"".join((self._held, *self._waiting))
        self._held, self._waiting, self._waiting_length = b"", [], 0
        return page

    def _edit(self, page: bytes, *, last: bool) -> bytes:
        pieces: list[bytes] = []
        copied = 0
        for place in self._reader.read(page):
            if isinstance(place, BodyEnd):
                if self._before_body_end and not self.placed:
                    self.placed = True
                    pieces += (page[copied : place.start], self._before_body_end)
                    copied = place.start
            elif (edited := self._links.edit(place.name, page[place.start : place.end])) is not None:
                pieces += (page[copied : place.start], edited)
                copied = place.end
        whole = self._reader.consumed
        if last:
            if self._before_body_end and not self.placed and self._reader.takes_markup:
                self.placed = True
                pieces += (page[copied:whole], self._before_body_end)
                copied = whole
            whole = len(page)
        self._finished = last or self._reader.finished
        self._held = page[whole:]
        if not pieces:
            return page if whole == len(page) else page[:whole]
        pieces.append(page[copied:whole])
        return b"".join(pieces)


def rewrite(page: bytes, edits: PageEdits) -> bytes:
    """The whole of `page`, edited; `page` itself where nothing changes."""
    rewriter = Rewriter(edits)
    first = rewriter.feed(page)
    rest = rewriter.close()
    if not rest:
        return first
    whole = first + rest
    return page if whole == page else whole

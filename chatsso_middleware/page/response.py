"""The WSGI side of a page (PEP 3333): an application's answer goes on, edited where it is a page.

Nothing here knows of chats. `respond` runs the application and asks a `Planner` what shall change when the
first chunk of the body is there: until then the application may still change its mind, and the host may
still say who logs in. From then on one chunk goes out for each that comes. ``write()`` and ``exc_info``
work as PEP 3333 says, and ``close()`` is called once on every path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from .edits import PageEdits
from .eligibility import Page, page_of
from .rewriter import Rewriter

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["PRIVATE", "VALIDATORS", "Headers", "Plan", "Planner", "make_private", "respond"]

Headers = list[tuple[str, str]]

PRIVATE: Final = ("Cache-Control", "private, no-store")
"""No cache may keep the answer, neither a shared one nor the browser's (RFC 9111, section 5.2.2)."""
VALIDATORS: Final = frozenset({"etag", "last-modified"})
"""They speak of the page as the application made it, for everybody (RFC 9110, section 8.8)."""
OF_THE_BYTES: Final = frozenset(
    {"content-length", "content-md5", "digest", "content-digest", "repr-digest", "accept-ranges"}
)
"""They speak of bytes that an edit changes."""
FOR_CACHES: Final = frozenset({"expires", "pragma", "surrogate-control", "edge-control", "x-accel-expires"})
"""What else caches obey, some of them before Cache-Control; beside all that end with its name (RFC 9213)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of one answer."""

    headers: Headers
    """As they go out if the body stays as it is."""
    edits: PageEdits | None = None
    private: bool = False
    """Whether the edited page is for this user alone: it holds a token, or a tag that is due to him."""
    delivered: tuple[tuple[str, str], ...] = ()
    """Headers that go out with the markup before ``</body>``, and not without it where that can be known."""


class Planner(Protocol):
    """Says what becomes of an answer."""

    def __call__(self, headers: Headers, find_page: Callable[[], Page | None], /) -> Plan | None:
        """Called when the headers are about to go out, and must not raise. `None` changes nothing.

        `find_page` tells what the answer is, and gives `None` if nothing in it may be edited. A second call
        comes only where the application takes its headers back by ``exc_info``.
        """
        ...


def make_private(headers: Headers) -> Headers:
    """The headers of an answer that no cache may keep: not the browser's, and no shared one."""
    kept = [(name, value) for name, value in headers if not _is_for_caches(name.lower())]
    return [*kept, PRIVATE]


def respond(
    app: WSGIApplication, environ: WSGIEnvironment, start_response: StartResponse, planner: Planner
) -> Iterable[bytes]:
    """Answer as `app` does, with the changes that `planner` says."""
    answer = _Answer(environ, start_response, planner)
    body = app(environ, answer.start_response)
    try:
        return answer.pass_on(body)
    except BaseException:
        _close(body)  # the server closes only what it was given
        raise


class _Answer:
    """One answer on its way: what the application said, and what was passed on already."""

    # Most answers need none of these, so they stand on the class.
    _status: str | None = None
    _headers: Headers
    _exc_info: OptExcInfo | None = None
    _server_write: Callable[[bytes], object]
    _rewriter: Rewriter | None = None
    _sent = False
    """Whether the server has got the headers. It holds them until it gets a chunk that is not empty."""
    _holds_bytes = False
    """Whether the application has given any part of its body."""

    def __init__(self, environ: WSGIEnvironment, start_response: StartResponse, planner: Planner) -> None:
        self._environ = environ
        self._method = environ["REQUEST_METHOD"]  # before the host runs, which may well change it
        self._start_response = start_response
        self._planner = planner

    def start_response(
        self, status: str, headers: Headers, exc_info: OptExcInfo | None = None, /
    ) -> Callable[[bytes], object]:
        """What the application gets as its `start_response`."""
        if exc_info is not None:
            if self._holds_bytes:  # too late to take the headers back
                try:
                    raise _exception_of(exc_info)
                finally:
                    exc_info = None  # a traceback that its own frame holds is a reference cycle
            self._exc_info = exc_info
            self._sent = False
            self._rewriter = None
        elif self._status is not None:
            raise AssertionError("start_response was called a second time without exc_info (PEP 3333)")
        self._status = status
        self._headers = headers
        return self._write

    def pass_on(self, body: Iterable[bytes]) -> Iterable[bytes]:
        """What the server gets as the body."""
        # Of these alone it is sure that all is there, and that there is no close().
        if type(body) is list or type(body) is tuple:
            if self._status is not None and not self._sent:
                return self._send_whole(body)
        elif self._status is not None and not self._sent and _is_file(self._environ, body):
            self._send_unedited(self._planner(self._headers, _no_page))
            return body
        stream = _Stream(self, body)
        stream.read_ahead()
        return stream

    def edit(self, chunk: bytes) -> bytes:
        """The next chunk, as it goes out. The headers go before the first."""
        if self._status is None:
            return chunk  # the server says what it thinks of an application that never called start_response
        if not self._sent:
            return self._begin(chunk)
        if chunk and not self._holds_bytes:  # nothing but empty chunks came before
            self._holds_bytes = True
            if _is_utf_16([chunk]):
                self._rewriter = None
        return chunk if self._rewriter is None else self._rewriter.feed(chunk)

    def end(self) -> bytes:
        """What goes out after the last chunk."""
        if self._status is not None and not self._sent:
            self._send_whole([])
        return b"" if self._rewriter is None else self._rewriter.close()

    def _write(self, chunk: bytes) -> None:
        edited = self.edit(chunk)
        if edited:
            self._server_write(edited)

    def _page(self) -> Page | None:
        return page_of(self._environ, self._method, self._status or "", self._headers)

    def _send_whole(self, body: Sequence[bytes]) -> Sequence[bytes]:
        """Send a body that is all there."""
        # An empty body is no document; but what HEAD leaves out is one.
        plan = self._planner(self._headers, self._page if any(body) or self._method == "HEAD" else _no_page)
        if plan is None or not plan.edits or _is_utf_16(body):
            self._send_unedited(plan)
            return body
        if self._method == "HEAD":
            self._send(_edited_headers(plan))
            return body
        return self._send_edited(plan, plan.edits, body)

    def _begin(self, chunk: bytes) -> bytes:
        """Send the headers of a body that comes bit by bit, and give its first chunk as it goes out."""
        self._holds_bytes = bool(chunk)
        plan = self._planner(self._headers, self._page)
        if plan is None or not plan.edits or _is_utf_16([chunk]):
            self._send_unedited(plan)
            return chunk
        if self._method == "HEAD":
            self._send(_edited_headers(plan))
            return chunk
        if chunk and len(chunk) == _declared_length(self._headers):  # it is the only one
            return self._send_edited(plan, plan.edits, [chunk])[0]
        self._send([*_edited_headers(plan), *plan.delivered])
        self._rewriter = Rewriter(plan.edits)
        return self._rewriter.feed(chunk)

    def _send_edited(self, plan: Plan, edits: PageEdits, body: Sequence[bytes]) -> Sequence[bytes]:
        """Send a body that is all there with its exact length; what does not change keeps every header."""
        rewriter = Rewriter(edits)
        edited = [rewriter.feed(chunk) for chunk in body]
        rest = rewriter.close()
        if rest:
            edited[-1] += rest
        if b"".join(edited) == b"".join(body):
            self._send_unedited(plan)
            return body
        headers = [*_edited_headers(plan), ("Content-Length", str(sum(map(len, edited))))]
        if rewriter.placed:
            headers.extend(plan.delivered)
        self._send(headers)
        return edited

    def _send_unedited(self, plan: Plan | None) -> None:
        self._send(self._headers if plan is None else plan.headers)

    def _send(self, headers: Headers) -> None:
        self._sent = True
        status, exc_info = self._status or "", self._exc_info
        if exc_info is None:
            self._server_write = self._start_response(status, headers)
            return
        self._exc_info = None
        try:
            self._server_write = self._start_response(status, headers, exc_info)
        finally:
            exc_info = None  # as above


class _Stream:
    """A body that comes bit by bit."""

    def __init__(self, answer: _Answer, body: Iterable[bytes]) -> None:
        self._answer = answer
        self._body = body
        self._chunks = iter(body)
        self._ahead: bytes | None = None
        self._ended = False

    def read_ahead(self) -> None:
        """Take the first chunk now, so that the status and the headers stand before the server asks for it.

        A server must not send them earlier, so nobody waits longer; and callers that need both before the
        body, as WebOb's ``Request.call_application`` does, would read all of it otherwise.
        """
        self._ahead = next(self, None)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._ahead is not None:
            chunk, self._ahead = self._ahead, None
            return chunk
        if self._ended:
            raise StopIteration
        try:
            chunk = next(self._chunks)
        except StopIteration:
            self._ended = True
            rest = self._answer.end()
            if rest:
                return rest
            raise
        return self._answer.edit(chunk)

    def close(self) -> None:
        """PEP 3333: the server calls it on every path; the application's own is called once."""
        body, self._body = self._body, ()
        self._chunks = iter(())
        self._ahead, self._ended = None, True
        _close(body)


def _no_page() -> None:
    return None


def _close(body: Iterable[bytes]) -> None:
    close = getattr(body, "close", None)
    if close is not None:
        close()


def _is_file(environ: WSGIEnvironment, body: Iterable[bytes]) -> bool:
    """Whether `body` comes from ``wsgi.file_wrapper``: a server sends such a file by quicker ways."""
    wrapper = environ.get("wsgi.file_wrapper")
    if isinstance(wrapper, type):
        return isinstance(body, wrapper)
    return wrapper is not None and hasattr(body, "read")  # uWSGI's is a function, which gives the file back


def _is_utf_16(body: Iterable[bytes]) -> bool:
    """Whether a byte order mark says so, whatever the charset is said to be (HTML Standard, 13.2.3.2)."""
    return next(filter(None, body), b"").startswith((b"\xff\xfe", b"\xfe\xff"))


def _exception_of(exc_info: OptExcInfo) -> BaseException:
    _, error, traceback = exc_info
    if error is None:
        return AssertionError("start_response got an exc_info without an exception (PEP 3333)")
    return error.with_traceback(traceback)


def _declared_length(headers: Headers) -> int | None:
    for name, value in headers:
        if name.lower() == "content-length" and value.isdecimal():
            return int(value)
    return None


def _edited_headers(plan: Plan) -> Headers:
    dropped = OF_THE_BYTES | VALIDATORS if plan.private else OF_THE_BYTES
    headers = [(name, value) for name, value in plan.headers if name.lower() not in dropped]
    return make_private(headers) if plan.private else headers


def _is_for_caches(name: str) -> bool:
    return name.endswith("cache-control") or name in FOR_CACHES

"""The WSGI side of a page, against a server that follows PEP 3333 to the letter."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.util import FileWrapper
from wsgiref.validate import validator

import pytest
from webob import Request

from chatsso_middleware.page.edits import PageEdits
from chatsso_middleware.page.eligibility import Page
from chatsso_middleware.page.response import Headers, Plan, make_private, respond
from tests.page.rewritten import BOTH, HOST, LINKS, MARK, PLACE
from tests.support.strict_server import StrictServer

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

HTML = ("Content-Type", "text/html; charset=utf-8")
PAGE = b"<!doctype html><body><p>text</p></body></html>"
MARKED = PAGE.replace(b"</body>", MARK + b"</body>")
DELIVERED = ("Set-Cookie", "delivered=1")


class Edit:
    """A planner that edits every page in the same way, and remembers what it was asked."""

    def __init__(self, edits: PageEdits | None = PLACE, *, private: bool = False) -> None:
        self.edits = edits
        self.private = private
        self.pages: list[Page | None] = []

    def __call__(self, headers: Headers, find_page: Callable[[], Page | None]) -> Plan | None:
        page = find_page()
        self.pages.append(page)
        edits = None if page is None else self.edits
        return Plan(headers, edits, private=self.private, delivered=(DELIVERED,))


class Body:
    """An application's body that counts how often it was closed."""

    def __init__(self, *chunks: bytes) -> None:
        self.chunks = iter(chunks)
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        assert not self.closed, "taken from after it was closed"
        return next(self.chunks)

    def close(self) -> None:
        self.closed += 1


def answering(body: Iterable[bytes], *headers: tuple[str, str], status: str = "200 OK") -> App:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response(status, [HTML, *headers])
        return body

    return app


def edited(app: App, planner: Any = None, **environ: Any) -> StrictServer:
    planner = Edit() if planner is None else planner
    return StrictServer(lambda environ, start: respond(app, environ, start, planner), **environ)


# Bodies that are all there.


@pytest.mark.parametrize("kind", [list, tuple])
@pytest.mark.parametrize("length", [str(len(PAGE)), "3", "99999", "nonsense", None])
def test_a_whole_body_goes_out_with_its_exact_length_whatever_the_application_said(
    kind: type, length: str | None
) -> None:
    headers = [] if length is None else [("Content-Length", length)]
    answer = edited(answering(kind([PAGE]), *headers)).run()
    assert answer.chunks == [MARKED]
    assert answer.header("Content-Length") == str(len(MARKED))


def test_several_chunks_of_a_whole_body_stay_as_many() -> None:
    chunks = [b"<bo", b"dy><p", b"", b">a</p></bo", b"dy></htm"]
    answer = edited(answering(chunks)).run()
    assert len(answer.chunks) == len(chunks)
    assert answer.body == b"".join(chunks).replace(b"</body>", MARK + b"</body>")
    assert answer.header("Content-Length") == str(len(answer.body))


@pytest.mark.parametrize(
    "chunks", [[b"<p>text</p>"], [b"<p", b">text", b"</p><"], [b"", b"text"], [b"<p>broken <a hr"]]
)
def test_a_body_that_does_not_change_keeps_every_header_and_every_chunk(chunks: list[bytes]) -> None:
    headers = [
        ("Content-Length", "wrong"),
        ("ETag", '"e"'),
        ("Last-Modified", "yesterday"),
        ("Cache-Control", "public, max-age=60"),
        ("Accept-Ranges", "bytes"),
        ("Digest", "d"),
    ]
    answer = edited(answering(chunks, *headers), Edit(LINKS, private=True)).run()
    assert answer.headers == [HTML, *headers]
    assert answer.result is chunks


def test_what_says_that_the_markup_was_delivered_goes_out_with_it_alone() -> None:
    placed = edited(answering([PAGE])).run()
    assert placed.headers[-1] == DELIVERED
    link = f"<a href='//{HOST}/'>".encode()
    no_place = edited(answering([link + b"<!-- " + PAGE]), Edit(BOTH)).run()
    assert b"access_token" in no_place.body
    assert DELIVERED not in no_place.headers


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_page_with_the_byte_order_mark_of_utf_16_stays_as_it_is(encoding: str) -> None:
    page = ("\ufeff" + PAGE.decode()).encode(encoding)
    for body in ([page], [b"", page], Body(page), Body(page[:9], page[9:]), Body(b"", page)):
        answer = edited(answering(body, ("ETag", '"e"')), Edit(BOTH, private=True)).run()
        assert answer.body == page
    assert edited(answering([page]), Edit(private=True)).run().headers == [HTML]
    assert edited(answering(Body(page)), Edit(private=True)).run().headers == [HTML]
    assert edited(answering([b"\xef\xbb\xbf" + PAGE])).run().body == b"\xef\xbb\xbf" + MARKED


@pytest.mark.parametrize("body", [[], (), [b""], [b"", b""]])
def test_an_empty_body_is_no_page(body: Any) -> None:
    planner = Edit()
    answer = edited(answering(body), planner).run()
    assert planner.pages == [None]
    assert answer.body == b""


def test_the_applications_own_list_of_headers_and_its_body_are_not_changed() -> None:
    own_headers = [HTML, ("Content-Length", "46"), ("ETag", '"e"')]
    own_body = [PAGE]

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", own_headers)
        return own_body

    answer = edited(app, Edit(private=True)).run()
    assert answer.body == MARKED
    assert own_headers == [HTML, ("Content-Length", "46"), ("ETag", '"e"')]
    assert own_body == [PAGE]


def test_a_list_with_a_close_of_its_own_is_closed() -> None:
    class ClosingList(list[bytes]):
        closed = 0

        def close(self) -> None:
            self.closed += 1

    body = ClosingList([PAGE])
    assert edited(answering(body)).run().body == MARKED
    assert body.closed == 1


# Bodies that come bit by bit.


def test_a_page_goes_out_one_chunk_for_each_that_comes_as_it_comes() -> None:
    taken = []

    def chunks() -> Iterator[bytes]:
        for chunk in (b"<body><p>one", b"<p>two", b"</bo", b"dy></html>"):
            taken.append(chunk)
            yield chunk

    answer = edited(answering(chunks()))
    with answer.running() as running:
        for count, _ in enumerate(running, start=1):
            assert len(taken) == count
    assert answer.chunks == [b"<body><p>one", b"<p>two", b"", MARK + b"</body></html>"]
    assert answer.header("Content-Length") is None


def test_a_page_without_an_end_gets_the_markup_as_one_more_chunk() -> None:
    answer = edited(answering(iter([b"<p>one", b"<p>two"]))).run()
    assert answer.chunks == [b"<p>one", b"<p>two", MARK]
    assert DELIVERED in answer.headers


def test_one_chunk_that_has_the_length_that_was_announced_is_treated_as_the_whole_body() -> None:
    body = Body(PAGE)
    answer = edited(answering(body, ("Content-Length", str(len(PAGE))))).run()
    assert answer.chunks == [MARKED]
    assert answer.header("content-length") == str(len(MARKED))
    assert body.closed == 1
    unchanged = edited(answering(Body(b"<p>"), ("Content-Length", "3"), ("ETag", '"e"')), Edit(LINKS)).run()
    assert unchanged.headers == [HTML, ("Content-Length", "3"), ("ETag", '"e"')]


def test_what_follows_more_than_was_announced_goes_out_as_it_is() -> None:
    answer = edited(answering(Body(PAGE, b"<p>more"), ("Content-Length", str(len(PAGE))))).run()
    assert answer.chunks == [MARKED, b"<p>more"]


def test_several_chunks_of_an_announced_length_lose_it() -> None:
    answer = edited(answering(Body(PAGE[:9], PAGE[9:]), ("Content-Length", str(len(PAGE))))).run()
    assert answer.body == MARKED
    assert answer.header("Content-Length") is None


@pytest.mark.parametrize(
    "media_type", ["text/event-stream", "application/json", "application/octet-stream", "image/png"]
)
def test_other_bodies_pass_chunk_by_chunk_with_their_headers(media_type: str) -> None:
    taken = []

    def chunks() -> Iterator[bytes]:
        for chunk in (b"</body>", b"", b"data: 2\n\n"):
            taken.append(chunk)
            yield chunk

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", media_type), ("Content-Length", "16")])
        return chunks()

    answer = edited(app)
    with answer.running() as running:
        for count, _ in enumerate(running, start=1):
            assert len(taken) == count
    assert answer.chunks == taken
    assert answer.headers == [("Content-Type", media_type), ("Content-Length", "16")]


def test_an_application_may_be_a_generator_that_calls_start_response_when_it_is_iterated() -> None:
    said = []

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        start_response("200 OK", [HTML])
        said.append("before the first chunk")
        yield PAGE[:9]
        yield PAGE[9:]

    def planner(headers: Headers, find_page: Callable[[], Page | None]) -> Plan | None:
        assert said == ["before the first chunk"], "what the host says before its first chunk comes too late"
        return Plan(headers, PLACE)

    assert edited(app, planner).run().body == MARKED


def test_an_application_may_call_start_response_after_an_empty_chunk() -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        yield b""
        start_response("200 OK", [HTML])
        yield PAGE

    class Lenient(StrictServer):
        def _take(self, chunk: bytes) -> None:
            if chunk:
                super()._take(chunk)

    answer = Lenient(lambda environ, start: respond(app, environ, start, Edit())).run()
    assert answer.body == MARKED


@pytest.mark.parametrize("body", [[PAGE], Body(PAGE), Body()])
def test_an_application_that_never_calls_start_response_is_left_to_the_server(body: Any) -> None:
    planner = Edit()
    answer = edited(lambda environ, start_response: body, planner)
    with pytest.raises(AssertionError, match=r"before start_response|never called start_response"):
        answer.run()
    assert planner.pages == []


def test_an_empty_stream_is_no_page() -> None:
    planner = Edit()
    assert edited(answering(Body()), planner).run().chunks == []
    assert planner.pages == [None]


def test_an_empty_first_chunk_lets_the_headers_stand_and_is_passed_on() -> None:
    answer = edited(answering(Body(b"", PAGE)))
    with answer.running() as running:
        assert next(running) == b""
        assert answer.status == "200 OK"
        assert not answer.headers_sent
        assert next(running) == MARKED


def test_status_and_headers_stand_before_the_body_for_callers_that_need_them_so() -> None:
    taken = []

    def chunks() -> Iterator[bytes]:
        for chunk in (PAGE[:9], PAGE[9:]):
            taken.append(chunk)
            yield chunk

    request = Request.blank("/")
    planner = Edit()
    status, headers, body = request.call_application(
        lambda environ, start: respond(answering(chunks()), environ, start, planner)
    )
    assert status == "200 OK"
    assert DELIVERED in headers
    assert taken == [PAGE[:9]], "the whole page was held"
    assert b"".join(body) == MARKED


# File wrappers.


class ServersFile(FileWrapper):
    """A server's own ``wsgi.file_wrapper``."""


@pytest.mark.parametrize("content_type", [HTML, ("Content-Type", "image/png")])
def test_what_the_servers_file_wrapper_made_goes_through_as_the_very_object(
    content_type: tuple[str, str],
) -> None:
    made: list[FileWrapper] = []

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [content_type, ("Content-Length", str(len(PAGE)))])
        made.append(environ["wsgi.file_wrapper"](io.BytesIO(PAGE)))
        return made[0]

    answer = edited(app, **{"wsgi.file_wrapper": ServersFile}).run()
    assert answer.result is made[0]
    assert answer.body == PAGE
    assert answer.headers == [content_type, ("Content-Length", str(len(PAGE)))]
    assert made[0].filelike.closed


def test_a_file_wrapper_that_is_a_function_gives_the_file_itself_which_goes_through() -> None:
    file = io.BytesIO(PAGE)

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [HTML])
        wrapped: Iterable[bytes] = environ["wsgi.file_wrapper"](file)
        return wrapped

    answer = edited(app, **{"wsgi.file_wrapper": lambda file: file}).run()
    assert answer.result is file
    assert file.closed


def test_other_bodies_are_edited_where_the_server_has_a_file_wrapper() -> None:
    for wrapper in (ServersFile, lambda file: file):
        assert edited(answering(Body(PAGE)), **{"wsgi.file_wrapper": wrapper}).run().body == MARKED


# write().


def test_what_is_written_is_edited_and_the_body_after_it_too() -> None:
    body = Body(b"</b", b"ody>")

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        write = start_response("200 OK", [HTML, ("Content-Length", "99")])
        write(b"<body><p>")
        write(b"")
        write(b"text<")
        write(b"/p>")
        return body

    answer = edited(app).run()
    assert answer.chunks == [b"<body><p>", b"text", b"</p>", b"", MARK + b"</body>"]
    assert answer.header("Content-Length") is None
    assert answer.started == 1
    assert body.closed == 1


@pytest.mark.parametrize("body", [[], (), [b""], [b"<p>more"]])
def test_a_page_that_is_only_written_gets_the_markup_at_its_end(body: Iterable[bytes]) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [HTML])(b"<body><p>text")
        return body

    assert edited(app).run().body == b"<body><p>text" + b"".join(body) + MARK


def test_what_is_written_goes_to_the_server_at_once() -> None:
    answers: list[StrictServer] = []

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        write = start_response("200 OK", [("Content-Type", "text/plain")])
        write(b"one")
        assert answers[0].chunks == [b"one"]
        return []

    answers.append(edited(app))
    assert answers[0].run().body == b"one"


def test_a_generator_may_write_too() -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        write = start_response("200 OK", [HTML])
        write(b"<body>")
        yield b"<p>text</body>"

    assert edited(app).run().body == b"<body><p>text" + MARK + b"</body>"


# exc_info.


def open_database() -> None:
    raise RuntimeError("the database is gone")


def failing(*first: bytes, written: bytes | None = None, lazily: bool = False) -> App:
    """An application that answers, gives `first`, and then finds that it cannot."""

    def chunks(start_response: Callable[..., Any]) -> Iterator[bytes]:
        if lazily:
            start_response("200 OK", [HTML, ("X-First", "yes")])
        yield from first
        try:
            open_database()
        except RuntimeError:
            headers = [HTML, ("Content-Length", "7"), ("X-Second", "yes")]
            start_response("500 Oh", headers, sys.exc_info())
        yield b"<p>sorry"[:7]

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if lazily:
            return chunks(start_response)
        write = start_response("200 OK", [HTML, ("X-First", "yes")])
        if written is not None:
            write(written)
        return chunks(start_response)

    return app


@pytest.mark.parametrize("lazily", [True, False])
@pytest.mark.parametrize("first", [(), (b"",), (b"", b"")])
def test_an_application_may_take_its_headers_back_before_it_has_given_a_byte(
    first: tuple[bytes, ...], lazily: bool
) -> None:
    planner = Edit(private=True)
    answer = edited(failing(*first, lazily=lazily), planner).run()
    assert answer.status == "500 Oh"
    assert answer.header("X-First") is None
    assert answer.header("X-Second") == "yes"
    assert answer.header("Cache-Control") == "private, no-store"
    assert answer.body == b"<p>sorr" + MARK
    assert answer.header("Content-Length") == str(len(answer.body))
    assert len(planner.pages) == 1 + bool(first)


@pytest.mark.parametrize(
    "app", [failing(b"<p>text"), failing(b"<"), failing(written=b"<p>"), failing(b"<p>", lazily=True)]
)
def test_it_is_too_late_once_a_byte_was_given(app: App) -> None:
    answer = edited(app)
    with pytest.raises(RuntimeError, match="the database is gone") as raised:
        answer.run()
    assert any(entry.name == "chunks" for entry in raised.traceback), "the application's traceback is lost"
    assert answer.status == "200 OK"
    assert answer.started == 1


def test_an_exc_info_without_an_exception_is_an_error_of_the_application() -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        start_response("200 OK", [HTML])
        yield b"<p>"
        start_response("500 Oh", [HTML], (None, None, None))

    with pytest.raises(AssertionError, match="without an exception"):
        edited(app).run()


def test_an_error_page_of_the_application_has_its_exc_info_on_the_way_to_the_server() -> None:
    seen = []

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            open_database()
        except RuntimeError:
            start_response("500 Oh", [HTML], sys.exc_info())
        return [b"sorry"]

    class Reporting(StrictServer):
        def start_response(self, status: Any, headers: Any, exc_info: Any = None) -> Any:
            seen.append(exc_info[1])
            return super().start_response(status, headers, exc_info)

    Reporting(lambda environ, start: respond(app, environ, start, Edit(None))).run()
    assert [str(error) for error in seen] == ["the database is gone"]


def test_start_response_twice_without_exc_info_is_an_error_of_the_application() -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [HTML])
        start_response("404 Not Found", [HTML])
        return [PAGE]

    with pytest.raises(AssertionError, match="a second time"):
        edited(app).run()


# close().


def test_the_body_is_closed_once_where_all_goes_well_and_not_before_its_end() -> None:
    body = Body(b"<body>", b"</body>")
    answer = edited(answering(body))
    with answer.running() as running:
        assert list(running) == [b"<body>", MARK + b"</body>"]
        assert body.closed == 0
    assert body.closed == 1
    answer.result.close()  # type: ignore[attr-defined]
    assert body.closed == 1
    assert list(answer.result) == []


@pytest.mark.parametrize("content_type", [HTML, ("Content-Type", "text/event-stream")])
def test_the_body_is_closed_once_where_the_server_never_iterates_or_stops_early(
    content_type: tuple[str, str],
) -> None:
    for taken in (0, 1):
        body = Body(b"<p>one", b"<p>two", b"<p>three")

        def app(
            environ: dict[str, Any], start_response: Callable[..., Any], body: Body = body
        ) -> Iterable[bytes]:
            start_response("200 OK", [content_type])
            return body

        with edited(app).running() as running:
            for _ in range(taken):
                next(running)
        assert body.closed == 1


@pytest.mark.parametrize("chunks_before", [0, 1, 2])
def test_the_body_is_closed_once_where_its_iteration_fails(chunks_before: int) -> None:
    class Failing(Body):
        def __next__(self) -> bytes:
            for chunk in self.chunks:
                return chunk
            raise RuntimeError("mid-stream")

    body = Failing(*[b"<p>"] * chunks_before)
    with pytest.raises(RuntimeError, match="mid-stream"):
        edited(answering(body)).run()
    assert body.closed == 1


def test_the_body_is_closed_once_where_the_servers_start_response_fails() -> None:
    def broken(status: str, headers: Headers, exc_info: Any = None) -> Any:
        raise ConnectionResetError("gone")

    environ = StrictServer(answering([])).environ
    for media_type in ("text/html", "text/plain"):
        for wrapper in (None, Body):
            body = Body(PAGE)

            def app(
                environ: dict[str, Any],
                start_response: Callable[..., Any],
                body: Body = body,
                media_type: str = media_type,
            ) -> Iterable[bytes]:
                start_response("200 OK", [("Content-Type", media_type)])
                return body

            with pytest.raises(ConnectionResetError):
                respond(app, environ | {"wsgi.file_wrapper": wrapper}, broken, Edit())
            assert body.closed == 1


def test_the_body_is_closed_once_where_it_cannot_be_iterated() -> None:
    class NoIterable:
        closed = 0

        def close(self) -> None:
            self.closed += 1

    body: Any = NoIterable()
    with pytest.raises(TypeError, match="not iterable"):
        edited(answering(body)).run()
    assert body.closed == 1


def test_a_close_that_fails_fails_as_it_does_without_us() -> None:
    class Failing(Body):
        def close(self) -> None:
            super().close()
            raise OSError("cannot close")

    body = Failing(PAGE)
    with pytest.raises(OSError, match="cannot close"):
        edited(answering(body)).run()
    assert body.closed == 1


def test_an_application_that_raises_raises_through() -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [HTML])
        raise RuntimeError("no answer")

    answer = edited(app)
    with pytest.raises(RuntimeError, match="no answer"):
        answer.run()
    assert answer.started == 0, "the server can still answer for itself"


def test_iterables_without_close_and_iterators_of_an_iterable_work() -> None:
    class Page:
        def __iter__(self) -> Iterator[bytes]:
            yield PAGE[:20]
            yield PAGE[20:]

    assert edited(answering(Page())).run().body == MARKED
    assert edited(answering(iter([PAGE]))).run().body == MARKED


# HEAD.


@pytest.mark.parametrize("body", [[], [b""], [PAGE], Body(), Body(PAGE), Body(b"")])
def test_head_gets_the_headers_of_an_edited_page_and_its_body_as_it_is(body: Any) -> None:
    headers = [("Content-Length", "46"), ("ETag", '"e"'), ("X-Own", "yes")]
    answer = edited(answering(body, *headers), Edit(LINKS), REQUEST_METHOD="HEAD").run()
    assert answer.headers == [HTML, ("ETag", '"e"'), ("X-Own", "yes")]
    assert answer.body in (b"", PAGE)


def test_head_of_what_is_not_edited_keeps_its_headers() -> None:
    headers = [("Content-Length", "46"), ("ETag", '"e"')]
    answer = edited(answering([], *headers), Edit(None), REQUEST_METHOD="HEAD").run()
    assert answer.headers == [HTML, *headers]


def test_a_host_that_turns_head_into_get_is_still_answering_head() -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ["REQUEST_METHOD"] = "GET"
        start_response("200 OK", [HTML])
        return [PAGE]

    planner = Edit()
    answer = edited(app, planner, REQUEST_METHOD="HEAD").run()
    assert [page and page.tags for page in planner.pages] == [False]
    assert DELIVERED not in answer.headers


# Headers.


def test_a_private_page_drops_what_speaks_of_its_old_bytes_and_what_lets_caches_keep_it() -> None:
    kept = [
        ("Vary", "Cookie"),
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
        ("Link", "<x>"),
        ("Link", "<y>"),
    ]
    dropped = [
        ("ETag", '"e"'),
        ("last-modified", "yesterday"),
        ("Content-MD5", "m"),
        ("Digest", "d"),
        ("Content-Digest", "d"),
        ("Repr-Digest", "d"),
        ("accept-ranges", "bytes"),
        ("Expires", "tomorrow"),
        ("Pragma", "x"),
        ("Cache-Control", "public"),
        ("cache-control", "max-age=9"),
        ("CDN-Cache-Control", "max-age=600"),
        ("Cloudflare-CDN-Cache-Control", "max-age=600"),
        ("Surrogate-Control", "max-age=600"),
        ("X-Accel-Expires", "600"),
    ]
    answer = edited(answering([PAGE], *dropped, *kept), Edit(private=True)).run()
    assert answer.headers == [
        HTML,
        *kept,
        ("Cache-Control", "private, no-store"),
        ("Content-Length", str(len(MARKED))),
        DELIVERED,
    ]


def test_a_page_that_is_edited_alike_for_everybody_keeps_its_caching() -> None:
    kept = [("ETag", '"e"'), ("Last-Modified", "yesterday"), ("Cache-Control", "public"), ("Expires", "x")]
    page = [f"<a href='//{HOST}/'>".encode()]
    dropped = [("Accept-Ranges", "bytes"), ("Content-MD5", "m"), ("Digest", "d")]
    answer = edited(answering(page, *kept, *dropped), Edit(LINKS)).run()
    assert answer.headers[:-1] == [HTML, *kept]
    assert answer.header("Content-Length") == str(len(answer.body))


def test_make_private_changes_no_other_header_and_not_its_argument() -> None:
    headers = [HTML, ("Cache-Control", "public"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]
    made = make_private(headers)
    assert made == [
        HTML,
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
        ("Cache-Control", "private, no-store"),
    ]
    assert len(headers) == 4


def test_a_planner_may_leave_an_answer_alone() -> None:
    headers = [HTML, ("Content-Length", "46")]
    for body in ([PAGE], Body(PAGE)):
        answer = edited(answering(body, headers[1]), lambda headers, find_page: None).run()
        assert (answer.headers, answer.body) == (headers, PAGE)


@pytest.mark.parametrize(
    "body",
    [
        lambda: [PAGE],
        lambda: Body(PAGE),
        lambda: Body(b"", PAGE),
        lambda: iter([PAGE[:9], PAGE[9:]]),
        list,
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_the_validator_of_wsgiref_is_content_within_and_around_us(
    body: Callable[[], Iterable[bytes]], method: str
) -> None:
    within = validator(answering(body()))
    around = validator(lambda environ, start: respond(within, environ, start, Edit()))
    answer = StrictServer(around, REQUEST_METHOD=method, QUERY_STRING="").run()
    assert answer.status == "200 OK"
    if method == "GET" and PAGE in (answer.body, answer.body.replace(MARK, b"")):
        assert answer.body == MARKED

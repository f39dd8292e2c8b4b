"""The WSGI plumbing between a host and the login flow, against a room that runs."""

from __future__ import annotations

import logging
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from wsgiref.util import FileWrapper
from wsgiref.validate import validator

import pytest
import requests
from webtest.lint import middleware as lint

from chatsso_middleware import UNKNOWN, ChatSSOMiddleware, ChatUser
from chatsso_middleware.assembly import Site
from chatsso_middleware.handle import Handle
from chatsso_middleware.login_flow import Chat
from chatsso_middleware.providers.website_toolbox import WebsiteToolbox
from chatsso_middleware.sandbox.website_toolbox import RunningSandbox, serve
from chatsso_middleware.state.session_state import SessionState
from tests.support.servers import serving
from tests.support.settings import settings_for
from tests.support.strict_server import StrictServer
from tests.support.visitor import Visitor, set_cookies

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

ANN = "ann@example.com"
BOB = "bob@example.com"
HTML = ("Content-Type", "text/html; charset=utf-8")
PLAIN = ("Content-Type", "text/plain")
PRIVATE = ("Cache-Control", "private, no-store")
TAG = re.compile(rb'<img border="0" width="1" height="1" alt="" src="([^"]+)">')


@pytest.fixture
def room() -> Iterator[RunningSandbox]:
    with serve() as sandbox:
        yield sandbox


class Host:
    """A site whose pages link to the room, with a view that logs in and one that logs out."""

    def __init__(self, chat: str) -> None:
        self.page = f'<!doctype html><body><a href="{chat}/">chat</a></body>'.encode()
        self.headers = [HTML]
        """Of every page."""
        self.views: dict[str, App] = {"/login": self._log_in, "/logout": self._log_out}
        self.environs: list[dict[str, Any]] = []

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.environs.append(dict(environ))
        view = self.views.get(environ["PATH_INFO"], self._page)
        return view(environ, start_response)

    def _page(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", list(self.headers))
        return [self.page]

    def _log_in(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ["chatsso"].log_in(email=environ["QUERY_STRING"] or ANN)
        cookies = [("Set-Cookie", "own=1"), ("Set-Cookie", "own=2")]
        start_response("303 See Other", [("Location", "/"), *cookies, PLAIN])
        return [b""]

    def _log_out(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ["chatsso"].log_out()
        start_response("303 See Other", [("Location", "/"), PLAIN])
        return [b""]


@pytest.fixture
def host(room: RunningSandbox) -> Host:
    return Host(room.url)


Build = Callable[..., ChatSSOMiddleware]


@pytest.fixture
def build(room: RunningSandbox, tmp_path: Path) -> Iterator[Build]:
    """Puts the middleware around an application."""
    sites: list[Site] = []

    def put_around(app: App, *, noticed: Any = None, **changed: Any) -> ChatSSOMiddleware:
        middleware = ChatSSOMiddleware(app, settings_for(room, tmp_path, **changed), noticed=noticed)
        sites.append(middleware.site)
        return middleware

    yield put_around
    for site in sites:
        site.stop()


@pytest.fixture
def visitor(host: Host, build: Build) -> Visitor:
    return Visitor(build(host))


def tags(answer: StrictServer) -> list[str]:
    return [tag.decode() for tag in TAG.findall(answer.body)]


def state_cookies(answer: StrictServer) -> list[str]:
    return [value for value in set_cookies(answer) if value.startswith("chatsso=")]


# Visitors of whom we know nothing.


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        ("200 OK", [HTML, ("ETag", '"e"'), ("Cache-Control", "public"), ("X", "1"), ("X", "2")]),
        ("404 Not Found", [HTML]),
        ("200 OK", [("Content-Type", "image/png"), ("Content-Length", "9")]),
        ("304 Not Modified", [("ETag", '"e"')]),
    ],
)
def test_an_answer_to_a_stranger_is_the_hosts_own_to_the_very_objects(
    build: Build, status: str, headers: list[tuple[str, str]]
) -> None:
    body, seen = [b"<body>text</body>"], []

    class Server(StrictServer):
        def start_response(self, status: str, headers: Any, exc_info: Any = None) -> Any:
            seen.append(headers)
            return super().start_response(status, headers, exc_info)

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response(status, headers)
        return body

    answer = Server(build(app), HTTP_COOKIE="other=1; session=2").run()
    assert (answer.status, answer.headers) == (status, headers)
    assert answer.result is body
    assert seen[0] is headers


def test_the_request_of_a_stranger_reaches_the_host_as_it_came(host: Host, visitor: Visitor) -> None:
    request = visitor.request(
        HTTP_IF_NONE_MATCH='"e"',
        HTTP_IF_MODIFIED_SINCE="x",
        HTTP_ACCEPT_ENCODING="gzip",
        HTTP_RANGE="bytes=0-",
    )
    before = dict(request.environ)
    request.run()
    (environ,) = host.environs
    assert isinstance(environ.pop("chatsso"), Handle)
    assert environ == before


def test_a_file_of_the_server_passes_as_the_very_object(build: Build, tmp_path: Path) -> None:
    made: list[Iterable[bytes]] = []

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ["chatsso"].log_in(email=ANN)
        start_response("200 OK", [("Content-Type", "application/zip")])
        made.append(environ["wsgi.file_wrapper"]((tmp_path / "file").open("rb")))
        return made[0]

    (tmp_path / "file").write_bytes(b"zip")
    server: dict[str, Any] = {"wsgi.file_wrapper": FileWrapper}
    answer = Visitor(build(app)).get(**server)
    assert answer.result is made[0]
    assert answer.body == b"zip"
    assert len(state_cookies(answer)) == 1


# The handle.


def test_a_login_leaves_status_and_body_and_cookies_of_the_host_as_they_are(visitor: Visitor) -> None:
    answer = visitor.get("/login")
    assert (answer.status, answer.body) == ("303 See Other", b"")
    own_cookies = [("Set-Cookie", "own=1"), ("Set-Cookie", "own=2")]
    assert answer.headers[:5] == [("Location", "/"), *own_cookies, PLAIN, PRIVATE]
    (cookie,) = state_cookies(answer)
    assert cookie.endswith("HttpOnly; Path=/; SameSite=Lax")


@pytest.mark.parametrize(
    ("changed", "environ", "secure"),
    [
        ({}, {}, False),
        ({}, {"wsgi.url_scheme": "https"}, True),
        ({"site_url": "https://www.site.example"}, {}, True),
        ({"site_url": "http://www.site.example"}, {}, False),
    ],
)
def test_the_cookie_is_secure_where_the_site_is(
    host: Host, build: Build, changed: dict[str, str], environ: dict[str, str], secure: bool
) -> None:
    (cookie,) = state_cookies(Visitor(build(host, **changed)).get("/login", **environ))
    assert ("; Secure" in cookie) is secure


def log_in(environ: Mapping[str, Any]) -> None:
    environ["chatsso"].log_in(email=ANN)


def from_another_thread(environ: Mapping[str, Any]) -> None:
    thread = threading.Thread(target=log_in, args=(environ,))
    thread.start()
    thread.join()


def from_a_copied_environ(environ: Mapping[str, Any]) -> None:
    log_in(dict(environ))


@pytest.mark.parametrize("way", [log_in, from_another_thread, from_a_copied_environ])
@pytest.mark.parametrize("media_type", ["text/html", "application/json", "text/event-stream"])
@pytest.mark.parametrize("lazily", [False, True])
def test_the_host_may_log_in_until_its_first_chunk_whatever_it_answers_with(
    build: Build, way: Callable[[Mapping[str, Any]], None], media_type: str, lazily: bool
) -> None:
    def chunks(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        if lazily:
            start_response("200 OK", [("Content-Type", media_type)])
        way(environ)
        yield b"one"
        yield b"two"

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not lazily:
            start_response("200 OK", [("Content-Type", media_type)])
        return chunks(environ, start_response)

    answer = Visitor(build(app)).get()
    assert len(state_cookies(answer)) == 1
    assert answer.body.startswith(b"onetwo")


def test_a_login_after_the_headers_are_gone_is_logged_and_raises_nothing(
    build: Build, caplog: pytest.LogCaptureFixture
) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        start_response("200 OK", [HTML])
        yield b"<body>"
        log_in(environ)
        environ["chatsso"].log_out()
        yield b"</body>"

    visitor = Visitor(build(app))
    answer = visitor.get()
    assert (answer.body, set_cookies(answer)) == (b"<body></body>", [])
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]
    assert "headers of its answer were gone" in caplog.text
    assert ANN not in caplog.text


def test_a_host_that_fails_fails_as_it_does_without_us(build: Build) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        log_in(environ)
        raise LookupError("the host's own")

    answer = Visitor(build(app)).request()
    with pytest.raises(LookupError, match="the host's own"):
        answer.run()
    assert answer.started == 0


def test_an_error_page_by_exc_info_keeps_the_login_and_is_told_of_once(build: Build) -> None:
    told = []

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        log_in(environ)
        start_response("200 OK", [HTML])
        yield b""
        try:
            int("no number")
        except ValueError:
            start_response("500 Oh", [HTML, ("X-Error", "yes")], sys.exc_info())
        yield b"<body>sorry</body>"

    answer = Visitor(build(app, noticed=lambda *arguments: told.append(arguments))).get()
    assert answer.status == "500 Oh"
    assert answer.header("X-Error") == "yes"
    assert answer.header("Cache-Control") == "private, no-store"
    assert len(state_cookies(answer)) == 1
    assert len(told) == 1


# Pages of those who are logged in.


def test_the_page_after_the_login_has_the_tag_once_and_no_cache_keeps_it(
    host: Host, visitor: Visitor
) -> None:
    visitor.get("/login")
    host.headers = [HTML, ("ETag", '"e"'), ("Cache-Control", "public"), ("X-Own", "1"), ("X-Own", "2")]
    page = visitor.get()
    assert len(tags(page)) == 1
    assert "/sso/token/login?access_token=" in tags(page)[0]
    assert b"/?access_token=" in page.body
    assert page.headers[:4] == [HTML, ("X-Own", "1"), ("X-Own", "2"), PRIVATE]
    assert page.header("Content-Length") == str(len(page.body))
    (acknowledgement,) = set_cookies(page)
    assert acknowledgement.startswith("chatsso.website_toolbox=")
    again = visitor.get()
    assert tags(again) == []
    assert PRIVATE in again.headers
    assert set_cookies(again) == []


def test_a_page_that_has_no_place_for_the_tag_leaves_it_due(host: Host, visitor: Visitor) -> None:
    visitor.get("/login")
    page, host.page = host.page, b"<body><!-- no end"
    assert visitor.get().headers == [HTML]
    host.page = page
    assert len(tags(visitor.get())) == 1


@pytest.mark.parametrize(
    ("body", "headers", "environ"),
    [
        (b"<p>", [HTML], {"REQUEST_METHOD": "HEAD"}),
        (b"<p>", [HTML], {"REQUEST_METHOD": "POST"}),
        (b"<p>", [HTML], {"HTTP_HX_REQUEST": "true"}),
        (b"<p>", [HTML], {"HTTP_SEC_PURPOSE": "prefetch"}),
        (b"{}</body>", [("Content-Type", "application/json")], {}),
        (b"<p>", [HTML, ("Content-Encoding", "gzip")], {}),
        (b"<p>", [HTML, ("Content-Disposition", "attachment")], {}),
        (b"", [HTML], {}),
    ],
)
def test_the_tag_waits_for_a_whole_page_for_a_person(
    host: Host, visitor: Visitor, body: bytes, headers: list[tuple[str, str]], environ: dict[str, str]
) -> None:
    visitor.get("/login")
    page, host.page, host.headers = host.page, body, headers
    other = visitor.get(**environ)
    assert (other.body, set_cookies(other)) == (body, [])
    host.page, host.headers = page, [HTML]
    assert len(tags(visitor.get())) == 1


def test_a_streamed_page_goes_out_chunk_by_chunk_with_the_tag_at_its_place(
    host: Host, visitor: Visitor
) -> None:
    taken = []

    def stream(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        start_response("200 OK", [HTML, ("Content-Length", "22")])
        for chunk in (b"<body><p>one", b"<p>two", b"</body>"):
            taken.append(chunk)
            yield chunk

    host.views["/stream"] = stream
    visitor.get("/login")
    request = visitor.request("/stream")
    with request.running() as running:
        for count, _ in enumerate(running, start=1):
            assert len(taken) == count
    assert request.chunks[:2] == taken[:2]
    assert TAG.sub(b"", request.chunks[2]) == b"</body>"
    assert len(tags(request)) == 1
    assert request.header("Content-Length") is None


def test_the_host_is_asked_for_a_page_that_can_be_edited_and_for_nothing_else(
    host: Host, visitor: Visitor
) -> None:
    conditions = {"HTTP_IF_NONE_MATCH": '"e"', "HTTP_IF_MODIFIED_SINCE": "x", "HTTP_RANGE": "bytes=1-"}
    visitor.get("/login")
    for other in ({}, {"HTTP_SEC_FETCH_DEST": "script"}, {"HTTP_SEC_FETCH_DEST": "video"}):
        request = visitor.request(HTTP_ACCEPT_ENCODING="gzip", **conditions, **other)
        before = dict(request.environ)
        request.run()
        environ = host.environs[-1]
        del environ["chatsso"]
        if other:
            assert environ == before
        else:
            del before["HTTP_IF_NONE_MATCH"], before["HTTP_IF_MODIFIED_SINCE"]
            assert environ == before | {"HTTP_ACCEPT_ENCODING": "identity"}


@pytest.mark.parametrize("changed", [{"links": "no", "tags": "no"}, {"delivery": "gateway", "links": "no"}])
def test_where_nothing_will_be_edited_the_request_stays_as_it_is(
    host: Host, build: Build, changed: dict[str, str]
) -> None:
    visitor = Visitor(build(host, **changed))
    visitor.get("/login")
    if "tags" not in changed:
        visitor.get(tags(visitor.get())[0])
    page = visitor.get(HTTP_IF_NONE_MATCH='"e"', HTTP_ACCEPT_ENCODING="gzip")
    assert host.environs[-1]["HTTP_IF_NONE_MATCH"] == '"e"'
    assert host.environs[-1]["HTTP_ACCEPT_ENCODING"] == "gzip"
    assert (page.body, page.headers) == (host.page, [HTML])


def test_with_tags_off_links_change_and_the_other_way_round(host: Host, build: Build) -> None:
    links = Visitor(build(host, tags="no"))
    links.get("/login")
    links.get("/chatsso/go")  # waits for the token, as a page without a tag does not
    page = links.get()
    assert b"access_token" in page.body
    assert tags(page) == []
    placed = Visitor(build(host, links="no"))
    placed.get("/login")
    page = placed.get()
    assert TAG.sub(b"", page.body) == host.page
    assert len(tags(page)) == 1


def test_gateway_pages_are_alike_for_everybody_and_keep_their_caching(host: Host, build: Build) -> None:
    kept = [HTML, ("ETag", '"e"'), ("Cache-Control", "public")]
    host.headers = [*kept, ("Accept-Ranges", "bytes")]
    middleware = build(host, delivery="gateway")
    stranger, ann = Visitor(middleware), Visitor(middleware)
    ann.get("/login")
    due = ann.get()
    assert PRIVATE in due.headers
    ann.get(tags(due)[0])
    page, guest = ann.get(HTTP_IF_NONE_MATCH='"e"'), stranger.get(HTTP_IF_NONE_MATCH='"e"')
    assert host.environs[-2]["HTTP_IF_NONE_MATCH"] == host.environs[-1]["HTTP_IF_NONE_MATCH"] == '"e"'
    assert page.body == guest.body
    assert b'href="/chatsso/go?to=%2F&amp;provider=website_toolbox"' in guest.body
    length = ("Content-Length", str(len(page.body)))
    assert page.headers == guest.headers == [*kept, length]


# What a host places itself.


def placing(status: str, media_type: str) -> App:
    def view(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        handle = environ["chatsso"]
        start_response(status, [("Content-Type", media_type), ("Cache-Control", "public")])
        return [f"<body>{handle.chat_url()}{handle.login_tag()}{handle.logout_tag()}</body>".encode()]

    return view


@pytest.mark.parametrize(
    ("status", "media_type"),
    [("200 OK", "text/html"), ("404 Not Found", "text/html"), ("200 OK", "application/json")],
)
def test_an_answer_in_which_the_host_has_placed_a_token_is_kept_by_no_cache(
    host: Host, visitor: Visitor, status: str, media_type: str
) -> None:
    host.views["/own"] = placing(status, media_type)
    stranger = visitor.get("/own")
    assert stranger.header("Cache-Control") == "public"
    visitor.get("/login")
    page = visitor.get("/own")
    assert len(tags(page)) == 1
    assert page.header("Cache-Control") == "private, no-store"
    assert [value.partition("=")[0] for value in set_cookies(page)] == ["chatsso.website_toolbox"]
    again = visitor.get("/own")
    assert tags(again) == []
    assert again.header("Cache-Control") == "private, no-store"


# Where we stand.


def test_below_a_mount_of_the_host_cookies_and_endpoints_are_below_it_too(host: Host, build: Build) -> None:
    visitor = Visitor(build(host, delivery="gateway", login_url="/app/login?then={next}"), SCRIPT_NAME="/app")
    answer = visitor.get("/chatsso/login")
    assert answer.header("Location") == (
        "/app/login?then=%2Fapp%2Fchatsso%2Fgo%3Fto%3D%252F%26provider%3Dwebsite_toolbox"
    )
    assert "Path=/app;" in set_cookies(answer)[0]
    (cookie,) = state_cookies(visitor.get("/login"))
    assert "; Path=/app;" in cookie
    page = visitor.get()
    assert b'href="/app/chatsso/go?to=' in page.body
    assert tags(page)[0].startswith("/app/chatsso/website_toolbox/login.gif?event=")


@pytest.mark.parametrize(
    ("script_name", "path"),
    [
        ("", "/"),
        ("/", "/"),
        ("/app/", "/app"),
        ("/~ann/a@b+c!(d)", "/~ann/a@b+c!(d)"),
        ("/caf\xc3\xa9 1", "/caf%C3%A9%201"),
        ("/a;b", "/a%3Bb"),
        ('/a"\r\n', "/a%22%0D%0A"),
    ],
)
def test_the_path_of_the_cookie_is_written_as_a_browser_writes_it(
    visitor: Visitor, script_name: str, path: str
) -> None:
    (cookie,) = state_cookies(visitor.get("/login", SCRIPT_NAME=script_name))
    assert re.search(r"Path=([^;]*)", cookie.replace('"', ""))[1] == path  # type: ignore[index]


@pytest.mark.parametrize("path", ["/chatsso", "/chatsso/", "/chatsso/go", "/chatsso/nowhere"])
def test_what_is_below_mount_is_ours_and_the_host_never_sees_it(
    host: Host, visitor: Visitor, path: str
) -> None:
    answer = visitor.get(path)
    assert host.environs == []
    assert answer.header("Referrer-Policy") == "no-referrer"
    assert answer.environ["PATH_INFO"] == path
    assert answer.environ["SCRIPT_NAME"] == ""


@pytest.mark.parametrize(
    "path", ["/chatssox", "/chatsso.", "/chats", "/x/chatsso/go", "//chatsso/go", "", "/CHATSSO"]
)
def test_what_only_looks_like_it_is_the_hosts(host: Host, visitor: Visitor, path: str) -> None:
    visitor.get(path)
    assert [environ["PATH_INFO"] for environ in host.environs] == [path]


def test_mount_can_be_moved(host: Host, build: Build) -> None:
    visitor = Visitor(build(host, mount="/members/talk", delivery="gateway"))
    assert b'href="/members/talk/go?to=' in visitor.get().body
    assert visitor.get("/members/talk/go").status == "302 Found"
    visitor.get("/chatsso/go")
    assert host.environs[-1]["PATH_INFO"] == "/chatsso/go"


def test_an_inner_one_is_silent(host: Host, build: Build) -> None:
    inner = build(host, mount="/inner")
    visitor = Visitor(build(inner))
    assert len(state_cookies(visitor.get("/login"))) == 1
    assert len(tags(visitor.get())) == 1
    visitor.get("/inner/go")
    assert host.environs[-1]["PATH_INFO"] == "/inner/go"


def test_something_else_at_our_name_in_the_environ_is_replaced(host: Host, visitor: Visitor) -> None:
    visitor.get(chatsso="what a client cannot send, but a host may have left")
    assert isinstance(host.environs[0]["chatsso"], Handle)


def test_a_pyramid_host_around_us_does_not_mislead_our_own_application(visitor: Visitor) -> None:
    answer = visitor.get(
        "/chatsso/go?to=/room/a",
        **{"webob._parsed_query_vars": ({"to": "/wrong"}, "to=/room/a"), "bfg.routes.route": object()},
    )
    assert answer.header(
        "Location",
    ).endswith("/room/a")  # type: ignore[union-attr]
    assert "bfg.routes.route" in answer.environ


# Failures that are not ours.


class Failing(WebsiteToolbox):
    """A chat system whose author did not think of everything."""

    def link_parameters(self, session: Any, *, remember: bool) -> tuple[tuple[str, str], ...]:
        raise ZeroDivisionError("canary token " + session.token)


def test_an_edit_that_fails_leaves_the_hosts_page_and_the_login(
    host: Host, build: Build, caplog: pytest.LogCaptureFixture
) -> None:
    def page(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ["chatsso"].log_in(ANN, remember=environ["QUERY_STRING"] == "remember")
        start_response("200 OK", [HTML, ("ETag", '"e"')])
        return [host.page]

    middleware = build(page)
    chats: Any = middleware.site.flow.chats
    chat = chats["website_toolbox"]
    visitor = Visitor(middleware)
    visitor.get()
    chats["website_toolbox"] = Chat(Failing(chat.provider.options, chat.provider.api), chat.tokens)
    answer = visitor.get("/?remember")
    assert answer.body == host.page
    assert answer.headers[:3] == [HTML, ("ETag", '"e"'), PRIVATE]
    assert len(state_cookies(answer)) == 1
    assert "ZeroDivisionError" in caplog.text
    assert "test_middleware.py, line" in caplog.text
    assert "canary" not in caplog.text


def test_a_reader_that_fails_changes_nothing(
    host: Host, build: Build, caplog: pytest.LogCaptureFixture
) -> None:
    def reader(environ: Mapping[str, Any]) -> ChatUser | None:
        raise ConnectionError("canary: the host's database")

    visitor = Visitor(build(host, identity=reader))
    answer = visitor.get()
    assert (answer.body, answer.headers) == (host.page, [HTML])
    assert "Who is logged in could not be read: ConnectionError" in caplog.text
    assert "canary" not in caplog.text


def test_a_subscriber_that_fails_does_not_cost_the_login(
    host: Host, build: Build, caplog: pytest.LogCaptureFixture
) -> None:
    def noticed(*_: object) -> None:
        raise OSError("canary")

    visitor = Visitor(build(host, noticed=noticed))
    assert len(state_cookies(visitor.get("/login"))) == 1
    assert "A subscriber to logins failed: OSError" in caplog.text
    assert "canary" not in caplog.text


# Readers.


def test_a_reader_says_who_is_logged_in_after_the_host_has_run(host: Host, build: Build) -> None:
    found: list[Any] = [None]
    noticed: list[tuple[SessionState, SessionState]] = []

    def reader(environ: Mapping[str, Any]) -> Any:
        assert host.environs, "the host has not run"
        return found[0]

    visitor = Visitor(build(host, identity=reader, noticed=lambda environ, *states: noticed.append(states)))
    assert set_cookies(visitor.get()) == []
    found[0] = ChatUser(ANN)
    assert len(tags(visitor.get())) == 1
    found[0] = UNKNOWN
    assert b"access_token" in visitor.get().body
    found[0] = None
    assert "/sso/token/logout" in tags(visitor.get())[0]
    assert [
        (before.user and before.user.email, after.user and after.user.email) for before, after in noticed
    ] == [
        (None, ANN),
        (ANN, None),
    ]


def test_what_is_neither_a_login_nor_a_logout_is_not_told_of(build: Build) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ["chatsso"].expect_login(remember=True)
        start_response("200 OK", [HTML])
        return [b"<body>"]

    told: list[object] = []
    answer = Visitor(build(app, noticed=lambda *states: told.append(states))).get()
    assert len(state_cookies(answer)) == 1
    assert told == []


def test_what_the_host_says_itself_counts_more_than_the_reader(host: Host, build: Build) -> None:
    visitor = Visitor(build(host, identity=lambda environ: ChatUser(BOB)))
    visitor.get("/login")
    handles = [environ["chatsso"] for environ in host.environs]
    assert handles[0].user.email == ANN


class Knowing:
    """A reader that needs no host to know who is there."""

    sees_before_host = True

    def __call__(self, environ: Mapping[str, Any]) -> ChatUser:
        return ChatUser(ANN)


def test_a_reader_that_needs_no_host_is_asked_at_our_endpoints_and_its_login_is_told_of(
    host: Host, build: Build
) -> None:
    noticed: list[SessionState] = []
    middleware = build(host, noticed=lambda environ, before, after: noticed.append(after))
    middleware.site.reader = Knowing()
    answer = Visitor(middleware).get("/chatsso/go")
    assert "access_token=" in str(answer.header("Location"))
    assert len(state_cookies(answer)) == 1
    assert PRIVATE in answer.headers
    assert [state.user and state.user.email for state in noticed] == [ANN]


def test_other_readers_are_not_asked_at_our_endpoints(host: Host, build: Build) -> None:
    def reader(environ: Mapping[str, Any]) -> ChatUser | None:
        raise AssertionError("asked")

    assert set_cookies(Visitor(build(host, identity=reader)).get("/chatsso/go")) == []


# Content-Security-Policy.


def test_a_policy_that_blocks_the_tag_is_warned_of_once(
    host: Host, build: Build, caplog: pytest.LogCaptureFixture, room: RunningSandbox
) -> None:
    policy = ("Content-Security-Policy", "default-src 'self'")
    host.headers = [HTML, policy]
    middleware = build(host)
    for _ in range(2):
        visitor = Visitor(middleware)
        visitor.get("/login")
        assert policy in visitor.get().headers
    (warning,) = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert f"add {room.url} to its img-src" in warning


def test_a_policy_is_extended_where_the_owner_wants_it(
    host: Host, build: Build, room: RunningSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    reports = ("Content-Security-Policy-Report-Only", "img-src 'none'")
    host.headers = [HTML, ("Content-Security-Policy", "default-src 'none'; img-src 'self'"), reports]
    visitor = Visitor(build(host, csp="extend"))
    visitor.get("/login")
    page = visitor.get()
    assert page.header("Content-Security-Policy") == f"default-src 'none'; img-src 'self' {room.url}"
    assert reports in page.headers
    again = visitor.get()
    assert again.header("Content-Security-Policy") == "default-src 'none'; img-src 'self'"
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_through_the_gateway_a_policy_needs_the_site_and_the_chat(
    host: Host, build: Build, room: RunningSandbox
) -> None:
    host.headers = [HTML, ("Content-Security-Policy", f"img-src data:; frame-src {room.url}")]
    visitor = Visitor(build(host, csp="extend", delivery="gateway"))
    visitor.get("/login")
    assert visitor.get().header("Content-Security-Policy") == (
        f"img-src data: {room.url} 'self'; frame-src {room.url} 'self'"
    )


def test_a_site_that_names_itself_is_let_through(host: Host, build: Build, room: RunningSandbox) -> None:
    policy = f"img-src {room.url} https://site.example"
    host.headers = [HTML, ("Content-Security-Policy", policy)]
    visitor = Visitor(build(host, csp="extend", delivery="gateway", site_url="https://site.example/app"))
    visitor.get("/login")
    assert visitor.get().header("Content-Security-Policy") == policy


# Checkers, and a real server.


@pytest.mark.parametrize("check", [validator, lint])
def test_checkers_are_content_within_and_around_us(
    host: Host, build: Build, check: Callable[..., Any]
) -> None:
    def stream(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        start_response("200 OK", [HTML])
        yield b""
        yield b"<body>"
        yield b"</body>"

    host.views["/stream"] = stream

    def within(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] in ("/login", "/logout"):
            return host(environ, start_response)
        # They want text under every name without a dot, which ours, `chatsso`, is not.
        plain = {name: value for name, value in environ.items() if name != "chatsso"}
        checked: Iterable[bytes] = check(host)(plain, start_response)
        return checked

    visitor = Visitor(check(build(within)), HTTP_HOST="site.example")
    for address in ("/", "/login", "/stream", "/", "/chatsso/go", "/chatsso/nowhere", "/logout", "/"):
        for method in ("GET", "HEAD"):
            answer = visitor.request(address, REQUEST_METHOD=method)
            if method == "HEAD" and check is lint:  # it wants HEAD and GET to have bodies alike
                continue
            answer.run()
            visitor.keep_cookies(answer)
            assert answer.started == 1


def test_an_event_stream_reaches_the_browser_event_by_event(build: Build) -> None:
    received = threading.Event()

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        log_in(environ)
        start_response("200 OK", [("Content-Type", "text/event-stream")])
        yield b"data: 1\n\n"
        assert received.wait(20), "the first event was held back"
        yield b"data: 2\n\n"

    with serving(build(app)) as address, requests.Session() as session:
        session.trust_env = False
        with session.get(address, stream=True, timeout=20) as answer:
            chunks = answer.iter_content(chunk_size=None)
            assert next(chunks) == b"data: 1\n\n"
            received.set()
            assert b"".join(chunks) == b"data: 2\n\n"
            assert "chatsso=" in answer.headers["Set-Cookie"]

"""A call ends in time whatever the server does, and nothing of its query is seen on this side."""

from __future__ import annotations

import errno
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from chatsso_middleware.errors import Unavailable
from chatsso_middleware.providers.api import ChatAPI

TIMEOUT = 0.6
LATEST = 2.0
"""Seconds. Far below what any of the servers here would take, far above what a busy machine adds."""

MakeAPI = Callable[..., ChatAPI]
RawServer = Callable[..., Any]


def reason_in_time(api: ChatAPI, url: str, method: str = "POST", fields: dict[str, str] | None = None) -> str:
    started = time.monotonic()
    with pytest.raises(Unavailable) as caught:
        api.call(method, url, fields or {"apikey": "K3y"})
    assert time.monotonic() - started < LATEST
    return caught.value.reason


def hold(wire: Any) -> None:
    wire.hold()


def hold_after_the_request(wire: Any) -> None:
    wire.request()
    wire.hold()


def drip_headers(wire: Any) -> None:
    wire.request()
    wire.drip(b"HTTP/1.1 200 OK\r\n" + b"X-Filler: aaaaaaaaaaaaaaaaaaaa\r\n" * 100)


def drip_body(wire: Any) -> None:
    wire.request()
    wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
    wire.drip(b"{" + b" " * 4999)


def drip_chunks(wire: Any) -> None:
    wire.request()
    wire.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    wire.drip(b"1\r\n \r\n" * 1000)


def continue_for_ever(wire: Any) -> None:
    wire.request()
    while not wire.stopped.is_set():
        wire.send(b"HTTP/1.1 100 Continue\r\n\r\n")


SCRIPTS = [hold_after_the_request, drip_headers, drip_body, drip_chunks, continue_for_ever]


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_deadline_holds_for_the_whole_answer(
    script: Callable[[Any], None], raw_server: RawServer, make_api: MakeAPI
) -> None:
    reason = reason_in_time(make_api(TIMEOUT), raw_server(script).url)
    assert reason.startswith("gave no whole answer within 0.")


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_deadline_holds_for_the_whole_answer_with_tls(
    script: Callable[[Any], None],
    raw_server: RawServer,
    make_api: MakeAPI,
    tls: ssl.SSLContext,
    authority_file: str,
) -> None:
    api = make_api(TIMEOUT, verify=authority_file)
    assert reason_in_time(api, raw_server(script, tls).url).startswith("gave no whole answer within 0.")


def test_the_deadline_holds_for_a_tls_handshake_that_never_ends(
    raw_server: RawServer, make_api: MakeAPI
) -> None:
    url = raw_server(hold).url.replace("http:", "https:")
    assert reason_in_time(make_api(TIMEOUT), url).startswith("gave no whole answer within 0.")


def test_the_deadline_holds_for_a_server_that_does_not_read(raw_server: RawServer, make_api: MakeAPI) -> None:
    reason = reason_in_time(make_api(TIMEOUT), raw_server(hold).url, fields={"emails": "a" * 20_000_000})
    assert reason.startswith("gave no whole answer within 0.")


def test_the_deadline_holds_on_a_connection_that_was_used_before(
    raw_server: RawServer, make_api: MakeAPI
) -> None:
    def answer_once(wire: Any) -> None:
        wire.request()
        wire.answer()
        drip_body(wire)

    server = raw_server(answer_once)
    api = make_api(TIMEOUT)
    assert api.call("POST", server.url, {}).status == 200
    assert reason_in_time(api, server.url).startswith("gave no whole answer within 0.")
    assert server.connections == 1


def test_a_short_wait_does_not_stay_with_the_connection(raw_server: RawServer, make_api: MakeAPI) -> None:
    """Each exchange sets the socket's timeout anew, also when the one before ended with little time left."""

    def answer_slowly(wire: Any) -> None:
        while wire.request() is not None:
            wire.stopped.wait(0.4)
            wire.answer()

    server = raw_server(answer_slowly)
    api = make_api(TIMEOUT)
    assert [api.call("POST", server.url, {}).status for _ in range(3)] == [200, 200, 200]
    assert server.connections == 1


@pytest.fixture
def full_port() -> Iterator[int]:
    """A port whose backlog is full: a connection to it is neither made nor refused."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            assert waiting.connect_ex(listener.getsockname()) == errno.EINPROGRESS
        port: int = listener.getsockname()[1]
        yield port


def test_the_deadline_holds_where_nobody_answers_the_connection(full_port: int, make_api: MakeAPI) -> None:
    reason = reason_in_time(make_api(TIMEOUT), f"http://127.0.0.1:{full_port}")
    assert reason.startswith("gave no whole answer within 0.")


Lookup = Callable[..., list[Any]]


@pytest.fixture
def name_server(monkeypatch: pytest.MonkeyPatch) -> Callable[[Lookup], None]:
    """Puts a lookup in the place of the one that asks the network; addresses in numbers stay as they are."""
    real = socket.getaddrinfo

    def install(lookup: Lookup) -> None:
        def getaddrinfo(host: str, port: int, *, type: int, flags: int = 0) -> list[Any]:  # noqa: A002
            if flags & socket.AI_NUMERICHOST:
                return list(real(host, port, type=type, flags=flags))
            return lookup(port)

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    return install


def address(port: int) -> tuple[Any, ...]:
    return (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", port))


def answer_always(wire: Any) -> None:
    while wire.request() is not None:
        wire.answer()


def test_a_name_is_looked_up(raw_server: RawServer, make_api: MakeAPI) -> None:
    server = raw_server(answer_always)
    assert make_api().call("POST", f"http://localhost:{server.port}", {}).status == 200


def test_the_deadline_holds_for_a_name_server_that_is_silent(
    name_server: Callable[[Lookup], None], make_api: MakeAPI
) -> None:
    over = threading.Event()

    def lookup(port: int) -> list[Any]:
        over.wait()
        return []

    name_server(lookup)
    reason = reason_in_time(make_api(TIMEOUT), "http://room.test")
    over.set()
    assert reason.startswith("gave no whole answer within 0.")


def test_a_name_that_nobody_knows_is_told(name_server: Callable[[Lookup], None], make_api: MakeAPI) -> None:
    def lookup(port: int) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    name_server(lookup)
    assert reason_in_time(make_api(), "http://room.test") == "has a host name that cannot be resolved"


def test_a_name_that_cannot_be_one_is_told(make_api: MakeAPI) -> None:
    url = f"http://{'a' * 64}.test"
    assert reason_in_time(make_api(), url) == "has a host name that cannot be resolved"


def test_an_address_that_swallows_everything_leaves_time_for_the_next(
    name_server: Callable[[Lookup], None],
    full_port: int,
    closed_port: int,
    raw_server: RawServer,
    make_api: MakeAPI,
) -> None:
    server = raw_server(answer_always)
    name_server(lambda port: [address(closed_port), address(full_port), address(server.port)])
    assert make_api(TIMEOUT).call("POST", "http://room.test", {}).status == 200


def test_no_address_that_takes_a_connection_is_told(
    name_server: Callable[[Lookup], None], closed_port: int, make_api: MakeAPI
) -> None:
    name_server(lambda port: [address(closed_port), address(closed_port)])
    assert reason_in_time(make_api(), "http://room.test") == "cannot be reached: no connection"


@pytest.mark.parametrize("path", ["/sso/token/generate", "/api?v=1"])
def test_the_fields_of_a_get_reach_the_server_and_no_log(
    path: str, raw_server: RawServer, make_api: MakeAPI, caplog: pytest.LogCaptureFixture
) -> None:
    received = []

    def record(wire: Any) -> None:
        while (request := wire.request()) is not None:
            received.append(request)
            wire.answer()

    with caplog.at_level(logging.DEBUG):
        answer = make_api().call(
            "GET", raw_server(record).url + path, {"apikey": "K3y&+/", "email": "\u00e4@x.org"}
        )
    assert answer.status == 200
    line = received[0].split(b"\r\n")[0].decode()
    joint = "&" if "?" in path else "?"
    assert line == f"GET {path}{joint}apikey=K3y%26%2B%2F&email=%C3%A4%40x.org HTTP/1.1"
    assert "urllib3.connectionpool" in {record.name for record in caplog.records}
    assert "K3y" not in caplog.text
    assert "x.org" not in caplog.text


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_was_sent_stands_in_no_log_and_no_error_when_the_call_fails(
    method: str, raw_server: RawServer, make_api: MakeAPI, caplog: pytest.LogCaptureFixture, closed_port: int
) -> None:
    def break_off(wire: Any) -> None:
        wire.request()
        wire.reset()

    fields = {"apikey": "K3y"}
    urls = [raw_server(break_off).url, f"http://127.0.0.1:{closed_port}", raw_server(drip_body).url]
    with caplog.at_level(logging.DEBUG):
        for url in urls:
            with pytest.raises(Unavailable) as caught:
                make_api(TIMEOUT).call(method, url, fields)
            assert "K3y" not in repr(caught.value)
            assert caught.value.__suppress_context__
            logging.getLogger("test").error("call failed", exc_info=caught.value)
    assert "call failed" in caplog.text
    assert "K3y" not in caplog.text

"""The WebSocket below DDP, against sockets whose every byte the test writes itself."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme

from chatsso_middleware.errors import Rejected, Unavailable
from chatsso_middleware.providers.rocketchat.ddp.errors import NoConnection
from chatsso_middleware.providers.rocketchat.ddp.websocket import WebSocket, open_websocket
from tests.providers.rocketchat.ddp.ddp_server import DDPServer, Visitor, frame, open_by_hand

RawServer = Callable[..., Any]
Chat = Callable[..., DDPServer]

SOON = 0.4
"""Seconds that are given to what never comes to an end."""
LATEST = 3.0
"""Seconds. Far below what any of the servers here would take, far above what a busy machine adds."""


@contextmanager
def opened(url: str, seconds: float = 5.0, **options: Any) -> Iterator[WebSocket]:
    deadline = time.monotonic() + seconds
    websocket = open_websocket(url, deadline=deadline, provider="rocketchat", **options)
    try:
        yield websocket
    finally:
        websocket.close()


def received(url: str, seconds: float = 5.0) -> str:
    with opened(url, seconds) as websocket:
        return websocket.receive(time.monotonic() + seconds)


def sends(*data: bytes) -> Callable[[Any], None]:
    """A script that opens the WebSocket and sends each of `data` at once."""

    def script(wire: Any) -> None:
        open_by_hand(wire)
        for piece in data:
            wire.send(piece)
        while wire.connection.recv(4096):
            pass

    return script


def answers(status: bytes, *headers: bytes, body: bytes = b"") -> Callable[[Any], None]:
    """A script that answers the handshake by HTTP alone."""

    def script(wire: Any) -> None:
        wire.request()
        wire.answer(body, *headers, status=status)

    return script


@pytest.mark.parametrize("base", ["", "/", "/base", "/base/"])
def test_it_is_opened_below_the_chats_own_path(chat: Chat, base: str) -> None:
    server = chat(lambda visitor: visitor.say(n=visitor.path))
    assert received(server.url + base) == '{"n": "%s"}' % (base.rstrip("/") + "/websocket")


def test_the_request_names_no_origin_and_asks_for_no_extension(raw_server: RawServer) -> None:
    seen: list[bytes] = []

    def script(wire: Any) -> None:
        seen.append(wire.request())

    server = raw_server(script)
    with pytest.raises(NoConnection, match="broke off the connection"):
        received(server.url)
    lines = {line.partition(b":")[0].lower(): line for line in seen[0].split(b"\r\n") if line}
    assert lines[b"host"] == b"Host: 127.0.0.1:%d" % server.port
    assert lines[b"user-agent"] == b"User-Agent: chatsso-middleware"
    assert not {b"origin", b"authorization", b"cookie", b"sec-websocket-extensions"} & lines.keys()


@pytest.mark.parametrize("size", [1, 7, 100000])
def test_a_message_arrives_however_it_is_cut(raw_server: RawServer, size: int) -> None:
    data = frame(b"", opcode=9) + frame("gr\u00fc".encode()[:3], last=False) + frame(b"", opcode=9)
    data += frame("gr\u00fc".encode()[3:], opcode=0, last=False) + frame(b"", opcode=10)
    data += frame("\u00df".encode(), opcode=0)
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    assert received(raw_server(sends(*pieces)).url) == "gr\u00fc\u00df"


def test_messages_that_come_with_the_handshake_are_kept_in_order(raw_server: RawServer) -> None:
    def script(wire: Any) -> None:
        whole: list[bytes] = []
        send, wire.send = wire.send, whole.append
        open_by_hand(wire)
        send(whole[0] + frame(b"1") + frame(b"2") + frame(b"3"))
        wire.connection.recv(1)

    with opened(raw_server(script).url) as websocket:
        assert [websocket.receive(time.monotonic() + 5) for _ in range(3)] == ["1", "2", "3"]


def test_a_deadline_in_the_middle_of_a_message_loses_nothing(raw_server: RawServer) -> None:
    def script(wire: Any) -> None:
        open_by_hand(wire)
        wire.send(frame(b"whole")[:4])
        wire.connection.recv(100)  # a message of ours
        wire.send(frame(b"whole")[4:])
        wire.connection.recv(1)

    with opened(raw_server(script).url) as websocket:
        with pytest.raises(TimeoutError):
            websocket.receive(time.monotonic() + 0.05)
        websocket.send("go on", time.monotonic() + 5)
        assert websocket.receive(time.monotonic() + 5) == "whole"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (frame(b"{}", opcode=2), "sent binary data instead of a message"),
        (frame(b"\xff"), "sent a message that is not UTF-8"),
        (frame(b"\xed\xa0\x80"), "sent a message that is not UTF-8"),
        (frame(b"x" * 65537), "sent a message of more than 65536 bytes"),
        (
            frame(b"x" * 40000, last=False) + frame(b"x" * 40000, opcode=0),
            "sent a message of more than 65536 bytes",
        ),
        (b"\x81\x7f\x7f" + b"\xff" * 7, "sent a message of more than 65536 bytes"),
        (b"\x83\x00", "broke the rules of WebSocket (RFC 6455)"),
        (b"\xc1\x02{}", "broke the rules of WebSocket (RFC 6455)"),
        (frame(b"x", opcode=0), "broke the rules of WebSocket (RFC 6455)"),
        (b"HTTP/1.1 200 OK\r\n" * 20, "broke the rules of WebSocket (RFC 6455)"),
    ],
)
def test_what_is_no_message_is_refused_for_good(raw_server: RawServer, data: bytes, reason: str) -> None:
    with pytest.raises(Unavailable) as caught:
        received(raw_server(sends(data)).url)
    assert caught.value.reason == reason
    assert type(caught.value) is Unavailable


def test_a_message_of_the_largest_size_arrives(raw_server: RawServer) -> None:
    assert received(raw_server(sends(frame(b"x" * 65536))).url) == "x" * 65536


def resets(wire: Any) -> None:
    open_by_hand(wire)
    wire.reset()


def breaks_off_in_a_message(wire: Any) -> None:
    open_by_hand(wire)
    wire.send(frame(b"whole")[:3])


@pytest.mark.parametrize(
    "script",
    [
        lambda wire: wire.request(),
        lambda wire: (wire.request(), wire.reset()),
        lambda wire: (wire.request(), wire.send(b"HTTP/1.1 101 Swi")),
        open_by_hand,
        resets,
        breaks_off_in_a_message,
        sends(frame(b"", opcode=8)),
        sends(frame(b"\x03\xe9going away", opcode=8)),
    ],
)
def test_a_connection_that_breaks_off_may_be_tried_again(
    raw_server: RawServer, script: Callable[[Any], Any]
) -> None:
    with pytest.raises(NoConnection) as caught:
        received(raw_server(script).url)
    assert caught.value.reason == "broke off the connection"


def test_what_came_before_the_end_is_read_whatever_goes_out_meanwhile(raw_server: RawServer) -> None:
    burst = frame(b"1") + frame(b"", opcode=9) + frame(b"2") + frame(b"\x03\xe9", opcode=8)
    with opened(raw_server(sends(burst)).url) as websocket:
        assert websocket.receive(time.monotonic() + 5) == "1"
        websocket.send("late", time.monotonic() + 5)
        assert websocket.receive(time.monotonic() + 5) == "2"
        with pytest.raises(NoConnection):
            websocket.send("too late", time.monotonic() + 5)


def test_what_came_before_a_reset_is_read(raw_server: RawServer) -> None:
    burst = frame(b"1") + frame(b"2")

    def script(wire: Any) -> None:
        open_by_hand(wire)
        wire.send(burst)
        wire.connection.recv(4096)
        wire.reset()

    with opened(raw_server(script).url) as websocket:
        assert websocket.receive(time.monotonic() + 5) == "1"
        deadline = time.monotonic() + 5
        for _ in range(10000):  # until the reset has arrived, and after it
            websocket.send("x" * 1000, deadline)
        assert websocket.receive(deadline) == "2"
        with pytest.raises(NoConnection):
            websocket.receive(deadline)
        with pytest.raises(NoConnection):
            websocket.send("x", deadline)


def test_a_reset_is_noticed_by_who_only_sends(raw_server: RawServer) -> None:
    def send_for_ever(websocket: WebSocket, deadline: float) -> None:
        while True:
            websocket.send("x" * 1000, deadline)

    with opened(raw_server(resets).url) as websocket, pytest.raises(NoConnection):
        send_for_ever(websocket, time.monotonic() + 5)


def test_nothing_goes_out_over_a_connection_that_was_closed(chat: Chat) -> None:
    server = chat(lambda visitor: visitor.connection.close())
    with opened(server.url) as websocket:
        for _ in range(2):
            with pytest.raises(NoConnection):
                websocket.receive(time.monotonic() + 5)
        with pytest.raises(NoConnection):
            websocket.send("late", time.monotonic() + 5)


@pytest.mark.parametrize(
    ("script", "reason", "retry_after"),
    [
        (answers(b"404 Not Found", body=b"secret"), "answered with status 404 instead of a WebSocket", None),
        (answers(b"200 OK", body=b"secret"), "answered with status 200 instead of a WebSocket", None),
        (
            answers(b"302 Found", b"Location: http://127.0.0.1:1/secret"),
            "answered with status 302 and a redirect, which is not followed, instead of a WebSocket",
            None,
        ),
        (answers(b"429 Too Many", b"Retry-After: 7"), "limits our calls (429)", 7.0),
        (
            answers(b"503 Busy", b"Retry-After: 99999"),
            "answered with status 503 instead of a WebSocket",
            300.0,
        ),
        (answers(b"101 Switching Protocols"), "answered something that opens no WebSocket", None),
        (
            answers(
                b"101 Switching Protocols",
                b"Upgrade: websocket",
                b"Connection: Upgrade",
                b"Sec-WebSocket-Accept: c2VjcmV0",
            ),
            "answered something that opens no WebSocket",
            None,
        ),
        (
            lambda wire: (wire.request(), wire.send(b"SSH-2.0-secret\r\n\r\n"), wire.hold()),
            "answered something that opens no WebSocket",
            None,
        ),
        (answers(b"200 OK", body=b"x" * 70000), "answered more than 65536 bytes", None),
    ],
)
def test_any_answer_but_a_websocket_is_told_and_never_quoted(
    raw_server: RawServer, script: Callable[[Any], Any], reason: str, retry_after: float | None
) -> None:
    with pytest.raises(Unavailable) as caught:
        received(raw_server(script).url)
    assert caught.value.reason == reason
    assert caught.value.retry_after == retry_after
    assert not isinstance(caught.value, NoConnection)


def drip_handshake(wire: Any) -> None:
    wire.request()
    wire.drip(b"HTTP/1.1 101 Switching Protocols\r\n" + b"X-Filler: aaaaaaaaaaaaaaaaaaaa\r\n" * 100)


def drip_message(wire: Any) -> None:
    open_by_hand(wire)
    wire.drip(frame(b"x" * 5000))


def ping_for_ever(wire: Any) -> None:
    """And never read the pongs, until neither side's buffers hold any more."""
    open_by_hand(wire)
    while not wire.stopped.is_set():
        wire.send(frame(b"x" * 125, opcode=9) * 1000)


def fragments_for_ever(wire: Any) -> None:
    open_by_hand(wire)
    wire.send(frame(b"", last=False))
    while not wire.stopped.is_set():
        wire.send(frame(b"", opcode=0, last=False) * 1000)


@pytest.mark.parametrize("over_tls", [False, True], ids=["http", "https"])
@pytest.mark.parametrize(
    "script",
    [lambda wire: wire.hold(), drip_handshake, drip_message, ping_for_ever, fragments_for_ever],
    ids=["silence", "drip_handshake", "drip_message", "pings", "fragments"],
)
def test_everything_ends_at_the_deadline(
    raw_server: RawServer,
    tls: ssl.SSLContext,
    authority_file: str,
    script: Callable[[Any], Any],
    over_tls: bool,
) -> None:
    server = raw_server(script, tls if over_tls else None)
    verify: Any = authority_file if over_tls else True
    started = time.monotonic()
    deadline = started + SOON
    with pytest.raises(TimeoutError), opened(server.url, SOON, verify=verify) as websocket:
        websocket.receive(deadline)
    assert SOON <= time.monotonic() - started < LATEST


def test_a_tls_handshake_that_never_comes_ends_at_the_deadline(raw_server: RawServer) -> None:
    server = raw_server(lambda wire: wire.hold())
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        received(server.url.replace("http:", "https:"), SOON)
    assert time.monotonic() - started < LATEST


def test_a_deadline_that_has_passed_reaches_no_server(raw_server: RawServer) -> None:
    server = raw_server(lambda wire: wire.hold())
    for url in (server.url, "http://name.invalid", server.url.replace("http:", "https:")):
        with pytest.raises(TimeoutError):
            received(url, 0)


def test_a_trusted_certificate_is_taken_and_no_other(
    chat: Chat, tls: ssl.SSLContext, authority_file: str
) -> None:
    def greet(visitor: Visitor) -> None:
        visitor.say(n=1)

    server = chat(greet, tls)
    with opened(server.url, verify=authority_file) as websocket:
        assert websocket.receive(time.monotonic() + 5) == '{"n": 1}'
    with pytest.raises(Unavailable, match="showed a certificate that cannot be trusted: ") as caught:
        received(server.url)
    assert not isinstance(caught.value, NoConnection)


def test_authorities_that_cannot_be_read_are_told(chat: Chat, tls: ssl.SSLContext, tmp_path: Path) -> None:
    server = chat(lambda visitor: visitor.say(n=1), tls)
    (tmp_path / "broken.pem").write_text("no certificate")
    for name in ("missing.pem", "broken.pem"):
        with (
            pytest.raises(Rejected, match="certificate authorities"),
            opened(server.url, verify=str(tmp_path / name)),
        ):
            pass


def test_a_certificate_for_another_host_is_not_taken(
    chat: Chat, authority: trustme.CA, authority_file: str
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("other.example.com").configure_cert(context)
    server = chat(lambda visitor: visitor.say(n=1), context)
    with pytest.raises(Unavailable, match="certificate"), opened(server.url, verify=authority_file):
        pass


def test_a_server_that_speaks_no_tls_is_no_connection(raw_server: RawServer) -> None:
    server = raw_server(lambda wire: wire.send(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    with pytest.raises(NoConnection, match="failed in the TLS handshake"):
        received(server.url.replace("http:", "https:"))


@pytest.mark.parametrize("host", ["name.invalid", "x" * 64 + ".example.com"])
def test_a_name_that_has_no_address_is_told(host: str) -> None:
    with pytest.raises(NoConnection, match="has a host name that cannot be resolved"):
        received(f"http://{host}")


def test_a_port_that_nobody_listens_on_is_told(closed_port: int) -> None:
    with pytest.raises(NoConnection, match="cannot be reached: no connection"):
        received(f"http://127.0.0.1:{closed_port}")


def test_every_address_of_a_name_is_tried(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    server = chat(lambda visitor: visitor.say(n=1))
    resolve = socket.getaddrinfo

    def two_addresses(host: str, port: int, **options: Any) -> Any:
        if options.get("flags") == socket.AI_NUMERICHOST:
            raise socket.gaierror
        return [resolve(address, port, **options)[0] for address in ("127.0.0.2", "127.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", two_addresses)
    assert received(f"http://chat.example.com:{server.port}") == '{"n": 1}'


def test_a_name_server_that_says_nothing_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def never(host: str, port: int, **options: Any) -> Any:
        if options.get("flags") != socket.AI_NUMERICHOST:
            over.wait()
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", never)
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        received("http://chat.example.com", SOON)
    over.set()
    assert time.monotonic() - started < LATEST


@pytest.mark.parametrize(
    "url", ["http://", "http://127.0.0.1:99999", "ftp://127.0.0.1", "http://127.0.0.1#x"]
)
def test_an_address_that_no_websocket_can_have_is_rejected(url: str) -> None:
    with pytest.raises(Rejected, match="has no address that a WebSocket could have"):
        received(url)


def test_no_proxy_of_the_environment_is_used(
    chat: Chat, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "ws_proxy", "wss_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port}")
    assert received(chat(lambda visitor: visitor.say(n=1)).url) == '{"n": 1}'


def test_closing_says_goodbye(chat: Chat) -> None:
    server = chat(lambda visitor: visitor.hear())
    with opened(server.url):
        pass
    assert server.wait_until_left(1)
    assert server.visitors[0].connection.protocol.close_code == 1000

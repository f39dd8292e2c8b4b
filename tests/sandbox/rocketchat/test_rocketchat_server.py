from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
import requests
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect as connect_socket

from chatsso_middleware.sandbox.rocketchat import RunningSandbox, serve
from chatsso_middleware.sandbox.rocketchat.websocket import WebSocket
from tests.sandbox.rocketchat.clients import RealtimeClient, RestClient

Connect = Callable[[RunningSandbox], RealtimeClient]


def threads_of(sandbox: RunningSandbox) -> list[str]:
    port = sandbox.url.rpartition(":")[2]
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(f"sandbox-{port}")]


def raw(sandbox: RunningSandbox, *sent: bytes) -> bytes:
    """What comes back over one connection for these bytes, until it is closed or falls silent."""
    address = urlsplit(sandbox.url)
    received = b""
    with socket.create_connection((address.hostname, address.port), timeout=5) as connection:
        for piece in sent:
            connection.sendall(piece)
        connection.shutdown(socket.SHUT_WR)
        while piece := connection.recv(65536):
            received += piece
    return received


def test_one_port_speaks_http_and_websocket(sandbox: RunningSandbox, connect: Connect) -> None:
    client = connect(sandbox)
    assert requests.get(f"{sandbox.url}/home", timeout=10).status_code == 200
    assert client.call("login", {"resume": "x"})["error"]["error"] == 403


def test_one_connection_carries_many_requests(api: RestClient) -> None:
    for _ in range(3):
        assert api.get("me").status_code == 200
    address = urlsplit(api.sandbox.url)
    request = f"GET /api/v1/info HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode()
    assert raw(api.sandbox, request + request, request).count(b"HTTP/1.1 200 OK") == 3


def test_a_client_that_wants_to_end_the_connection_may(sandbox: RunningSandbox) -> None:
    answer = raw(sandbox, b"GET /api/v1/info HTTP/1.0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    answer = raw(sandbox, b"HEAD /home HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\n"), "a HEAD has no body"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", b"414"),
        (b"POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n", b"413"),
        (b"POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n", b"400"),
        (b"POST /api/v1/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", b"411"),
        (b"nonsense\r\n\r\n", b"400"),
    ],
    ids=["long line", "large body", "no length", "chunked", "no request"],
)
def test_what_is_no_request_of_a_sane_client_is_refused(
    sandbox: RunningSandbox, request_: bytes, status: bytes
) -> None:
    answer = raw(sandbox, request_)
    assert status in answer.split(b"\r\n")[0]
    assert answer.count(b"HTTP/1.1 ") <= 1, "nothing after it is read"


def test_a_handshake_that_is_none_is_refused(sandbox: RunningSandbox) -> None:
    answer = raw(sandbox, b"GET /websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 4")


def test_a_plain_request_for_the_realtime_protocol_is_told_so(sandbox: RunningSandbox) -> None:
    answer = requests.get(f"{sandbox.url}/websocket", timeout=10)
    assert (answer.status_code, answer.text) == (400, 'Can "Upgrade" only to "WebSocket".')


def test_another_path_opens_no_websocket(sandbox: RunningSandbox) -> None:
    with (
        pytest.raises(InvalidStatus),
        connect_socket(f"{sandbox.url.replace('http', 'ws')}/other", proxy=None),
    ):
        raise AssertionError("it must not open")


def test_the_realtime_protocol_can_be_shut(sandbox: RunningSandbox, connect: Connect) -> None:
    sandbox.fail_with(status=503, on="/websocket", times=1)
    with (
        pytest.raises(InvalidStatus, match="503"),
        connect_socket(f"{sandbox.url.replace('http', 'ws')}/websocket", proxy=None),
    ):
        raise AssertionError("it must not open")
    (call,) = sandbox.calls.wait_for("/websocket")
    assert (call.method, call.status, call.success) == ("GET", 503, False)
    sandbox.fail_with(delay=0.1, on="/websocket", times=1)
    begun = time.monotonic()
    assert connect(sandbox).call("login", {"resume": "x"})["error"]["error"] == 403
    assert time.monotonic() - begun >= 0.1


def test_a_message_in_pieces_is_put_together_and_a_large_one_ends_the_connection(
    sandbox: RunningSandbox, connect: Connect
) -> None:
    client = connect(sandbox)
    client.socket.send(iter(['{"msg": "ping",', ' "id"', ': "é"}']))
    assert client.next() == {"msg": "pong", "id": "é"}
    client.socket.send("x" * 70_000)
    with pytest.raises(ConnectionClosed):
        client.next()


def test_nothing_follows_the_end_of_a_websocket() -> None:
    headers = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    ours, theirs = socket.socketpair()
    with ours, theirs:
        websocket = WebSocket(ours, "/websocket", headers.items())
        assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in theirs.recv(65536)
        websocket.close()
        websocket.send("too late")
        websocket.close()
        assert websocket.receive(1) is None
        ours.shutdown(socket.SHUT_WR)
        assert theirs.recv(65536) == b"\x88\x02\x03\xe9", "one frame that says 1001, going away"
        assert theirs.recv(65536) == b""


def test_a_client_that_leaves_is_forgotten(sandbox: RunningSandbox, connect: Connect) -> None:
    client = connect(sandbox)
    assert sandbox.chat.connected == 1
    client.socket.close()
    address = urlsplit(sandbox.url)
    deadline = time.monotonic() + 10
    while sandbox.chat.connected and time.monotonic() < deadline:
        raw(sandbox, f"GET /api/v1/info HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode())
    assert sandbox.chat.connected == 0


def test_a_client_that_is_gone_is_no_hindrance_to_those_who_talk(
    sandbox: RunningSandbox, connect: Connect
) -> None:
    chat = sandbox.chat
    ann = chat.add_user("ann")
    client = connect(sandbox)
    client.log_in(resume=chat.mint_token(ann).token)
    client.send(msg="sub", id="s", name="stream-room-messages", params=["general"])
    client.until("ready")
    client.socket.socket.close()
    for number in range(20):
        chat.say("general", ann, str(number))
    assert len(chat.messages("general")) == 20


def test_a_stopped_chat_refuses_connections_and_leaves_no_thread(
    sandbox: RunningSandbox, connect: Connect, api: RestClient
) -> None:
    client = connect(sandbox)
    api.get("me")
    assert len(threads_of(sandbox)) == 3
    begun = time.monotonic()
    sandbox.stop()
    assert time.monotonic() - begun < 2
    assert threads_of(sandbox) == []
    with pytest.raises(ConnectionClosed):
        client.next()
    with pytest.raises(requests.ConnectionError):
        requests.get(sandbox.url, timeout=10)
    sandbox.stop()


def test_a_chat_that_starts_again_has_the_same_address_and_state(
    sandbox: RunningSandbox, api: RestClient, connect: Connect
) -> None:
    user = api.create()
    url = sandbox.url
    sandbox.stop()
    sandbox.start()
    assert sandbox.url == url
    assert api.get("users.info", username="ann").json()["user"] == user
    assert connect(sandbox).log_in(resume=api.token_for(user["_id"]))["id"] == user["_id"]


def test_starting_twice_is_a_mistake(sandbox: RunningSandbox) -> None:
    with pytest.raises(RuntimeError, match="running already"):
        sandbox.start()


def test_a_port_that_is_taken_is_an_error_of_the_system(sandbox: RunningSandbox) -> None:
    port = int(sandbox.url.rpartition(":")[2])
    with pytest.raises(OSError, match="Address already in use"), serve(port=port):
        raise AssertionError("it must not start")


def test_stopping_does_not_wait_for_answers_that_are_held_back(api: RestClient) -> None:
    api.sandbox.fail_with(delay=60, times=1)
    with ThreadPoolExecutor(1) as pool:
        loading = pool.submit(api.get, "me")
        api.sandbox.chat.faults.wait_until_held_back()
        begun = time.monotonic()
        api.sandbox.stop()
        assert time.monotonic() - begun < 2
        with suppress(requests.ConnectionError, requests.exceptions.ChunkedEncodingError):  # cut off, or not
            loading.result(timeout=30)


def test_many_callers_are_served_at_once(sandbox: RunningSandbox) -> None:
    def create(number: int) -> int:
        with RestClient(sandbox) as client:
            return len(client.create(f"user{number}")["_id"])

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(create, range(24))) == {17}
    assert len({user.id for user in sandbox.chat.users}) == 24


def test_two_callers_who_want_one_name_do_not_both_get_it(sandbox: RunningSandbox) -> None:
    def create(_number: int) -> int:
        with RestClient(sandbox) as client:
            body = {"username": "ann", "email": "ann@example.com", "name": "Ann", "password": "pw"}
            return client.post("users.create", body).status_code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(create, range(8))) == [200] + [400] * 7


def test_faults_hold_for_the_api_unless_told_otherwise(api: RestClient) -> None:
    sandbox = api.sandbox
    sandbox.fail_with(status=503, headers=(("Retry-After", "7"),))
    answer = api.post("login", {"user": "ann", "password": "open-sesame"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "7")
    assert sandbox.calls[-1].parameters == {"user": "ann", "password": "***"}
    assert requests.get(f"{sandbox.url}/home", timeout=10).status_code == 200
    sandbox.fail_with(body="{", content_type="application/json", on="/api/v1/users.")
    assert api.get("me").status_code == 200
    assert api.get("users.info", username="ann").text == "{"
    assert sandbox.calls[-1].parameters == {"username": "ann"}
    sandbox.fail_with(delay=0.1)
    begun = time.monotonic()
    assert api.get("me").status_code == 200
    assert time.monotonic() - begun >= 0.1
    sandbox.fail_with(status=500)
    assert api.session.post(f"{sandbox.url}/api/v1/login", data="[", timeout=10).status_code == 500
    assert sandbox.calls[-1].parameters == {}


def test_it_serves_over_ipv6() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError as problem:
        pytest.skip(f"no IPv6 on this machine: {problem}")
    with serve(host="::1") as sandbox:
        assert requests.get(f"{sandbox.url}/api/v1/info", timeout=10).status_code == 200

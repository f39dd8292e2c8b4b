from __future__ import annotations

import threading

import pytest

from chatsso_middleware.sandbox.calls import CallLog


@pytest.fixture
def log() -> CallLog:
    return CallLog(lambda: 7.0, secrets=frozenset({"key"}), tokens=frozenset({"token"}))


def record(log: CallLog, path: str = "/a", **parameters: str) -> None:
    log.record("GET", path, parameters, time=log.now(), status=200, success=True, outcome="Done.")


def test_secrets_are_hidden_and_tokens_cut_whatever_the_case_of_their_names(log: CallLog) -> None:
    record(log, key="secret", KEY="secret", Token="abcdefghij", name="ann")
    assert log[0].parameters == {"key": "***", "KEY": "***", "Token": "abcdef…", "name": "ann"}
    assert "secret" not in repr(log[0])


def test_an_empty_secret_is_shown_as_empty(log: CallLog) -> None:
    record(log, key="")
    assert log[0].parameters == {"key": ""}


def test_only_the_latest_thousand_calls_are_kept(log: CallLog) -> None:
    for number in range(1001):
        record(log, f"/{number}")
    assert len(log) == 1000
    assert [log[0].path, log[-1].path] == ["/1", "/1000"]


def test_a_call_takes_a_bounded_part_of_memory(log: CallLog) -> None:
    record(
        log, "/" + "p" * 1000, **{"n" * 1000: "v" * 1000}, **{f"name{number}": "" for number in range(100)}
    )
    assert len(log[0].path) == 500
    assert len(log[0].parameters) == 20
    assert len(log[0].parameters["n" * 500]) == 501


def test_calls_can_be_picked_by_path_and_forgotten(log: CallLog) -> None:
    record(log, "/a")
    record(log, "/b")
    assert [call.path for call in log.to("/b")] == ["/b"]
    assert [call.path for call in log] == ["/a", "/b"]
    log.clear()
    assert list(log) == []


def test_waiting_ends_when_the_call_has_come(log: CallLog) -> None:
    record(log, "/a")
    writer = threading.Timer(0.05, record, (log, "/a"))
    writer.start()
    assert len(log.wait_for("/a", count=2)) == 2
    writer.join()


def test_waiting_for_a_call_that_does_not_come_ends_with_an_error(log: CallLog) -> None:
    record(log, "/a")
    with pytest.raises(TimeoutError, match="1 of 2 calls to /a came"):
        log.wait_for("/a", count=2, timeout=0.01)


def test_members_of_an_object_are_hidden_by_their_own_names_and_their_parents(log: CallLog) -> None:
    record(
        log, **{"user.key": "secret", "key.kind": "secret", "login.token": "abcdefghij", "user.name": "ann"}
    )
    assert log[0].parameters == {
        "user.key": "***",
        "key.kind": "***",
        "login.token": "abcdef…",
        "user.name": "ann",
    }

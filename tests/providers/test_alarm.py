from __future__ import annotations

import logging
import threading

import pytest

from chatsso_middleware.providers.alarm import Alarm


def test_a_fault_that_lasts_is_logged_once_until_it_worked_in_between(
    caplog: pytest.LogCaptureFixture,
) -> None:
    alarm = Alarm(logging.getLogger("test.alarm"))
    alarm.rest()
    alarm.sound("%s refuses", "room")
    alarm.sound("%s refuses", "room")
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("ERROR", "room refuses")
    ]
    alarm.rest()
    alarm.sound("%s refuses", "room")
    assert len(caplog.records) == 2


def test_of_many_threads_one_logs_it(caplog: pytest.LogCaptureFixture) -> None:
    alarm = Alarm(logging.getLogger("test.alarm"))
    together = threading.Barrier(16)

    def sound() -> None:
        together.wait()
        alarm.sound("refused")

    threads = [threading.Thread(target=sound) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(caplog.records) == 1

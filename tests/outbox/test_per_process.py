from __future__ import annotations

import subprocess
import sys
import threading

from chatsso_middleware.outbox.per_process import PerProcess


def test_a_process_makes_its_value_once() -> None:
    values = PerProcess(object)
    assert values.get() is values.get()


def test_threads_that_ask_first_at_the_same_moment_get_the_same_value() -> None:
    together = threading.Barrier(4)

    def make() -> object:
        together.wait(10)
        return object()

    values = PerProcess(make)
    got: list[object] = []
    threads = [threading.Thread(target=lambda: got.append(values.get())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(got) == 4
    assert len(set(map(id, got))) == 1


FORKING = """
import os
from chatsso_middleware.outbox.per_process import PerProcess
values = PerProcess(os.getpid)
assert values.get() == os.getpid()
child = os.fork()
if child == 0:
    os._exit(0 if values.get() == os.getpid() else 1)
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
assert values.get() == os.getpid()
raise SystemExit(status)
"""


def test_a_forked_child_makes_its_own() -> None:
    assert subprocess.run([sys.executable, "-c", FORKING], check=False).returncode == 0

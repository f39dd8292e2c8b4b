from __future__ import annotations

import threading

from chatsso_middleware.outbox.forks import _ForkGate

PATIENCE = 20


def test_a_fork_waits_until_everybody_is_outside_and_nobody_enters_during_it() -> None:
    gate = _ForkGate()
    order: list[str] = []
    inside, leave, forking = threading.Event(), threading.Event(), threading.Event()

    def stay() -> None:
        with gate:
            inside.set()
            leave.wait(PATIENCE)
            order.append("left")

    def come() -> None:
        forking.wait(PATIENCE)
        with gate:
            order.append("came")

    first, second = threading.Thread(target=stay), threading.Thread(target=come)
    first.start()
    second.start()
    assert inside.wait(PATIENCE)
    threading.Timer(0.05, leave.set).start()
    gate.before_fork()
    order.append("forked")
    forking.set()
    second.join(0.05)
    gate.after_fork_in_parent()
    for thread in (first, second):
        thread.join(PATIENCE)
    assert order == ["left", "forked", "came"]


def test_the_child_forgets_the_threads_that_it_has_not() -> None:
    gate = _ForkGate()
    with gate:
        pass
    gate.before_fork()
    gate.after_fork_in_child()
    thread = threading.Thread(target=gate.__enter__)
    thread.start()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    gate.__exit__(None, None, None)
    gate.before_fork()
    gate.after_fork_in_parent()

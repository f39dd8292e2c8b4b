"""Another process that uses an outbox: it says what it did, a line at a time, and obeys lines of input."""

from __future__ import annotations

import importlib
import sys

if "fork_greenlets" in sys.argv:
    importlib.import_module("gevent.monkey").patch_all()

import os
import signal
import threading

from chatsso_middleware.changes import Change, Register
from chatsso_middleware.outbox import Outbox, Worker
from chatsso_middleware.users import ChatUser


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def register(address: str) -> Register:
    return Register(ChatUser(address))


def add(outbox: Outbox, name: str, number: str) -> None:
    """When told to, add `number` changes; say so after each has returned; then wait to be killed."""
    say("ready")
    sys.stdin.readline()
    for index in range(int(number)):
        address = f"{name}{index}@example.com"
        outbox.add("room", register(address))
        say(address)
    sys.stdin.readline()


def deliver(outbox: Outbox) -> None:
    """Deliver all there is, and say what the chat was given. In the first, wait until told to go on."""
    told_on = False

    def chat(_provider: str, change: Change) -> None:
        nonlocal told_on
        say(*change.addresses)
        told_on = told_on or bool(sys.stdin.readline())

    while outbox.next_due() is not None:
        outbox.deliver_due(chat)


def crash(outbox: Outbox) -> None:
    """Die in the middle of a delivery."""

    def chat(_provider: str, change: Change) -> None:
        say(*change.addresses)
        os.kill(os.getpid(), signal.SIGKILL)

    outbox.deliver_due(chat)


def fork(outbox: Outbox) -> None:
    """Use outbox and worker before a fork, in the child, and in the parent again."""
    arrived = threading.Event()

    def chat(_provider: str, change: Change) -> None:
        say(" ".join([who, *change.addresses]))
        arrived.set()

    def pass_on(address: str) -> None:
        arrived.clear()
        outbox.add("room", register(address))
        worker.start()
        worker.wake()
        if not arrived.wait(20) or not worker.stop(20):
            say(f"{who} failed")

    who = "parent"
    worker = Worker(outbox, chat)
    pass_on("before@example.com")
    outbox.counts()
    child = os.fork()
    if child == 0:
        who = "child"
        pass_on("child@example.com")
        os._exit(0)
    os.waitpid(child, 0)
    pass_on("after@example.com")


def fork_beside_a_transaction(outbox: Outbox) -> None:
    """Fork while another thread is in the middle of writing."""
    inside = threading.Event()
    forking = threading.Event()

    def write() -> None:
        with outbox._database.writing():
            inside.set()
            forking.wait(20)

    writer = threading.Thread(target=write)
    writer.start()
    inside.wait(20)
    # The fork itself waits, so somebody else has to let the writer go.
    threading.Timer(0.2, forking.set).start()
    child = os.fork()
    if child == 0:
        outbox.add("room", register("child@example.com"))
        say("child")
        os._exit(0)
    os.waitpid(child, 0)
    outbox.add("room", register("parent@example.com"))
    say("parent")
    writer.join(20)


def fork_while_working(outbox: Outbox) -> None:
    """Fork while the parent's worker lives: the child has none until it starts its own."""
    delivered = threading.Event()

    def chat(_provider: str, change: Change) -> None:
        say(" ".join([who, *change.addresses]))
        delivered.set()

    who = "parent"
    worker = Worker(outbox, chat)
    worker.start()
    child = os.fork()
    if child == 0:
        who = "child"
        worker.wake()
        say(f"child has {threading.active_count()} thread")
        worker.start()
        say(f"child has {threading.active_count()} threads")
        worker.stop(20)
        os._exit(0)
    os.waitpid(child, 0)
    worker.start()
    outbox.add("room", register("after@example.com"))
    worker.wake()
    delivered.wait(20)
    worker.stop(20)


def fork_greenlets(outbox: Outbox) -> None:
    """Under gevent, where a fork takes the worker's greenlet along: it must not work in the child."""
    worker = Worker(outbox, lambda _provider, _change: say("delivered"))
    worker.start()
    run = worker._state.get().run
    assert run is not None
    assert run.thread is not None
    child = os.fork()
    if child == 0:
        outbox.add("room", register("child@example.com"))
        run.woken.set()
        run.thread.join(20)
        say(f"{outbox.counts().waiting} waiting")
        worker.start()
        os._exit(0 if worker.stop(20) else 1)
    os.waitpid(child, 0)
    worker.wake()
    while outbox.counts().waiting:
        run.thread.join(0.01)
    worker.stop(20)


if __name__ == "__main__":
    task, url, secret, *rest = sys.argv[1:]
    kept = Outbox(url, [secret])
    match task:
        case "add":
            add(kept, *rest)
        case "deliver":
            deliver(kept)
        case "crash":
            crash(kept)
        case "fork":
            fork(kept)
        case "fork_beside_a_transaction":
            fork_beside_a_transaction(kept)
        case "fork_greenlets":
            fork_greenlets(kept)
        case "fork_while_working":
            fork_while_working(kept)
    kept.close()

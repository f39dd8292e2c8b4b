"""Several processes at one outbox, and processes that die."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable

from chatsso_middleware.changes import Register
from chatsso_middleware.outbox import Outbox
from chatsso_middleware.users import ChatUser
from tests.outbox.stand_ins import SECRET, Chat, start_process


def tell(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def hear(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def all_lines(process: subprocess.Popen[str]) -> list[str]:
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return output.split("\n")[:-1]


def kill(process: subprocess.Popen[str]) -> list[str]:
    """Kill -9; gives what the process said before."""
    process.kill()
    output, _ = process.communicate(timeout=20)
    assert process.returncode == -signal.SIGKILL
    return output.split()


def test_what_was_added_survives_the_death_of_the_process_that_added_it(
    url: str, open_outbox: Callable[..., Outbox], chat: Chat
) -> None:
    process = start_process("add", url, "u", "1000")
    assert hear(process) == "ready"
    tell(process)
    said = [hear(process) for _ in range(5)]
    said += kill(process)  # in the middle of its work
    outbox = open_outbox(url)
    kept = {address for entry in outbox.waiting() for address in entry.addresses}
    assert set(said) <= kept
    assert len(kept) <= len(said) + 1
    assert outbox.deliver_due(chat, limit=len(kept)) == len(kept)


def test_processes_that_start_together_share_the_tables_that_one_of_them_made(
    url: str, open_outbox: Callable[..., Outbox]
) -> None:
    processes = [start_process("add", url, name, "3") for name in ("a", "b", "c", "d")]
    for process in processes:
        assert hear(process) == "ready"
    for process in processes:
        tell(process)
    for process in processes:
        tell(process)
        assert len(all_lines(process)) == 3
    assert open_outbox(url).counts().waiting == 12


def test_two_processes_deliver_every_change_exactly_once(url: str) -> None:
    outbox = Outbox(url, [SECRET])
    addresses = [f"u{number}@example.com" for number in range(60)]
    for address in addresses:
        outbox.add("room", Register(ChatUser(address)))
    processes = [start_process("deliver", url) for _ in range(2)]
    said = [hear(process) for process in processes]
    assert len(set(said)) == 2, "each is at a delivery of its own now"
    for process in processes:
        tell(process)
    for process in processes:
        said += all_lines(process)
    assert sorted(said) == sorted(addresses)
    assert outbox.next_due() is None
    outbox.close()


def test_a_change_is_delivered_again_after_its_worker_was_killed(url: str, chat: Chat) -> None:
    later = Outbox(url, [SECRET], clock=lambda: time.time() + 121)
    ann = Register(ChatUser("ann@example.com"))
    with_real_time = Outbox(url, [SECRET])
    with_real_time.add("room", ann)
    process = start_process("crash", url)
    output, _ = process.communicate(timeout=20)
    assert process.returncode == -signal.SIGKILL
    assert output.split() == ["ann@example.com"]
    assert with_real_time.deliver_due(chat) == 0
    assert later.deliver_due(chat) == 1
    assert chat.changes == [ann]
    later.close()
    with_real_time.close()


def test_an_outbox_and_its_worker_go_on_in_a_forked_child_and_in_its_parent(url: str) -> None:
    process = start_process("fork", url)
    assert all_lines(process) == [
        "parent before@example.com",
        "child child@example.com",
        "parent after@example.com",
    ]


def test_a_child_forked_beside_a_living_worker_has_none_until_it_starts_its_own(url: str) -> None:
    process = start_process("fork_while_working", url)
    assert all_lines(process) == [
        "child has 1 thread",
        "child has 2 threads",
        "parent after@example.com",
    ]


def test_a_child_forked_beside_a_transaction_does_not_find_the_outbox_locked(url: str) -> None:
    process = start_process("fork_beside_a_transaction", url)
    assert all_lines(process) == ["child", "parent"]


def test_a_greenlet_that_a_fork_took_along_leaves_the_work_to_the_childs_own(sqlite_url: str) -> None:
    process = start_process("fork_greenlets", sqlite_url)
    assert all_lines(process) == ["1 waiting", "delivered"]

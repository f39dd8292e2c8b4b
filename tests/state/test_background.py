"""A few threads, a bounded queue, and nothing that a fork or the end of the process could trip over."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import wait

import pytest

from chatsso_middleware.errors import Unavailable
from chatsso_middleware.state.background import Background

SOON = 10.0


def run_python(code: str) -> str:
    """What a process of its own prints."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_job_runs_in_another_thread_and_its_answer_is_in_the_future(background: Background) -> None:
    future = background.submit(lambda: threading.current_thread().name)
    assert future is not None
    assert future.result(SOON).startswith("chatsso-")


def test_many_jobs_run_in_no_more_than_so_many_threads() -> None:
    background = Background(threads=3)
    together = threading.Barrier(3)
    names = []

    def job() -> None:
        together.wait(SOON)
        names.append(threading.current_thread().name)

    futures = [background.submit(job) for _ in range(30)]
    wait([future for future in futures if future is not None], timeout=SOON)
    assert len(names) == 30
    assert len(set(names)) == 3
    background.stop()


def test_one_thread_is_enough_for_one_job_after_the_other(background: Background) -> None:
    names = set()
    for _ in range(20):
        future = background.submit(lambda: threading.current_thread())
        assert future is not None
        thread = future.result(SOON)
        names.add(thread.name)
        wait_until_idle(background)
    assert names == {"chatsso-1"}


def wait_until_idle(background: Background) -> None:
    crew = background._crew()
    with crew._changed:
        assert crew._changed.wait_for(lambda: crew._idle == len(crew._threads), SOON)


def test_jobs_beyond_the_bound_are_refused_and_those_before_still_run() -> None:
    background = Background(threads=1, most_waiting=2)
    begun, go_on = threading.Event(), threading.Event()

    def job() -> None:
        begun.set()
        go_on.wait(SOON)

    first = background.submit(job)
    assert begun.wait(SOON)
    waiting = [background.submit(int) for _ in range(2)]
    assert background.submit(int) is None
    go_on.set()
    assert first is not None
    assert [future.result(SOON) for future in waiting if future is not None] == [0, 0]
    background.stop()


def test_a_job_of_the_same_name_runs_once_while_it_is_under_way_and_again_later(
    background: Background,
) -> None:
    go_on = threading.Event()
    runs = []

    def job() -> int:
        go_on.wait(SOON)
        runs.append(1)
        return len(runs)

    together = threading.Barrier(20)
    futures = []

    def ask() -> None:
        together.wait(SOON)
        futures.append(background.once("name", job))

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON)
    assert len({id(future) for future in futures}) == 1
    go_on.set()
    assert futures[0] is not None
    assert futures[0].result(SOON) == 1
    again = background.once("name", job)
    assert again is not None
    assert again.result(SOON) == 2


def test_an_unforeseen_error_is_logged_by_type_and_place_and_never_by_its_text(
    background: Background, caplog: pytest.LogCaptureFixture
) -> None:
    def job() -> None:
        raise ValueError("the text may hold a key")

    future = background.submit(job)
    assert future is not None
    error = future.exception(SOON)
    assert isinstance(error, ValueError)
    assert error.__traceback__ is None
    assert "ValueError in " in caplog.text
    assert "test_background.py" in caplog.text
    assert "key" not in caplog.text


def test_an_error_of_ours_was_logged_before_and_even_an_exit_ends_no_thread(
    background: Background, caplog: pytest.LogCaptureFixture
) -> None:
    def job(error: BaseException) -> None:
        raise error

    for error in (Unavailable("chat", "is down"), SystemExit(3)):
        future = background.once("same", job, error)
        assert future is not None
        assert future.exception(SOON) is error
    assert "Unavailable" not in caplog.text
    last = background.once("same", int)
    assert last is not None
    assert last.result(SOON) == 0


def test_after_stop_nothing_starts_and_what_waited_is_cancelled() -> None:
    background = Background(threads=1)
    begun, go_on = threading.Event(), threading.Event()

    def job() -> str:
        begun.set()
        go_on.wait(SOON)
        return "done"

    running = background.submit(job)
    assert begun.wait(SOON)
    waiting = background.submit(int)
    threading.Timer(0.05, go_on.set).start()
    background.stop()
    assert running is not None
    assert running.result(0) == "done"
    assert waiting is not None
    assert waiting.cancelled()
    assert wait([waiting], timeout=0).done == {waiting}
    assert background.submit(int) is None


def test_stop_waits_no_longer_than_it_is_told_to() -> None:
    background = Background()
    go_on = threading.Event()
    background.submit(go_on.wait, SOON)
    started = time.monotonic()
    background.stop(0.05)
    assert time.monotonic() - started < SOON / 2
    go_on.set()


def test_a_machine_without_threads_refuses_jobs_and_nothing_breaks(
    monkeypatch: pytest.MonkeyPatch, background: Background
) -> None:
    def cannot_start(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", cannot_start)
        assert background.submit(int) is None
    future = background.submit(int)
    assert future is not None
    assert future.result(SOON) == 0


def test_a_process_ends_at_once_though_jobs_wait_for_a_chat_that_hangs() -> None:
    started = time.monotonic()
    run_python(
        """
        import threading
        from chatsso_middleware.state.background import Background
        background = Background(threads=2)
        begun = threading.Event()
        def job():
            begun.set()
            threading.Event().wait(30)
        for _ in range(100):
            background.submit(job)
        begun.wait(10)
        """
    )
    # ThreadPoolExecutor would take 25 minutes; this bound only tells the two apart.
    assert time.monotonic() - started < 25


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_forked_child_works_though_the_parent_was_in_the_middle_of_a_job() -> None:
    printed = run_python(
        """
        import os, sys, threading
        from chatsso_middleware.state.background import Background
        background = Background(threads=2)
        begun, go_on = threading.Event(), threading.Event()
        def job():
            begun.set()
            go_on.wait(30)
            return os.getpid()
        mine = background.once("name", job)
        begun.wait(10)
        with background._crew()._changed:   # another thread of the parent's holds the lock just now
            child = os.fork()
            if child == 0:
                future = background.once("name", os.getpid)
                print(future.result(10) == os.getpid(), flush=True)
                os._exit(0)
        os.waitpid(child, 0)
        go_on.set()
        print(mine.result(10) == os.getpid())
        """
    )
    assert printed.split() == ["True", "True"]


def test_under_gevent_jobs_run_beside_the_greenlets_and_a_fork_takes_none_along() -> None:
    printed = run_python(
        """
        from gevent import monkey; monkey.patch_all()
        import os, gevent, threading
        from chatsso_middleware.state.background import Background
        background = Background(threads=1)
        def job(number):
            gevent.sleep(0.01)
            return number
        futures = [background.submit(job, number) for number in range(5)]
        print([future.result(10) for future in futures])
        go_on = threading.Event()
        running = background.submit(go_on.wait, 10)
        waiting = background.submit(print, "the job ran", flush=True)
        gevent.sleep(0)
        child = os.fork()
        if child == 0:
            go_on.set()
            gevent.sleep(0.05)
            print(background.submit(job, 7).result(10), flush=True)
            os._exit(0)
        os.waitpid(child, 0)
        go_on.set()
        waiting.result(10)
        """
    )
    assert printed.splitlines() == ["[0, 1, 2, 3, 4]", "7", "the job ran"]


def test_a_job_is_under_way_by_its_name_from_its_submission_to_its_end(background: Background) -> None:
    go_on = threading.Event()
    assert background.under_way("login") is None
    future = background.once("login", go_on.wait, SOON)
    assert future is not None
    found = [background.under_way(name) for name in ("login", "another")]
    assert found == [future, None]
    go_on.set()
    assert future.result(SOON)
    assert background.under_way("login") is None

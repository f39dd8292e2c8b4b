from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from chatsso_middleware.errors import Rejected, Unavailable
from chatsso_middleware.providers.api import Answer, ChatAPI
from chatsso_middleware.providers.transport import CALLS_AT_ONCE
from tests.support.open_sockets import open_sockets

MakeAPI = Callable[..., ChatAPI]
RawServer = Callable[..., Any]


def answer_always(wire: Any) -> None:
    while wire.request() is not None:
        wire.answer()


def available(api: ChatAPI) -> bool:
    return api.available


def fail(api: ChatAPI, url: str, times: int = 1, **options: Any) -> Unavailable:
    for _ in range(times):
        with pytest.raises(Unavailable) as caught:
            api.call("POST", url, {}, **options)
    return caught.value


def test_after_five_failures_nobody_waits_and_one_probe_in_ten_seconds_goes_out(
    httpserver: HTTPServer, make_api: MakeAPI, hand_clock: Any
) -> None:
    httpserver.expect_request("/").respond_with_data(status=500)
    api = make_api(clock=hand_clock)
    url = httpserver.url_for("/")
    fail(api, url, 4)
    assert available(api)
    assert fail(api, url).reason == "answered with status 500"
    assert not available(api)
    refused = fail(api, url)
    assert (refused.reason, refused.retry_after) == ("failed too often, so it is left alone", 10.0)
    assert len(httpserver.log) == 5

    hand_clock.now += 10
    assert available(api)  # for the one that makes the probe
    fail(api, url, 3)
    assert len(httpserver.log) == 6
    assert not available(api)

    httpserver.clear()
    httpserver.expect_request("/").respond_with_data(b"{}")
    hand_clock.now += 10
    assert api.call("POST", url, {}).status == 200
    assert available(api)


def test_an_answer_that_its_reader_cannot_use_counts_as_a_failure(
    httpserver: HTTPServer, make_api: MakeAPI
) -> None:
    httpserver.expect_request("/").respond_with_data(b"<html>Under maintenance")
    api = make_api()
    for _ in range(5):
        with pytest.raises(Unavailable, match="HTML"):
            api.ask("POST", httpserver.url_for("/"), {}, Answer.json_object)
    assert not available(api)


def test_a_refusal_shows_that_the_chat_is_there(httpserver: HTTPServer, make_api: MakeAPI) -> None:
    def refuse(answer: Answer) -> None:
        raise Rejected("room", "no")

    httpserver.expect_request("/no").respond_with_data(b"{}")
    httpserver.expect_request("/down").respond_with_data(status=500)
    api = make_api()
    fail(api, httpserver.url_for("/down"), 4)
    with pytest.raises(Rejected):
        api.ask("POST", httpserver.url_for("/no"), {}, refuse)
    fail(api, httpserver.url_for("/down"), 4)
    assert available(api)


def test_an_error_of_the_reader_itself_goes_through_and_frees_its_place(
    httpserver: HTTPServer, make_api: MakeAPI
) -> None:
    httpserver.expect_request("/").respond_with_data(b"{}")
    api = make_api()
    for _ in range(CALLS_AT_ONCE + 1):
        with pytest.raises(KeyError):
            api.ask("POST", httpserver.url_for("/"), {}, lambda answer: answer.json_object()["token"])
    assert available(api)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_chat_that_asks_to_be_left_alone_is(
    status: int, httpserver: HTTPServer, make_api: MakeAPI, hand_clock: Any
) -> None:
    httpserver.expect_ordered_request("/").respond_with_data(status=status, headers={"Retry-After": "7"})
    httpserver.expect_ordered_request("/").respond_with_data(b"{}")
    api = make_api(clock=hand_clock)
    url = httpserver.url_for("/")
    assert fail(api, url, safe_to_retry=True).retry_after == 7.0
    assert not available(api)
    hand_clock.now += 5
    refused = fail(api, url)
    assert (refused.reason, refused.retry_after) == ("asked to be left alone for a while", 2.0)
    assert len(httpserver.log) == 1
    hand_clock.now += 2
    assert available(api)
    assert api.call("POST", url, {}).status == 200


def test_a_chat_is_never_left_alone_for_longer_than_five_minutes(
    httpserver: HTTPServer, make_api: MakeAPI, hand_clock: Any
) -> None:
    httpserver.expect_request("/").respond_with_data(status=429, headers={"Retry-After": "9" * 40})
    api = make_api(clock=hand_clock)
    assert fail(api, httpserver.url_for("/")).retry_after == 300.0
    hand_clock.now += 299.9
    assert not available(api)
    hand_clock.now += 0.1
    assert available(api)


@pytest.mark.parametrize("value", ["-5", "0", "Thu, 01 Jan 1970 00:00:00 GMT", "soon"])
def test_a_wait_that_is_none_stops_nobody(value: str, httpserver: HTTPServer, make_api: MakeAPI) -> None:
    httpserver.expect_request("/").respond_with_data(status=429, headers={"Retry-After": value})
    api = make_api()
    assert fail(api, httpserver.url_for("/")).reason == "limits our calls (429)"
    assert available(api)


def lose(times: int) -> tuple[list[bytes], Callable[[Any], None]]:
    """A server that breaks off so many times before it answers."""
    received: list[bytes] = []

    def script(wire: Any) -> None:
        while (request := wire.request()) is not None:
            received.append(request)
            if len(received) <= times:
                return
            wire.answer()

    return received, script


def test_a_lost_call_is_made_again_where_that_is_safe(raw_server: RawServer, make_api: MakeAPI) -> None:
    received, script = lose(2)
    answer = make_api().call("POST", raw_server(script).url, {"a": "b"}, safe_to_retry=True)
    assert answer.status == 200
    assert [request.rpartition(b"\r\n")[2] for request in received] == [b"a=b"] * 3


def test_a_lost_call_is_made_three_times_at_the_most(raw_server: RawServer, make_api: MakeAPI) -> None:
    received, script = lose(9)
    fail(make_api(), raw_server(script).url, safe_to_retry=True)
    assert len(received) == 3


def test_a_lost_call_is_not_made_again_where_that_is_not_safe(
    raw_server: RawServer, make_api: MakeAPI
) -> None:
    received, script = lose(1)
    fail(make_api(), raw_server(script).url)
    assert len(received) == 1


@pytest.mark.parametrize(("status", "calls"), [(500, 1), (502, 3), (503, 3), (504, 3), (404, 1)])
def test_only_the_statuses_of_a_gateway_are_worth_another_try(
    status: int, calls: int, httpserver: HTTPServer, make_api: MakeAPI
) -> None:
    httpserver.expect_request("/").respond_with_data(status=status)
    api = make_api()
    if status < 500:
        assert api.call("POST", httpserver.url_for("/"), {}, safe_to_retry=True).status == status
    else:
        fail(api, httpserver.url_for("/"), safe_to_retry=True)
    assert len(httpserver.log) == calls


def test_retries_stay_inside_the_deadline(raw_server: RawServer, make_api: MakeAPI) -> None:
    def hold(wire: Any) -> None:
        wire.request()
        wire.hold()

    server = raw_server(hold)
    started = time.monotonic()
    fail(make_api(0.5), server.url, safe_to_retry=True)
    assert time.monotonic() - started < 1.5
    assert server.connections == 1


def test_a_call_beyond_those_that_may_run_at_once_waits_no_longer_than_its_deadline(
    raw_server: RawServer, make_api: MakeAPI
) -> None:
    arrived = threading.Semaphore(0)
    go_on = threading.Event()

    def hold(wire: Any) -> None:
        wire.request()
        arrived.release()
        go_on.wait()
        wire.answer()

    server = raw_server(hold)
    api = make_api(10.0)
    statuses: list[int] = []

    def call() -> None:
        statuses.append(api.call("POST", server.url, {}).status)

    threads = [threading.Thread(target=call) for _ in range(CALLS_AT_ONCE)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert arrived.acquire(timeout=5)
    api._timeout = 0.2
    failure = fail(api, server.url)
    go_on.set()
    for thread in threads:
        thread.join()
    assert failure.reason == "has 8 calls under way that take too long"
    assert server.connections == CALLS_AT_ONCE
    assert statuses == [200] * CALLS_AT_ONCE
    assert available(api)


def test_many_threads_share_the_connections(raw_server: RawServer, make_api: MakeAPI) -> None:
    server = raw_server(answer_always)
    api = make_api()
    statuses: list[int] = []

    def call() -> None:
        statuses.extend(api.call("POST", server.url, {"n": "1"}).status for _ in range(10))

    threads = [threading.Thread(target=call) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 160
    assert server.connections <= CALLS_AT_ONCE


def run(script: str, url: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script, url], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


AFTER_FORK = """
import os, sys
from chatsso_middleware.providers.api import ChatAPI
from chatsso_middleware.errors import Unavailable

url = sys.argv[1]
api = ChatAPI("room", timeout=5)
api.call("POST", url, {"who": "parent"})
for _ in range(8):
    api._line.places.acquire()  # as a fork in the middle of eight calls would leave them
child = os.fork()
if not child:
    api.call("POST", url, {"who": "child"})
    os._exit(0 if api.available else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
for _ in range(8):
    api._line.places.release()
api.call("POST", url, {"who": "parent"})
"""


def test_a_forked_child_uses_its_own_connection_and_leaves_the_parents_alone(raw_server: RawServer) -> None:
    by_connection: list[list[bytes]] = []

    def record(wire: Any) -> None:
        mine: list[bytes] = []
        by_connection.append(mine)
        while (request := wire.request()) is not None:
            mine.append(request.rpartition(b"=")[2])
            wire.answer()

    run(AFTER_FORK, raw_server(record).url)
    assert by_connection == [[b"parent", b"parent"], [b"child"]]


UNDER_GEVENT = """
from gevent import monkey; monkey.patch_all()
import sys, time, gevent
from chatsso_middleware.providers.api import ChatAPI
from chatsso_middleware.errors import Unavailable

api = ChatAPI("room", timeout=1)
url = sys.argv[1].replace("127.0.0.1", "localhost")

def call(_):
    try:
        return str(api.call("GET", url + "/", {"n": "1"}).status)
    except Unavailable as failure:
        return failure.reason.split()[0]

started = time.monotonic()
jobs = [gevent.spawn(call, number) for number in range(8)]
gevent.joinall(jobs)
print(sorted({job.value for job in jobs}), len(jobs), time.monotonic() - started < 3)
"""


@pytest.mark.parametrize(("answers", "outcome"), [(True, "200"), (False, "gave")])
def test_greenlets_call_beside_each_other_and_keep_their_deadlines(
    answers: bool, outcome: str, raw_server: RawServer
) -> None:
    pytest.importorskip("gevent")

    def script(wire: Any) -> None:
        wire.request()
        if answers:
            wire.answer()
        else:
            wire.drip(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100)

    assert run(UNDER_GEVENT, raw_server(script).url) == f"['{outcome}'] 8 True\n"


def test_after_close_a_call_opens_a_new_connection(raw_server: RawServer, make_api: MakeAPI) -> None:
    server = raw_server(answer_always)
    api = make_api()
    api.call("POST", server.url, {})
    api.close()
    assert api.call("POST", server.url, {}).status == 200
    assert server.connections == 2


def test_close_closes_the_ways_beside_and_those_beside_them(raw_server: RawServer, make_api: MakeAPI) -> None:
    server = raw_server(answer_always)
    api = make_api()
    beside = api.beside("other")
    ways = [api, beside, beside.beside()]
    for way in ways:
        way.call("POST", server.url, {})
    assert open_sockets(server.port) == len(ways)
    beside.close()
    assert open_sockets(server.port) == 1, "what it was made beside stays open"
    api.close()
    assert open_sockets(server.port) == 0
    assert beside.call("POST", server.url, {}).status == 200
    api.close()
    assert open_sockets(server.port) == 0


def test_while_a_probe_is_under_way_nobody_else_is_told_to_call(
    raw_server: RawServer, make_api: MakeAPI, hand_clock: Any, closed_port: int
) -> None:
    probed = threading.Event()
    go_on = threading.Event()

    def hold(wire: Any) -> None:
        wire.request()
        probed.set()
        go_on.wait()
        wire.answer()

    server = raw_server(hold)
    api = make_api(clock=hand_clock)
    fail(api, f"http://127.0.0.1:{closed_port}", 5)
    hand_clock.now += 10
    probe = threading.Thread(target=api.call, args=("POST", server.url, {}))
    probe.start()
    assert probed.wait(5)
    told = available(api)
    go_on.set()
    probe.join()
    assert not told
    assert available(api)

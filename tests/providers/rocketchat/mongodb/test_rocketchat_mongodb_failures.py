from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest

from chatsso_middleware.changes import Register
from chatsso_middleware.errors import Unavailable
from chatsso_middleware.providers.rocketchat.mongodb import UserDocuments
from chatsso_middleware.users import ChatUser
from tests.providers.rocketchat.mongodb.chat_users import ANN, log_in, only_user, refusal, soon
from tests.support.mongo_server import MongoServer

SHORT = 0.5
Make = Callable[..., UserDocuments]


def test_a_server_that_went_away_is_unavailable_and_works_again_when_it_is_back(
    server: MongoServer, chat: UserDocuments
) -> None:
    user_id, token = log_in(chat)
    server.stop()
    with pytest.raises(Unavailable, match=r"cannot be reached|broke off"):
        chat.is_current(user_id, token, soon(SHORT))
    server.start()
    assert chat.is_current(user_id, token, soon())


def test_a_server_that_nobody_can_reach_takes_no_longer_than_the_deadline(
    closed_port: int, make: Make
) -> None:
    chat = make(f"mongodb://127.0.0.1:{closed_port}/rocketchat")
    started = time.monotonic()
    with pytest.raises(Unavailable, match="cannot be reached"):
        chat.open_session(ANN, create=True, deadline=soon(SHORT))
    assert SHORT * 0.9 < time.monotonic() - started < SHORT + 1


@pytest.mark.parametrize(
    ("swallowed", "reason"),
    [((), "cannot be reached"), (("findAndModify", "find", "update", "buildInfo"), "did not answer in time")],
)
def test_a_server_that_never_answers_takes_no_longer_than_the_deadline(
    swallowed: tuple[str, ...], reason: str, server: MongoServer, chat: UserDocuments
) -> None:
    server.swallow(*swallowed)
    for act in (
        lambda: chat.open_session(ANN, create=True, deadline=soon(SHORT)),
        lambda: chat.is_current("a1", "token", soon(SHORT)),
        lambda: chat.close_session("a1", soon(SHORT)),
        lambda: chat.apply(Register(ANN), create=True, deadline=soon(SHORT)),
        lambda: chat.ping(soon(SHORT)),
    ):
        started = time.monotonic()
        with pytest.raises(Unavailable, match=reason):
            act()
        assert SHORT * 0.9 < time.monotonic() - started < SHORT + 1


def test_the_deadline_is_for_the_whole_operation_and_not_for_each_of_its_commands(
    server: MongoServer, chat: UserDocuments
) -> None:
    log_in(chat, ChatUser("bob@example.com"))
    delay = threading.Event()
    for name in ("findAndModify", "find", "listIndexes", "insert"):
        server.before[name] = lambda: delay.wait(SHORT * 0.6)
    started = time.monotonic()
    with pytest.raises(Unavailable, match="in time"):
        chat.open_session(ANN, create=True, deadline=soon(SHORT))
    assert time.monotonic() - started < SHORT * 0.6 * 4


def test_when_the_time_is_over_nothing_is_asked(server: MongoServer, chat: UserDocuments) -> None:
    with pytest.raises(Unavailable, match="was over"):
        chat.close_session("a1", soon(-1))
    assert server.received == []


def test_a_change_of_the_primary_is_waited_for_within_the_deadline(
    server: MongoServer, chat: UserDocuments
) -> None:
    server.fail_with(10107)  # NotWritablePrimary
    assert log_in(chat)[0] == only_user(server)["_id"]


def cut() -> None:
    raise EOFError


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda server: server.fail_with(10107), "MongoDB is changing its primary"),
        (lambda server: server.fail_with(2), "MongoDB answered with error 2"),
        (lambda server: server.before.update(buildInfo=cut), "MongoDB broke off the connection"),
        (lambda server: setattr(server, "wire_version", 3), "cannot be used as mongodb_url asks for"),
    ],
)
def test_each_failure_of_the_database_has_a_reason_that_the_owner_can_read(
    spoil: Callable[[MongoServer], None], reason: str, server: MongoServer, chat: UserDocuments
) -> None:
    spoil(server)
    with pytest.raises(Unavailable, match=reason):
        chat.ping(soon())


def test_a_document_that_mongodb_does_not_take_is_unavailable(
    server: MongoServer, chat: UserDocuments
) -> None:
    server.largest_document = 1000
    with pytest.raises(Unavailable, match="DocumentTooLarge"):
        log_in(chat, ChatUser(ANN.email, name="x" * 20_000))


@pytest.mark.parametrize(
    ("code", "reason"), [(13, "does not let the user"), (18, "refuses the user name or the password")]
)
def test_a_user_of_the_url_whom_mongodb_refuses_is_for_the_owner_to_mend(
    code: int, reason: str, server: MongoServer, chat: UserDocuments
) -> None:
    server.fail_with(code)
    refused = refusal(log_in, chat)
    assert refused.credentials
    assert reason in refused.reason


FORKED = """
import json, os, sys, time
from chatsso_middleware.providers.rocketchat.mongodb import UserDocuments
from chatsso_middleware.secret import Secret
from chatsso_middleware.users import ChatUser

chat = UserDocuments(Secret(sys.argv[1]), "rocketchat")
ann = ChatUser("ann@example.com")

def log_in():
    return chat.open_session(ann, create=True, deadline=time.monotonic() + 20)

before = log_in()
child = os.fork()
if child == 0:
    user_id, token = log_in()
    assert user_id == before[0]
    chat.close()
    os._exit(0 if log_in()[0] == user_id else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
after = log_in()
chat.close()
print(json.dumps([before[0], after[0]]))
"""


def test_a_forked_child_has_a_client_of_its_own_and_leaves_the_parents_alone(server: MongoServer) -> None:
    options = ["-W", "error", "-W", "ignore::DeprecationWarning"]  # a fork beside threads, from 3.12 on
    done = subprocess.run(
        [sys.executable, *options, "-c", FORKED, server.url],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert set(json.loads(done.stdout)) == {only_user(server)["_id"]}

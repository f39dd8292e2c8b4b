from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect as connect_socket

from chatsso_middleware.sandbox.rocketchat import Behaviour, RunningSandbox
from tests.sandbox.chat_client import Clock
from tests.sandbox.rocketchat.clients import RealtimeClient, password
from tests.sandbox.rocketchat.conftest import StartSandbox

Connect = Callable[[RunningSandbox], RealtimeClient]


def test_a_password_logs_in_by_its_digest(sandbox: RunningSandbox, connect: Connect, clock: Clock) -> None:
    ann = sandbox.chat.add_user("ann", password="sesame")
    for user in ({"username": "ann"}, {"email": "ann@example.com"}):
        client = connect(sandbox)
        result = client.log_in(user=user, password=password("sesame"))
        assert result["id"] == ann.id
        assert result["tokenExpires"] == {"$date": round((clock.now + 90 * 24 * 3600) * 1000)}
        assert sandbox.chat.token_owner(result["token"]) is not None
        (published,) = [message for message in client.heard if message.get("collection") == "users"]
        assert (published["msg"], published["id"]) == ("added", ann.id)
        assert published["fields"]["username"] == "ann"


def test_a_token_logs_in_again_as_itself_with_its_own_end(
    sandbox: RunningSandbox, connect: Connect, clock: Clock
) -> None:
    login = sandbox.chat.mint_token(sandbox.chat.add_user("ann"))
    clock.now += 1000
    result = connect(sandbox).log_in(resume=login.token)
    assert result["token"] == login.token
    assert result["tokenExpires"] == {"$date": round(login.expires_at * 1000)}


def test_an_oauth_credential_logs_in_once(sandbox: RunningSandbox, connect: Connect) -> None:
    ann = sandbox.chat.add_user("ann")
    token, secret = sandbox.chat.add_oauth_credential(ann)
    client = connect(sandbox)
    oauth = {"credentialToken": token, "credentialSecret": secret}
    assert (
        client.refusal(oauth={**oauth, "credentialSecret": "wrong"})[1] == "No matching login attempt found"
    )
    assert client.log_in(oauth=oauth)["id"] == ann.id
    assert client.refusal(oauth=oauth) == (145546287, "No matching login attempt found")


def test_an_iframe_token_logs_in_as_often_as_it_stands_there(
    sandbox: RunningSandbox, connect: Connect
) -> None:
    ann = sandbox.chat.add_user("ann")
    sandbox.chat.users_collection.update_one({"_id": ann.id}, {"$set": {"services.iframe.token": "t0ken"}})
    client = connect(sandbox)
    first, second = (client.log_in(iframe=True, token="t0ken") for _ in range(2))
    assert first["id"] == second["id"] == ann.id
    assert first["token"] != second["token"]


def test_an_empty_iframe_token_logs_in_as_whoever_has_one_as_real_servers_do(
    sandbox: RunningSandbox, connect: Connect
) -> None:
    ann = sandbox.chat.add_user("ann")
    sandbox.chat.users_collection.update_one({"_id": ann.id}, {"$set": {"services.iframe.token": ""}})
    assert connect(sandbox).log_in(iframe=True, token="")["id"] == ann.id


@pytest.mark.parametrize("stored", [None, "other"])
def test_an_empty_iframe_token_is_nobodys_who_has_none(
    sandbox: RunningSandbox, connect: Connect, stored: str | None
) -> None:
    ann = sandbox.chat.add_user("ann")
    sandbox.chat.users_collection.update_one({"_id": ann.id}, {"$set": {"services.iframe.token": stored}})
    client = connect(sandbox)
    assert client.refusal(iframe=True, token="")[0] == 400
    assert client.refusal(iframe=True, token=None) == (400, "Match failed")
    assert sandbox.chat.tokens_of(ann) == ()


def test_a_login_in_two_steps_wants_the_code(sandbox: RunningSandbox, connect: Connect) -> None:
    chat = sandbox.chat
    ann = chat.require_two_factor(chat.add_user("ann", password="sesame"))
    login = {"user": {"username": "ann"}, "password": password("sesame")}
    client = connect(sandbox)
    assert client.refusal(**login) == ("totp-required", "TOTP Required")
    assert client.refusal(totp={"code": "000000", "login": login})[0] == "totp-invalid"
    assert client.log_in(totp={"code": "123456", "login": login})["id"] == ann.id


@pytest.mark.parametrize(
    ("how", "refusal"),
    [
        ({"user": {"username": "nobody"}, "password": password("x")}, (403, "User not found")),
        ({"user": {"username": "ann"}, "password": password("x")}, (403, "Incorrect password")),
        ({"user": {"username": "ann"}, "password": "sesame"}, (400, "Match failed")),
        ({"user": {"username": {"$ne": ""}}, "password": password("x")}, (400, "Match failed")),
        ({"user": {"id": "x"}, "password": password("x")}, (400, "Match failed")),
        ({"user": {}, "password": password("x")}, (400, "Match failed")),
        ({"user": "ann", "password": password("x")}, (400, "Match failed")),
        (
            {"user": {"username": "ann"}, "password": {**password("x"), "algorithm": "md5"}},
            (400, "Match failed"),
        ),
        ({"user": {"username": "ann"}, "password": {"digest": "AB" * 32}}, (400, "Match failed")),
        ({"resume": {"$ne": ""}}, (400, "Match failed")),
        ({"resume": "wrong"}, (403, "You've been logged out by the server. Please log in again.")),
        ({"oauth": "x"}, (400, "Match failed")),
        ({"iframe": True, "token": "wrong"}, (400, "Unrecognized options for login request")),
        ({}, (400, "Unrecognized options for login request")),
    ],
    ids=str,
)
def test_what_does_not_log_in_is_refused_in_the_shape_of_meteor(
    sandbox: RunningSandbox, connect: Connect, how: dict[str, Any], refusal: tuple[Any, str]
) -> None:
    sandbox.chat.add_user("ann", password="sesame")
    assert connect(sandbox).refusal(**how) == refusal


def test_a_token_that_has_ended_is_refused(sandbox: RunningSandbox, connect: Connect, clock: Clock) -> None:
    token = sandbox.chat.mint_token(sandbox.chat.add_user("ann")).token
    clock.now += timedelta(days=91).total_seconds()
    assert connect(sandbox).refusal(resume=token)[1].startswith("Your session has expired")


def test_the_end_of_a_token_can_come_in_seconds(start: StartSandbox, connect: Connect, clock: Clock) -> None:
    sandbox = start(behaviour=Behaviour(expires_in_seconds=True))
    token = sandbox.chat.mint_token(sandbox.chat.add_user("ann")).token
    result = connect(sandbox).log_in(resume=token)
    assert result["tokenExpires"] == {"$date": round(clock.now) + 90 * 24 * 3600}


@pytest.mark.parametrize("updated_first", [True, False])
def test_updated_comes_before_or_after_the_result(
    start: StartSandbox, connect: Connect, updated_first: bool
) -> None:
    client = connect(start(behaviour=Behaviour(updated_first=updated_first)))
    client.send(msg="method", method="login", id="1", params=[{"resume": "x"}])
    order = [client.next()["msg"], client.next()["msg"]]
    assert order == (["updated", "result"] if updated_first else ["result", "updated"])


def test_logging_out_revokes_the_token_and_keeps_the_connection(
    sandbox: RunningSandbox, connect: Connect
) -> None:
    login = sandbox.chat.mint_token(sandbox.chat.add_user("ann"))
    client = connect(sandbox)
    client.log_in(resume=login.token)
    assert "error" not in client.call("logout")
    assert sandbox.chat.token_owner(login.token) is None
    assert "removed" in [message.get("msg") for message in client.heard]
    assert "error" not in client.call("logout"), "nobody is logged in, and that is no mistake"


def test_who_is_connected_with_a_token_is_disconnected_when_it_is_revoked(
    sandbox: RunningSandbox, connect: Connect
) -> None:
    chat = sandbox.chat
    ann, bob = chat.add_user("ann"), chat.add_user("bob")
    first, second, other = (chat.mint_token(user).token for user in (ann, ann, bob))
    clients = [connect(sandbox) for _ in range(3)]
    for client, token in zip(clients, (first, second, other), strict=True):
        client.log_in(resume=token)
        client.until("updated")
    chat.log_out(first)
    with pytest.raises(ConnectionClosed):
        clients[0].next()
    chat.log_out_everywhere(ann)
    with pytest.raises(ConnectionClosed):
        clients[1].next()
    assert clients[2].call("logout")["msg"] == "result"


def test_a_second_login_on_a_connection_takes_the_place_of_the_first(
    sandbox: RunningSandbox, connect: Connect
) -> None:
    chat = sandbox.chat
    ann, bob = (chat.mint_token(chat.add_user(name)).token for name in ("ann", "bob"))
    client = connect(sandbox)
    client.log_in(resume=ann)
    client.log_in(resume=bob)
    chat.log_out(ann)
    assert (
        client.call("sendMessage", {"rid": "general", "msg": "Still here"})["result"]["u"]["username"]
        == "bob"
    )


def test_pings_are_answered_with_their_id(sandbox: RunningSandbox, connect: Connect) -> None:
    client = connect(sandbox)
    client.send(msg="ping", id="7")
    assert client.next() == {"msg": "pong", "id": "7"}
    client.send(msg="ping")
    assert client.next() == {"msg": "pong"}


def test_a_silent_client_is_asked_and_one_that_stays_silent_is_disconnected(
    start: StartSandbox, connect: Connect
) -> None:
    client = connect(start(behaviour=Behaviour(ping_after=0.1)))
    assert client.next() == {"msg": "ping"}
    client.send(msg="pong")
    assert client.next() == {"msg": "ping"}
    with pytest.raises(ConnectionClosed):
        client.next()


def test_a_client_that_never_says_connect_is_disconnected_unasked(start: StartSandbox) -> None:
    sandbox = start(behaviour=Behaviour(ping_after=0.1))
    with connect_socket(f"{sandbox.url.replace('http', 'ws')}/websocket", proxy=None) as socket:
        assert json.loads(socket.recv(timeout=10)) == {"server_id": "0"}
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=10)


def test_another_version_of_the_protocol_is_refused(sandbox: RunningSandbox) -> None:
    with connect_socket(f"{sandbox.url.replace('http', 'ws')}/websocket", proxy=None) as socket:
        socket.recv(timeout=10)
        socket.send(json.dumps({"msg": "connect", "version": "pre1", "support": ["pre1"]}))
        assert json.loads(socket.recv(timeout=10)) == {"msg": "failed", "version": "1"}
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=10)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "Bad request"),
        ("[]", "Bad request"),
        ('{"msg": 1}', "Bad request"),
        ("[" * 20_000, "Bad request"),
        ('{"msg": "method", "method": "login", "id": "1"}', "Must connect first"),
    ],
    ids=["no json", "no object", "no msg", "too deep", "not connected"],
)
def test_a_message_that_cannot_be_read_is_an_error(sandbox: RunningSandbox, text: str, reason: str) -> None:
    with connect_socket(f"{sandbox.url.replace('http', 'ws')}/websocket", proxy=None) as socket:
        socket.recv(timeout=10)
        socket.send(text)
        answer = json.loads(socket.recv(timeout=10))
        assert (answer["msg"], answer["reason"]) == ("error", reason)


def test_a_connected_client_that_says_nonsense_stays_connected(
    sandbox: RunningSandbox, connect: Connect
) -> None:
    client = connect(sandbox)
    client.send(msg="dance")
    assert client.next()["reason"] == "Bad request"
    client.send(msg="connect", version="1")
    assert client.next()["reason"] == "Already connected"
    assert client.call("dance")["error"]["error"] == 404
    assert client.call("login", "x")["error"]["error"] == 400
    client.send(msg="method", method="login", id="x", params="x")
    assert client.until("result")["error"]["error"] == 400


def test_what_is_said_reaches_those_who_subscribed_to_the_channel(
    sandbox: RunningSandbox, connect: Connect
) -> None:
    chat = sandbox.chat
    ann = connect(sandbox)
    ann.log_in(resume=chat.mint_token(chat.add_user("ann", name="Ann")).token)
    ann.send(msg="sub", id="s", name="stream-room-messages", params=["general", False])
    assert ann.until("ready")["subs"] == ["s"]
    bob = chat.add_user("bob")
    chat.say("elsewhere", bob, "Not for Ann")
    chat.say("general", bob, " Hello ")
    heard = ann.until("changed")
    assert heard["fields"]["eventName"] == "general"
    assert heard["fields"]["args"][0]["msg"] == "Hello"
    ann.call("sendMessage", {"rid": "general", "msg": "Hi"})
    history = ann.call("loadHistory", "general")["result"]["messages"]
    assert [(each["u"]["username"], each["msg"]) for each in history] == [("ann", "Hi"), ("bob", "Hello")]
    ann.send(msg="unsub", id="s")
    assert ann.until("nosub")["id"] == "s"


def test_an_unknown_subscription_ends_at_once(sandbox: RunningSandbox, connect: Connect) -> None:
    client = connect(sandbox)
    everything: list[Any] = [["general"], [], [{}], "x"]
    for params in everything:
        client.send(msg="sub", id="s", name="stream-room-messages", params=params)
        assert client.until("nosub")["error"]["error"] == 404, "nobody is logged in"
    client.log_in(resume=sandbox.chat.mint_token(sandbox.chat.add_user("ann")).token)
    client.send(msg="sub", id="s", name="everything", params=["general"])
    assert client.until("nosub")["error"]["reason"] == "Subscription 'everything' not found"


@pytest.mark.parametrize(
    ("method", "params", "error"),
    [
        ("sendMessage", [{"rid": "general", "msg": "   "}], "error-invalid-message"),
        ("sendMessage", [{"rid": "general", "msg": "x" * 5001}], "error-message-size-exceeded"),
        ("sendMessage", [{"rid": "general", "msg": {}}], 400),
        ("sendMessage", [], 400),
        ("loadHistory", [], 400),
        ("setUserStatus", ["asleep"], "error-invalid-status"),
    ],
)
def test_a_method_with_bad_parameters_is_refused(
    sandbox: RunningSandbox, connect: Connect, method: str, params: list[Any], error: Any
) -> None:
    client = connect(sandbox)
    client.log_in(resume=sandbox.chat.mint_token(sandbox.chat.add_user("ann")).token)
    assert client.call(method, *params)["error"]["error"] == error


def test_nobody_talks_without_being_logged_in(sandbox: RunningSandbox, connect: Connect) -> None:
    client = connect(sandbox)
    for method, parameter in (
        ("sendMessage", {"rid": "r", "msg": "m"}),
        ("loadHistory", "r"),
        ("setUserStatus", "away"),
    ):
        assert client.call(method, parameter)["error"]["error"] == "error-invalid-user"


def test_a_user_sets_a_status(sandbox: RunningSandbox, connect: Connect) -> None:
    ann = sandbox.chat.add_user("ann")
    client = connect(sandbox)
    client.log_in(resume=sandbox.chat.mint_token(ann).token)
    client.call("setUserStatus", "busy", "")
    assert client.heard[-2]["fields"] == {"status": "busy"}
    assert sandbox.chat.users[0].status == "busy"


def test_methods_stand_in_the_list_of_calls_without_secrets(
    sandbox: RunningSandbox, connect: Connect
) -> None:
    sandbox.chat.add_user("ann", password="sesame")
    client = connect(sandbox)
    result = client.log_in(user={"username": "ann"}, password=password("sesame"))
    client.log_in(resume=result["token"])
    client.refusal(oauth={"credentialToken": "credential-t0ken", "credentialSecret": "s3cret"})
    calls = sandbox.calls.wait_for("/websocket/login", count=3)
    assert calls[0].parameters == {
        "user.username": "ann",
        "password.digest": "***",
        "password.algorithm": "***",
    }
    assert [call.success for call in calls] == [True, True, False]
    assert calls[1].parameters == {"resume": result["token"][:6] + "…"}
    assert calls[2].parameters == {
        "oauth.credentialToken": "creden…",
        "oauth.credentialSecret": "***",
    }


def test_a_method_can_misbehave(sandbox: RunningSandbox, connect: Connect) -> None:
    client = connect(sandbox)
    sandbox.fail_with(body='{"msg": "nonsense"}', on="/websocket/login", times=1)
    client.send(msg="method", method="login", id="1", params=[{"resume": "x"}])
    assert client.next() == {"msg": "nonsense"}
    (call,) = sandbox.calls.wait_for("/websocket/login")
    assert call.success is False


def test_a_method_can_be_answered_late(sandbox: RunningSandbox, connect: Connect) -> None:
    client = connect(sandbox)
    sandbox.fail_with(delay=60, on="/websocket/login")
    client.send(msg="method", method="login", id="1", params=[{"resume": "x"}])
    sandbox.chat.faults.wait_until_held_back()
    sandbox.recover()
    assert client.until("result")["error"]["error"] == 403

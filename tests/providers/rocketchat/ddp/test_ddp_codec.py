from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsso_middleware.providers.rocketchat.ddp.codec import (
    LARGEST_MESSAGE,
    Complaint,
    Connected,
    Message,
    MethodError,
    MethodResult,
    Ping,
    VersionRefused,
    read_message,
    write_connect,
    write_method,
    write_ping,
    write_pong,
)
from chatsso_middleware.providers.rocketchat.ddp.errors import RemoteProtocolError


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"server_id":"0"}', None),
        ('{"server_id":0}', None),
        ("{}", None),
        ('{"msg":"connected","session":"x"}', Connected()),
        ('{"msg":"connected"}', Connected()),
        ('{"msg":"failed","version":"pre2"}', VersionRefused("pre2")),
        ('{"msg":"ping"}', Ping(None)),
        ('{"msg":"ping","id":"7"}', Ping("7")),
        ('{"msg":"ping","id":""}', Ping("")),
        ('{"msg":"pong"}', None),
        ('{"msg":"updated","methods":["1"]}', None),
        ('{"msg":"added","collection":"users","id":"u","fields":{"username":"ann"}}', None),
        ('{"msg":"nosub","id":"4","error":{"error":404}}', None),
        ('{"msg":"of some later version","id":{}}', None),
        ('{"msg":"result","id":"1"}', MethodResult("1")),
        ('{"msg":"result","id":"1","result":null,"error":null}', MethodResult("1")),
        (' {"msg":"result","id":"1","result":{"token":"T"}}\n', MethodResult("1", {"token": "T"})),
        ('{"msg":"result","id":"1","error":{"error":403}}', MethodResult("1", error=MethodError(403))),
        (
            '{"msg":"result","id":"1","error":{"error":"totp-required","reason":"TOTP Required",'
            '"details":{"method":"email"},"message":"TOTP Required [totp-required]",'
            '"errorType":"Meteor.Error"}}',
            MethodResult("1", error=MethodError("totp-required", "TOTP Required", {"method": "email"})),
        ),
        (
            '{"msg":"result","id":"1","error":{"error":400,"reason":null,"details":"text"}}',
            MethodResult("1", error=MethodError(400)),
        ),
        ('{"msg":"error","reason":"Bad request","offendingMessage":{"msg":"x"}}', Complaint()),
    ],
)
def test_a_message_is_read_into_what_it_means(text: str, message: Message | None) -> None:
    assert read_message(text) == message


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "malformed JSON instead of a message"),
        ("secret", "malformed JSON instead of a message"),
        ('{"msg":"ping"', "malformed JSON instead of a message"),
        ('{"msg":"ping"} {}', "malformed JSON instead of a message"),
        ('{"msg":"ping","msg":"pong"}', "malformed JSON instead of a message"),
        ('{"msg":"result","id":"1","result":{"a":1,"a":2}}', "malformed JSON instead of a message"),
        ('{"msg":"result","id":"1","result":NaN}', "malformed JSON instead of a message"),
        ('{"msg":"result","id":"1","result":-Infinity}', "malformed JSON instead of a message"),
        ('{"msg":"result","id":"1","result":1e999}', "malformed JSON instead of a message"),
        ('{"msg":"result","id":"1","result":0.' + "1" * 40 + "}", "malformed JSON instead of a message"),
        ('{"msg":"result","id":"1","result":' + "9" * 33 + "}", "malformed JSON instead of a message"),
        ('{"a":' * 10000, "malformed JSON instead of a message"),
        ("[" * 60000, "malformed JSON instead of a message"),
        ('\ufeff{"msg":"ping"}', "malformed JSON instead of a message"),
        ('["secret"]', "a bare JSON value instead of a message"),
        ('"secret"', "a bare JSON value instead of a message"),
        ("null", "a bare JSON value instead of a message"),
        ('{"msg":{"secret":1}}', "a message whose msg is no string"),
        ('{"msg":null}', "a message whose msg is no string"),
        ('{"msg":"ping","id":{"$ne":1}}', "a message whose id is no string"),
        ('{"msg":"ping","id":null}', "a message whose id is no string"),
        ('{"msg":"ping","id":7}', "a message whose id is no string"),
        ('{"msg":"failed"}', "a message whose version is no string"),
        ('{"msg":"failed","version":1}', "a message whose version is no string"),
        ('{"msg":"result","result":{}}', "a message whose id is no string"),
        ('{"msg":"result","id":1,"result":{}}', "a message whose id is no string"),
        ('{"msg":"result","id":"1","result":{},"error":{"error":403}}', "a result that says yes and no"),
        ('{"msg":"result","id":"1","error":"secret"}', "an error that is no object"),
        ('{"msg":"result","id":"1","error":{}}', "an error whose code is neither a number nor a word"),
        (
            '{"msg":"result","id":"1","error":{"error":true}}',
            "an error whose code is neither a number nor a word",
        ),
        (
            '{"msg":"result","id":"1","error":{"error":4.5}}',
            "an error whose code is neither a number nor a word",
        ),
        (
            '{"msg":"result","id":"1","error":{"error":{}}}',
            "an error whose code is neither a number nor a word",
        ),
        (
            '{"msg":"result","id":"1","error":{"error":403,"reason":{}}}',
            "a message whose reason is no string",
        ),
        (
            '{"msg":"result","id":"1","error":{"error":403,"message":[]}}',
            "a message whose message is no string",
        ),
        (
            '{"msg":"result","id":"1","error":{"error":403,"errorType":0}}',
            "a message whose errorType is no string",
        ),
        (
            '{"msg":"added","x":"' + "x" * LARGEST_MESSAGE + '"}',
            f"a message of more than {LARGEST_MESSAGE} characters",
        ),
    ],
    ids=lambda value: value[:60],
)
def test_what_is_no_message_is_refused_without_being_quoted(text: str, reason: str) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        read_message(text)
    assert str(caught.value) == reason
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_message_of_the_largest_size_is_read() -> None:
    head, tail = '{"msg":"ping","id":"', '"}'
    name = "x" * (LARGEST_MESSAGE - len(head) - len(tail))
    assert read_message(head + name + tail) == Ping(name)


def test_what_is_written_is_what_the_protocol_page_shows() -> None:
    assert json.loads(write_connect()) == {"msg": "connect", "version": "1", "support": ["1"]}
    assert json.loads(write_method("login", "42", [{"resume": "auth-token"}])) == {
        "msg": "method",
        "method": "login",
        "id": "42",
        "params": [{"resume": "auth-token"}],
    }
    assert json.loads(write_ping()) == {"msg": "ping"}
    assert json.loads(write_pong(None)) == {"msg": "pong"}
    assert json.loads(write_pong("\ud800\u2028</script>")) == {"msg": "pong", "id": "\ud800\u2028</script>"}
    assert write_pong("\ud800\u2028").isascii()


def test_no_value_shows_what_may_be_a_secret() -> None:
    error = MethodError("S3cret", "S3cret", {"S3cret": "S3cret"})
    assert "S3cret" not in repr([MethodResult("1", {"token": "S3cret"}), MethodResult("2", error=error)])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = ("msg", "id", "version", "result", "error", "methods", "session", "reason", "details", "message")
KINDS = ("connected", "failed", "ping", "pong", "result", "updated", "error", "added")
ALMOST_MESSAGES = st.dictionaries(
    st.sampled_from(NAMES),
    st.sampled_from(KINDS) | JSON | st.dictionaries(st.sampled_from(NAMES), JSON, max_size=4),
    max_size=5,
)


def read_or_refused(text: str) -> None:
    try:
        read_message(text)
    except RemoteProtocolError as refused:
        assert len(str(refused)) < 80  # noqa: PT017 - either end is fine


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    read_or_refused(text)


@given(ALMOST_MESSAGES)
def test_anything_like_a_message_is_read_or_refused(fields: dict[str, Any]) -> None:
    read_or_refused(json.dumps(fields))

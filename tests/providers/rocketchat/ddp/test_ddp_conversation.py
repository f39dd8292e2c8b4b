from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsso_middleware.providers.rocketchat.ddp.codec import (
    Complaint,
    Connected,
    MethodError,
    MethodResult,
    VersionRefused,
)
from chatsso_middleware.providers.rocketchat.ddp.conversation import Conversation, Event
from chatsso_middleware.providers.rocketchat.ddp.errors import LocalProtocolError, RemoteProtocolError

RESULT = '{"msg":"result","id":"1","result":{"id":"u","token":"T"}}'
ENTERED = MethodResult("1", {"id": "u", "token": "T"})


def connected() -> Conversation:
    conversation = Conversation()
    conversation.connect()
    assert conversation.receive('{"msg":"connected","session":"x"}') == Connected()
    conversation.texts_to_send()
    return conversation


def told(conversation: Conversation, *texts: str) -> list[Event | None]:
    return [conversation.receive(text) for text in texts]


def test_a_whole_login_runs_without_a_socket() -> None:
    conversation = Conversation()
    assert conversation.receive('{"server_id":"0"}') is None
    conversation.connect()
    assert conversation.texts_to_send() == ['{"msg":"connect","version":"1","support":["1"]}']
    assert told(conversation, '{"msg":"connected","session":"x"}') == [Connected()]
    assert conversation.call("login", {"resume": "T"}) == "1"
    assert conversation.texts_to_send() == [
        '{"msg":"method","method":"login","id":"1","params":[{"resume":"T"}]}'
    ]
    assert told(
        conversation,
        '{"msg":"added","collection":"users","id":"u","fields":{}}',
        '{"msg":"ping","id":"9"}',
        RESULT,
        '{"msg":"updated","methods":["1"]}',
    ) == [None, None, ENTERED, None]
    assert conversation.texts_to_send() == ['{"msg":"pong","id":"9"}']
    assert conversation.texts_to_send() == []


def test_the_first_message_of_a_server_may_come_after_our_own() -> None:
    conversation = Conversation()
    conversation.connect()
    assert told(conversation, '{"server_id":"0"}', '{"msg":"connected"}') == [None, Connected()]


@pytest.mark.parametrize("updated", ['{"msg":"updated","methods":["1"]}'])
def test_updated_may_come_before_the_result_and_after_it(updated: str) -> None:
    for order in ([updated, RESULT], [RESULT, updated]):
        conversation = connected()
        conversation.call("login", {"resume": "T"})
        assert [event for event in told(conversation, *order) if event] == [ENTERED]


def test_results_come_in_any_order_and_each_once() -> None:
    conversation = connected()
    first, second = conversation.call("login", {"resume": "T"}), conversation.call("logout")
    assert (first, second) == ("1", "2")
    refused = MethodResult("2", error=MethodError(403, "no"))
    assert told(conversation, '{"msg":"result","id":"2","error":{"error":403,"reason":"no"}}') == [refused]
    assert told(conversation, RESULT) == [ENTERED]
    with pytest.raises(RemoteProtocolError, match="a call that is not under way"):
        conversation.receive(RESULT)


def test_a_ping_is_answered_with_its_own_id_or_with_none() -> None:
    conversation = connected()
    told(conversation, '{"msg":"ping"}', '{"msg":"ping","id":""}', '{"msg":"ping","id":"a\\"b"}')
    pongs = [json.loads(text) for text in conversation.texts_to_send()]
    assert pongs == [{"msg": "pong"}, {"msg": "pong", "id": ""}, {"msg": "pong", "id": 'a"b'}]


def test_we_may_ask_whether_the_server_is_there() -> None:
    conversation = connected()
    conversation.ping()
    assert conversation.texts_to_send() == ['{"msg":"ping"}']
    assert conversation.receive('{"msg":"pong"}') is None


def test_a_refused_version_ends_the_conversation() -> None:
    conversation = Conversation()
    conversation.connect()
    assert conversation.receive('{"msg":"failed","version":"2"}') == VersionRefused("2")
    with pytest.raises(LocalProtocolError, match="refused by the server"):
        conversation.call("login", {"resume": "T"})


def test_a_complaint_of_the_server_is_an_event() -> None:
    assert told(connected(), '{"msg":"error","reason":"Bad request"}') == [Complaint()]


@pytest.mark.parametrize(
    "step",
    [
        lambda: Conversation().call("login", {"resume": "T"}),
        lambda: Conversation().ping(),
        lambda: connected().connect(),
    ],
)
def test_what_we_do_wrong_is_our_error(step: Callable[[], object]) -> None:
    with pytest.raises(LocalProtocolError):
        step()


@pytest.mark.parametrize(
    ("conversation", "text"),
    [
        (Conversation, '{"msg":"connected"}'),
        (Conversation, '{"msg":"failed","version":"1"}'),
        (Conversation, '{"msg":"ping"}'),
        (Conversation, RESULT),
        (connected, '{"msg":"connected"}'),
        (connected, '{"msg":"failed","version":"1"}'),
        (connected, RESULT),
        (connected, "nonsense"),
    ],
)
def test_what_the_server_does_wrong_is_its_error(conversation: Callable[[], Conversation], text: str) -> None:
    with pytest.raises(RemoteProtocolError):
        conversation().receive(text)


MESSAGES = st.sampled_from(
    [
        '{"server_id":"0"}',
        '{"msg":"connected"}',
        '{"msg":"failed","version":"1"}',
        '{"msg":"ping","id":"1"}',
        '{"msg":"updated","methods":["1"]}',
        '{"msg":"error"}',
        RESULT,
        RESULT.replace('"1"', '"2"'),
        '{"msg":"result","id":"1","error":{"error":403}}',
    ]
)


def connecting() -> Conversation:
    conversation = Conversation()
    conversation.connect()
    conversation.texts_to_send()
    return conversation


def calling() -> Conversation:
    conversation = connected()
    conversation.call("login", {"resume": "T"})
    conversation.texts_to_send()
    return conversation


@given(
    st.sampled_from([Conversation, connecting, connected, calling]),
    st.lists(MESSAGES | st.text(max_size=20), max_size=12),
)
def test_any_texts_in_any_order_give_events_until_the_server_is_at_fault(
    start: Callable[[], Conversation], texts: list[str]
) -> None:
    conversation = start()
    pings, events = 0, []
    for text in texts:
        try:
            events.append(conversation.receive(text))
        except RemoteProtocolError:
            break
        pings += '"ping"' in text
    assert conversation.texts_to_send() == ['{"msg":"pong","id":"1"}'] * pings
    assert sum(isinstance(event, Connected | VersionRefused) for event in events) <= (start is connecting)
    assert sum(isinstance(event, MethodResult) for event in events) <= (start is calling)

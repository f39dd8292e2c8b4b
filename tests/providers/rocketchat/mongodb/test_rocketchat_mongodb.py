from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chatsso_middleware.changes import Delete, Edit, Register
from chatsso_middleware.errors import InvalidUser
from chatsso_middleware.providers.rocketchat.mongodb import UserDocuments
from chatsso_middleware.users import ChatUser
from tests.providers.rocketchat.mongodb.chat_users import ANN, apply, log_in, only_user, person, refusal, soon
from tests.support.mongo_server import MongoServer


def test_a_new_user_gets_a_document_in_the_documented_shape(server: MongoServer, chat: UserDocuments) -> None:
    user_id, token = log_in(chat)
    document = only_user(server)
    at = document.pop("createdAt")
    assert abs(datetime.now(UTC) - at.replace(tzinfo=UTC)) < timedelta(minutes=1)
    assert document.pop("_updatedAt") == at
    assert document == {
        "_id": user_id,
        "services": {"iframe": {"token": token}},
        "emails": [{"address": "ann@example.com", "verified": True}],
        "name": "Ann Lee",
        "username": "ann",
        "active": True,
        "statusDefault": "online",
        "roles": ["user"],
        "type": "user",
    }
    assert re.fullmatch("[2-9A-HJ-NP-TW-Za-km-z]{17}", user_id)
    assert re.fullmatch("[A-Za-z0-9_-]{43}", token)  # 256 bits


def test_each_login_of_a_known_user_sets_a_new_token_and_nothing_else(
    server: MongoServer, chat: UserDocuments
) -> None:
    services = {"password": {"bcrypt": "x"}, "resume": {"loginTokens": [{"hashedToken": "h"}]}}
    before = person("a1", "ann@example.com", services=services, name="Annie")
    server.users.insert_one(before)
    tokens = [log_in(chat, create=False) for _ in range(3)]
    assert {user_id for user_id, _ in tokens} == {"a1"}
    assert len({token for _, token in tokens}) == 3
    after = only_user(server)
    assert after.pop("_updatedAt")
    assert after["services"].pop("iframe") == {"token": tokens[-1][1]}
    assert after == before


def test_an_address_is_found_as_the_chat_stores_it_in_lower_case(
    server: MongoServer, chat: UserDocuments
) -> None:
    user_id, _ = log_in(chat)
    assert log_in(chat, ChatUser("Ann@Example.COM"), create=False)[0] == user_id
    assert only_user(server)["emails"] == [{"address": "ann@example.com", "verified": True}]


def test_any_of_the_addresses_of_a_user_is_his(server: MongoServer, chat: UserDocuments) -> None:
    server.users.insert_one(
        person("a1", "ann@work.example", emails=[{"address": "ann@work.example"}, {"address": ANN.email}])
    )
    assert log_in(chat)[0] == "a1"


@pytest.mark.parametrize("address", ["\u212ann@example.com", "\u0130nn@example.com"])
def test_an_address_that_lower_case_turns_into_another_persons_is_refused(
    address: str, server: MongoServer, chat: UserDocuments
) -> None:
    server.users.insert_one(person("k1", "knn@example.com"))
    assert "lower case" in refusal(log_in, chat, ChatUser(address)).reason
    assert server.received == []


def test_an_address_is_never_a_pattern(server: MongoServer, chat: UserDocuments) -> None:
    log_in(chat)
    for address in (".*@example.com", "^ann@example.com", "$ne@example.com"):
        assert refusal(log_in, chat, ChatUser(address), create=False).reason
    assert "nobody in the chat has this address, and create_users is off" in str(
        refusal(log_in, chat, ChatUser("ann@example.co"), create=False)
    )


def test_without_create_users_nobody_is_made(server: MongoServer, chat: UserDocuments) -> None:
    refusal(log_in, chat, create=False)
    apply(chat, Register(ANN), create=False)
    assert server.users.count_documents({}) == 0


@pytest.mark.parametrize("active", [False, None])
def test_an_account_that_is_switched_off_in_the_chat_gets_no_token(
    active: bool | None, server: MongoServer, chat: UserDocuments
) -> None:
    server.users.insert_one(person("a1", ANN.email, active=active))
    assert "switched off" in refusal(log_in, chat).reason
    assert "services" not in only_user(server)


@pytest.mark.parametrize("kind", ["bot", "app"])
def test_an_account_that_is_no_persons_is_left_alone(
    kind: str, server: MongoServer, chat: UserDocuments
) -> None:
    server.users.insert_one(person("rocket.cat", ANN.email, type=kind))
    before = only_user(server)
    assert "no person's" in refusal(log_in, chat).reason
    chat.end_sessions(ANN.email, soon())
    apply(chat, Register(ANN), Edit(ANN.email, username="tom"), Delete((ANN.email,)))
    assert only_user(server) == before


def test_a_document_without_a_type_is_a_persons(server: MongoServer, chat: UserDocuments) -> None:
    old = person("a1", ANN.email)
    del old["type"]
    server.users.insert_one(old)
    assert log_in(chat)[0] == "a1"


def test_a_token_is_current_until_the_next_one_the_logout_or_the_end_of_the_account(
    server: MongoServer, chat: UserDocuments
) -> None:
    user_id, first = log_in(chat)
    assert chat.is_current(user_id, first, soon())
    assert not chat.is_current("somebody", first, soon())
    _, second = log_in(chat)
    assert not chat.is_current(user_id, first, soon())
    assert chat.is_current(user_id, second, soon())
    chat.close_session(user_id, soon())
    assert not chat.is_current(user_id, second, soon())
    _, third = log_in(chat)
    server.users.update_one({}, {"$set": {"active": False}})
    assert not chat.is_current(user_id, third, soon())


def test_an_empty_token_is_never_current(server: MongoServer, chat: UserDocuments) -> None:
    server.users.insert_one(person("a1", ANN.email, services={"iframe": {"token": ""}}))
    assert not chat.is_current("a1", "", soon())


@pytest.mark.parametrize("by_address", [True, False])
def test_a_logout_takes_away_what_logins_gave_and_leaves_what_the_user_made(
    by_address: bool, server: MongoServer, chat: UserDocuments
) -> None:
    made_by_user = {"hashedToken": "2", "type": "personalAccessToken", "name": "backup"}
    tokens = [{"hashedToken": "1"}, made_by_user, {"hashedToken": "3", "type": "other"}]
    server.users.insert_one(person("b1", "bob@example.com", services={"iframe": {"token": "bob's"}}))
    server.users.insert_one(person("a1", ANN.email, services={"resume": {"loginTokens": tokens}}))
    log_in(chat)
    for _ in range(2):  # a second logout finds nothing to do
        if by_address:
            chat.end_sessions("Ann@example.com", soon())
        else:
            chat.close_session("a1", soon())
    ann = server.users.find_one({"_id": "a1"})
    assert "token" not in ann["services"]["iframe"]
    assert ann["services"]["resume"]["loginTokens"] == [made_by_user]
    assert server.users.find_one({"_id": "b1"})["services"] == {"iframe": {"token": "bob's"}}


def test_a_logout_of_nobody_is_done(server: MongoServer, chat: UserDocuments) -> None:
    chat.close_session("nobody", soon())
    chat.end_sessions("nobody@example.com", soon())
    assert server.users.count_documents({}) == 0


@pytest.mark.parametrize("value", [{"$ne": None}, ["a1"], None, 7, b"a1"])
def test_what_is_no_text_never_reaches_a_query(value: Any, server: MongoServer, chat: UserDocuments) -> None:
    server.users.insert_one(person("a1", ANN.email))
    for act in (
        lambda: chat.is_current(value, "token", soon()),
        lambda: chat.is_current("a1", value, soon()),
        lambda: chat.close_session(value, soon()),
        lambda: chat.end_sessions(value, soon()),
    ):
        with pytest.raises(InvalidUser):
            act()
    assert server.received == []

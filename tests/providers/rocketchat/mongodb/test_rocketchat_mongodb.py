from __future__ import annotations

import logging
import re
from collections.abc import Callable
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
        person(
            "a1",
            "ann@work.example",
            emails=[{"address": "ann@work.example"}, {"address": ANN.email, "verified": True}],
        )
    )
    assert log_in(chat)[0] == "a1"


@pytest.mark.parametrize("stored", ["ann@example.com", "Ann@Example.com"])
def test_an_address_is_found_in_lower_case_and_as_it_is_given(
    stored: str, server: MongoServer, chat: UserDocuments
) -> None:
    server.users.insert_one(person("a1", stored))
    given = ChatUser("Ann@Example.com")
    user_id, token = log_in(chat, given)
    assert user_id == "a1"
    apply(chat, Register(given), Edit(given.email, username="annie"))
    assert only_user(server)["username"] == "annie"
    assert chat.end_sessions(given.email, soon()) == "a1"
    assert not chat.is_current("a1", token, soon())
    apply(chat, Delete((given.email,)))
    assert not only_user(server)["active"]


def strangers(**fields: Any) -> dict[str, Any]:
    """The account that somebody registered with Ann's address."""
    services = {"password": {"bcrypt": "x"}, "resume": {"loginTokens": [{"hashedToken": "h"}]}}
    return (
        person("m1", ANN.email, emails=[{"address": ANN.email, "verified": False}], services=services)
        | fields
    )


def test_a_strangers_account_becomes_the_users_and_nobody_elses(
    server: MongoServer, chat: UserDocuments, caplog: pytest.LogCaptureFixture
) -> None:
    server.users.insert_one(strangers())
    user_id, token = log_in(chat)
    taken = only_user(server)
    assert user_id == taken["_id"] == "m1"
    assert taken["services"] == {"iframe": {"token": token}}
    assert taken["emails"] == [{"address": ANN.email, "verified": True}]
    assert log_in(chat)[0] == "m1"
    [warning] = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert "may have been a stranger's" in warning
    assert "@" not in warning


def test_the_strangers_own_address_goes(server: MongoServer, chat: UserDocuments) -> None:
    server.users.insert_one(
        strangers(emails=[{"address": "mallory@example.com"}, {"address": "Ann@Example.com"}])
    )
    log_in(chat, ChatUser("Ann@Example.com"))
    assert only_user(server)["emails"] == [{"address": "ann@example.com", "verified": True}]


def test_an_account_whose_other_address_is_verified_belongs_to_its_owner(
    server: MongoServer, chat: UserDocuments
) -> None:
    other = {"address": "mallory@example.com", "verified": True}
    server.users.insert_one(strangers(emails=[other, {"address": ANN.email, "verified": False}]))
    before = only_user(server)
    assert "whoever verified its other one" in refusal(log_in, chat).reason
    assert only_user(server) == before


def test_an_address_that_is_verified_in_the_same_moment_is_the_users(
    server: MongoServer, chat: UserDocuments
) -> None:
    server.users.insert_one(strangers())

    def verify() -> None:
        server.before.clear()
        server.users.update_one({}, {"$set": {"emails.0.verified": True}})

    for moment in ("find", "update"):
        server.before[moment] = verify
        _, token = log_in(chat)
        services = only_user(server)["services"]
        assert services == strangers()["services"] | {"iframe": {"token": token}}
        server.users.update_one({}, {"$set": {"emails.0.verified": False, **strangers()}})


def test_the_account_that_is_left_alone_is_neither_entered_nor_changed(
    server: MongoServer, make: Callable[..., UserDocuments]
) -> None:
    server.users.insert_one(person("service", ANN.email))
    before = only_user(server)
    chat = make(server.url, left_alone="service")
    assert "that of the service account" in refusal(log_in, chat).reason
    assert chat.end_sessions(ANN.email, soon()) is None
    apply(chat, Register(ANN), Edit(ANN.email, username="tom"), Delete((ANN.email,)))
    assert only_user(server) == before


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

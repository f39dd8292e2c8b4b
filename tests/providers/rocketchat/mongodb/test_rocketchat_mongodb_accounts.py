from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from chatsso_middleware.changes import Delete, Edit, Register
from chatsso_middleware.providers.rocketchat.mongodb import UserDocuments
from chatsso_middleware.users import ChatUser
from tests.providers.rocketchat.mongodb.chat_users import (
    ANN,
    LONG,
    apply,
    log_in,
    only_user,
    person,
    refusal,
    soon,
)
from tests.support.mongo_server import MongoServer


@pytest.mark.parametrize(
    ("user", "username"),
    [
        (ChatUser("a@b.example", username="Ann_Lee-9.x"), "Ann_Lee-9.x"),
        (ChatUser("a@b.example", name="Zoë  Müller"), "Zoe.Muller"),
        (ChatUser("john.doe@b.example"), "john.doe"),
        (ChatUser("a@b.example", username="</script>\u2028\"'"), "script"),
        (ChatUser("a@b.example", username="王"), "user-2"),
        (ChatUser("a@b.example", username="Admin"), "Admin-2"),
        (ChatUser("a@b.example", username="\uff41ll"), "all-2"),
        (ChatUser("a@b.example", username="x" * 500), "x" * 64),
    ],
)
def test_a_user_name_is_made_of_what_the_chat_allows(
    user: ChatUser, username: str, server: MongoServer, chat: UserDocuments
) -> None:
    log_in(chat, user)
    assert only_user(server)["username"] == username


def test_hostile_text_in_a_name_is_data(server: MongoServer, chat: UserDocuments) -> None:
    name = "</script>\u2028{'$ne': 1}\"; db.users.drop()"
    log_in(chat, ChatUser(ANN.email, username="$where", name=name))
    assert only_user(server)["name"] == name
    assert only_user(server)["username"] == "where"


def test_a_user_name_of_somebody_else_leads_to_a_free_one_and_never_to_his_account(
    server: MongoServer, chat: UserDocuments
) -> None:
    server.users.insert_one(person("ann", "other@example.com"))
    server.users.insert_one(person("ann-2", "third@example.com"))
    before = list(server.users.find())
    user_id, _ = log_in(chat)
    assert server.users.find_one({"_id": user_id})["username"] == "ann-3"
    assert list(server.users.find({"_id": {"$ne": user_id}})) == before


@pytest.mark.parametrize("wanted", ["Boss", "BOSS"])
def test_a_user_name_that_somebody_has_in_another_case_is_not_free(
    wanted: str, server: MongoServer, chat: UserDocuments
) -> None:
    server.users.insert_many([person("boss", "boss@example.com"), person("ann", ANN.email)])
    user_id, _ = log_in(chat, ChatUser("mallory@example.com", username=wanted))
    assert server.users.find_one({"_id": user_id})["username"] == f"{wanted}-2"
    apply(chat, Edit(ANN.email, username=wanted))
    assert server.users.find_one({"_id": "ann"})["username"] == f"{wanted}-3"


def test_a_user_name_is_no_pattern(server: MongoServer, chat: UserDocuments) -> None:
    server.users.insert_many([person("annxlee", "other@example.com"), person("ann.lee-jr", "jr@example.com")])
    user_id, _ = log_in(chat, ChatUser(ANN.email, username="ann.lee"))
    assert server.users.find_one({"_id": user_id})["username"] == "ann.lee"


def test_an_edit_may_change_the_case_of_the_users_own_name(server: MongoServer, chat: UserDocuments) -> None:
    server.users.insert_one(person("ann", ANN.email))
    apply(chat, Edit(ANN.email, username="Ann"))
    assert only_user(server)["username"] == "Ann"


def test_where_many_have_the_name_it_gets_an_ending_that_nobody_has(
    server: MongoServer, chat: UserDocuments
) -> None:
    for name in ("ann", "ann-2", "ann-3", "ann-4", "ann-5"):
        server.users.insert_one(person(name, f"{name}@other.example"))
    user_id, _ = log_in(chat)
    assert re.fullmatch("ann-[0-9a-f]{8}", server.users.find_one({"_id": user_id})["username"])


def test_when_no_name_can_be_had_the_login_is_refused(server: MongoServer, chat: UserDocuments) -> None:
    server.users.insert_one(person("ann", "other@example.com"))

    def take_every_name() -> None:
        wanted = server.received[-1]["documents"][0]["username"]
        server.users.update_one({"_id": "ann"}, {"$set": {"username": wanted}})

    server.before["insert"] = take_every_name
    assert "user name" in refusal(log_in, chat).reason
    assert only_user(server)["_id"] == "ann"


def test_logins_at_the_same_moment_make_one_account(server: MongoServer, chat: UserDocuments) -> None:
    together = threading.Barrier(8)
    server.before["insert"] = lambda: together.wait(LONG)  # all have seen that the account is missing
    with ThreadPoolExecutor(8) as threads:
        sessions = list(threads.map(lambda _: log_in(chat), range(8)))
    document = only_user(server)
    assert {user_id for user_id, _ in sessions} == {document["_id"]}
    assert len({token for _, token in sessions}) == 8
    assert document["services"]["iframe"]["token"] in {token for _, token in sessions}


def test_registrations_at_the_same_moment_make_one_account(server: MongoServer, chat: UserDocuments) -> None:
    together = threading.Barrier(4)
    server.before["insert"] = lambda: together.wait(LONG)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: apply(chat, Register(ANN)), range(4)))
    assert only_user(server)["services"] == {}


def test_two_users_with_one_user_name_at_the_same_moment_get_two_accounts(
    server: MongoServer, chat: UserDocuments
) -> None:
    together = threading.Barrier(2)
    server.before["insert"] = lambda: None if together.broken else together.wait(LONG)
    users = [ChatUser("ann@one.example", username="ann"), ChatUser("ann@two.example", username="ann")]

    def log_in_once(user: ChatUser) -> str:
        server_id, _ = log_in(chat, user)
        together.abort()  # the second try of the one who lost meets nobody
        return server_id

    with ThreadPoolExecutor(2) as threads:
        identifiers = set(threads.map(log_in_once, users))
    assert len(identifiers) == 2
    assert {document["username"] for document in server.users.find()} == {"ann", "ann-2"}


def test_an_account_that_comes_into_being_during_the_login_is_used(
    server: MongoServer, chat: UserDocuments
) -> None:
    def make_it() -> None:
        server.before.clear()
        server.users.insert_one(person("a1", ANN.email))

    server.before["find"] = make_it
    assert log_in(chat, create=False)[0] == "a1"


def test_an_account_that_vanishes_during_the_login_is_refused(
    server: MongoServer, chat: UserDocuments
) -> None:
    def somebody_else_makes_it() -> None:
        server.users.insert_one(person("a1", ANN.email))
        server.before["findAndModify"] = lambda: server.users.delete_one({"_id": "a1"})

    server.before["insert"] = somebody_else_makes_it
    assert refusal(log_in, chat).reason == "nobody in the chat has this address"


def test_no_account_is_made_in_a_collection_that_cannot_keep_addresses_apart(
    server: MongoServer, chat: UserDocuments
) -> None:
    server.indexes.discard("emails.address")
    assert "no unique index on emails.address" in refusal(log_in, chat).reason
    assert "no unique index" in refusal(apply, chat, Register(ANN)).reason
    assert server.users.count_documents({}) == 0


def test_a_registration_makes_an_account_without_a_token_once(
    server: MongoServer, chat: UserDocuments
) -> None:
    apply(chat, Register(ANN, password="secret password"), Register(ANN))
    document = only_user(server)
    assert document["services"] == {}
    assert document["emails"] == [{"address": ANN.email, "verified": True}]
    _, token = log_in(chat)
    apply(chat, Register(ANN))
    assert chat.is_current(document["_id"], token, soon())


def test_an_edit_changes_address_and_user_name_and_nothing_else(
    server: MongoServer, chat: UserDocuments
) -> None:
    work = {"address": "ann@work.example", "verified": False}
    server.users.insert_one(person("a1", ANN.email, emails=[work, {"address": ANN.email, "verified": False}]))
    before = only_user(server)
    edit = Edit(
        ANN.email, email="Ann@new.example", username="Anné", password="p", avatar_url="https://a.example"
    )
    apply(chat, edit, edit)  # the second finds nobody with the old address: done
    after = only_user(server)
    assert after.pop("_updatedAt")
    assert after == before | {
        "emails": [work, {"address": "ann@new.example", "verified": True}],
        "username": "Anne",
    }


def test_an_edit_of_nothing_that_the_database_holds_asks_nothing(
    server: MongoServer, chat: UserDocuments
) -> None:
    apply(chat, Edit(ANN.email, password="p", avatar_url="https://a.example/1.png"))
    assert server.received == []


def test_an_edit_never_takes_an_address_of_somebody_else(server: MongoServer, chat: UserDocuments) -> None:
    server.users.insert_many([person("ann", ANN.email), person("bob", "bob@example.com")])
    before = list(server.users.find())
    assert "another account" in refusal(apply, chat, Edit(ANN.email, email="bob@example.com")).reason
    assert list(server.users.find()) == before


@pytest.mark.parametrize(("wanted", "given"), [("bob", "bob-2"), ("All", "All-2")])
def test_a_user_name_that_is_taken_or_kept_gets_an_end(
    wanted: str, given: str, server: MongoServer, chat: UserDocuments
) -> None:
    server.users.insert_many([person("ann", ANN.email), person("bob", "bob@example.com")])
    change = Edit(ANN.email, username=wanted)
    apply(chat, change, change)
    assert [user["username"] for user in server.users.find()] == [given, "bob"]


def test_a_deletion_leaves_a_name_that_is_switched_off_and_nothing_personal(
    server: MongoServer, chat: UserDocuments
) -> None:
    user_id, token = log_in(chat)
    server.users.update_one({}, {"$set": {"avatarOrigin": "upload", "avatarETag": "e", "bio": "From Rome"}})
    log_in(chat, ChatUser("bob@example.com"))
    change = Delete((ANN.email, "nobody@example.com", "bob@example.com"))
    apply(chat, change, change)
    ann, bob = server.users.find()
    assert set(ann) == {
        *("_id", "username", "active", "type", "roles", "statusDefault", "createdAt", "_updatedAt")
    }
    assert (ann["_id"], ann["active"], bob["active"]) == (user_id, False, False)
    assert not chat.is_current(user_id, token, soon())
    assert log_in(chat)[0] != user_id  # a new account, with a user name of its own

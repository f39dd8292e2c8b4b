"""The server that stands in for MongoDB does what the tests of the mode build on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pymongo
import pytest
from pymongo.errors import BulkWriteError, DuplicateKeyError, OperationFailure

from tests.support.mongo_server import COMMAND_NOT_FOUND, DUPLICATE_KEY, MongoServer, serving_mongo

Users = Any


@pytest.fixture
def server() -> Iterator[MongoServer]:
    with serving_mongo() as running:
        yield running


@pytest.fixture
def users(server: MongoServer) -> Iterator[Users]:
    with pymongo.MongoClient[dict[str, Any]](server.url) as client:
        yield client.get_default_database()["users"]


def test_an_address_is_unique_in_all_the_arrays_and_a_write_that_breaks_it_is_undone(
    server: MongoServer, users: Users
) -> None:
    users.insert_one({"_id": "a", "username": "ann", "emails": [{"address": "1"}, {"address": "2"}]})
    users.insert_one({"_id": "b", "emails": [{"address": "3"}]})
    users.insert_one({"_id": "c"})
    before = list(server.users.find())
    writes: list[Callable[[], object]] = [
        lambda: users.insert_one({"_id": "d", "emails": [{"address": "2"}]}),
        lambda: users.insert_one({"_id": "a"}),
        lambda: users.update_one({"_id": "b"}, {"$set": {"emails.0.address": "1"}}),
        lambda: users.find_one_and_update({"_id": "b"}, {"$set": {"username": "ann"}}),
    ]
    for write in writes:
        with pytest.raises(DuplicateKeyError) as caught:
            write()
        assert caught.value.code == DUPLICATE_KEY
        assert list(server.users.find()) == before
    users.update_one({"_id": "a"}, {"$set": {"emails.0.address": "2"}})  # twice in one document is allowed


def test_a_first_document_that_is_undone_leaves_an_empty_collection(
    server: MongoServer, users: Users
) -> None:
    with pytest.raises(BulkWriteError):
        users.insert_many([{"username": "ann"}, {"username": "ann"}])
    assert server.users.count_documents({}) == 0


def test_other_collections_have_no_unique_fields(server: MongoServer, users: Users) -> None:
    rooms = users.database["rooms"]
    rooms.insert_many([{"username": "ann"}, {"username": "ann"}])
    assert rooms.update_many({}, {"$set": {"username": "bob"}}).modified_count == 2
    assert set(rooms.index_information()) == {"_id_"}


def test_a_command_that_it_does_not_know_is_told_so(users: Users) -> None:
    with pytest.raises(OperationFailure) as caught:
        users.database.command("dropUser", "ann")
    assert caught.value.code == COMMAND_NOT_FOUND
    assert "no such command: 'dropUser'" in str(caught.value)


def test_what_it_holds_outlives_a_stop(server: MongoServer, users: Users) -> None:
    users.insert_one({"_id": "a"})
    server.stop()
    server.stop()
    server.start()
    assert users.find_one() == {"_id": "a"}
    assert users.database.client.admin.command("ping") == {"ok": 1.0}

"""The collection in memory, and the same questions to a collection of MongoDB's own drivers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mongomock
import pytest

from chatsso_middleware.sandbox.rocketchat import MemoryCollection, RunningSandbox, UserCollection
from chatsso_middleware.sandbox.rocketchat.tokens import hash_token
from tests.sandbox.rocketchat.clients import RealtimeClient, RestClient, password
from tests.sandbox.rocketchat.conftest import StartSandbox

Connect = Callable[[RunningSandbox], RealtimeClient]


def mongo_collection() -> UserCollection:
    collection: UserCollection = mongomock.MongoClient().rocketchat.users
    return collection


@pytest.fixture(params=[MemoryCollection, mongo_collection], ids=["memory", "mongodb"])
def collection(request: pytest.FixtureRequest) -> UserCollection:
    made: UserCollection = request.param()
    return made


ANN: dict[str, Any] = {
    "_id": "ann",
    "emails": [{"address": "ann@example.com"}, {"address": "a@example.com"}],
    "services": {"iframe": {"token": "t0ken"}},
}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, True),
        ({"_id": "ann"}, True),
        ({"_id": "ann", "emails.address": "a@example.com"}, True),
        ({"_id": "ann", "emails.address": "b@example.com"}, False),
        ({"services.iframe.token": "t0ken"}, True),
        ({"services.iframe.token": ""}, False),
        ({"services.iframe.token.more": "t0ken"}, False),
        ({"services.resume.loginTokens.hashedToken": "x"}, False),
    ],
    ids=str,
)
def test_a_query_goes_through_documents_and_lists(
    collection: UserCollection, query: dict[str, str], found: bool
) -> None:
    collection.insert_one(ANN)
    assert (collection.find_one(query) is not None) == found
    assert len(list(collection.find(query))) == found


def test_a_document_is_a_copy(collection: UserCollection) -> None:
    collection.insert_one(ANN)
    collection.find_one({})["emails"].clear()
    assert collection.find_one({}) == ANN


def test_values_are_set_and_unset_pushed_and_pulled_by_their_paths(collection: UserCollection) -> None:
    collection.insert_one(ANN)
    collection.insert_one({"_id": "bob"})
    one = {"_id": "ann"}
    collection.update_one(one, {"$set": {"name": "Ann", "services.totp.enabled": True}})
    collection.update_one(one, {"$unset": {"services.iframe.token": "", "nothing": ""}})
    for token in ("x", "y", "z"):
        collection.update_one(one, {"$push": {"tokens": {"hashed": token}}})
    collection.update_one(one, {"$pull": {"tokens": {"hashed": "y"}}})
    ann = collection.find_one(one)
    assert ann["services"] == {"iframe": {}, "totp": {"enabled": True}}
    assert (ann["name"], ann["tokens"]) == ("Ann", [{"hashed": "x"}, {"hashed": "z"}])
    assert collection.find_one({"_id": "bob"}) == {"_id": "bob"}


def test_what_matches_nothing_changes_nothing(collection: UserCollection) -> None:
    collection.insert_one(ANN)
    collection.update_one({"_id": "nobody"}, {"$set": {"name": "x"}})
    collection.delete_one({"_id": "nobody"})
    assert list(collection.find({})) == [ANN]
    collection.delete_one({"_id": "ann"})
    assert list(collection.find({})) == []


def test_the_chat_keeps_its_users_in_the_collection_that_it_is_given(
    start: StartSandbox, collection: UserCollection, connect: Connect
) -> None:
    with RestClient(start(mongodb=collection)) as api:
        user = api.create(password="sesame")
        token = api.token_for(user["_id"])
        kept = collection.find_one({"username": "ann"})["services"]["resume"]["loginTokens"]
        assert [each["hashedToken"] for each in kept] == [hash_token(token)]
        client = connect(api.sandbox)
        result = client.log_in(user={"username": "ann"}, password=password("sesame"))
        assert len(api.sandbox.chat.tokens_of(api.sandbox.chat.users[0])) == 2
        assert api.post("users.logout", {"userId": user["_id"]}).status_code == 200
        assert api.sandbox.chat.token_owner(result["token"]) is None
        assert api.post("users.delete", {"userId": user["_id"]}).status_code == 200
        assert collection.find_one({"username": "ann"}) is None


def test_fifty_tokens_is_all_that_a_document_holds(start: StartSandbox, collection: UserCollection) -> None:
    chat = start(mongodb=collection).chat
    ann = chat.add_user("ann")
    for _ in range(52):
        chat.mint_token(ann)
    assert len(collection.find_one({"_id": ann.id})["services"]["resume"]["loginTokens"]) == 50


def test_a_user_whom_a_site_wrote_into_the_database_logs_in_by_the_iframe_token(
    start: StartSandbox, collection: UserCollection, connect: Connect
) -> None:
    sandbox = start(mongodb=collection)
    collection.insert_one({**ANN, "username": "ann.site"})
    result = connect(sandbox).log_in(iframe=True, token="t0ken")
    assert result["id"] == "ann"
    owner = sandbox.chat.token_owner(result["token"])
    assert owner is not None
    assert (owner.username, owner.email, owner.active) == ("ann.site", "ann@example.com", True)
    collection.update_one({"_id": "ann"}, {"$unset": {"services.iframe.token": ""}})
    assert connect(sandbox).refusal(iframe=True, token="t0ken")[0] == 400


def test_a_document_with_little_more_than_an_id_is_a_user_too(
    start: StartSandbox, collection: UserCollection
) -> None:
    sandbox = start(mongodb=collection)
    collection.insert_one({"_id": "bare"})
    (bare,) = sandbox.chat.users
    assert (bare.id, bare.username, bare.email, bare.active) == ("bare", "", "", True)
    assert sandbox.chat.tokens_of(bare) == ()
    assert bare.as_json()["emails"] == []


def test_a_second_chat_on_the_same_collection_finds_its_service_account(
    start: StartSandbox, collection: UserCollection
) -> None:
    first = start(mongodb=collection)
    second = start(mongodb=collection, admin_token="given-t0ken")
    assert second.admin_token == "given-t0ken"
    with RestClient(second) as api:
        assert api.get("me").json()["_id"] == first.admin_user_id
        api.become(first.admin_user_id, first.admin_token)
        assert api.get("me").status_code == 200

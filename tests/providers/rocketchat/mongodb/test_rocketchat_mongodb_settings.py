from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Callable
from typing import Any

import pymongo
import pytest

from chatsso_middleware.changes import Delete, Edit
from chatsso_middleware.errors import ConfigurationError, ProviderError, Unavailable
from chatsso_middleware.providers.rocketchat.mongodb import UserDocuments
from chatsso_middleware.secret import Secret
from tests.providers.rocketchat.mongodb.chat_users import ANN, apply, log_in, only_user, person, refusal, soon
from tests.support.mongo_server import MongoServer, serving_mongo

SHORT = 0.5
Make = Callable[..., UserDocuments]


def test_a_check_says_what_it_found_and_changes_nothing(server: MongoServer, chat: UserDocuments) -> None:
    server.users.insert_one(person("rocket.cat", "cat@example.com", type="bot"))
    before = only_user(server)
    assert chat.ping(soon()) == (
        "MongoDB 8.0.0 answers; the chat's users in its database rocketchat can be read and written"
    )
    assert only_user(server) == before
    server.indexes.discard("emails.address")
    assert "no unique index" in refusal(chat.ping, soon()).reason


def test_a_check_finds_that_the_database_is_not_a_chats(chat: UserDocuments) -> None:
    assert "the database rocketchat of MongoDB holds no users" in refusal(chat.ping, soon()).reason


def test_a_url_without_a_database_means_rocketchat_and_one_with_a_name_that_one(make: Make) -> None:
    for name, path in (("rocketchat", ""), ("rocketchat", "/"), ("meteor", "/meteor")):
        with serving_mongo(name) as server:
            server.users.insert_one(person("a1", ANN.email))
            url = server.url.removesuffix(f"/{name}") + path
            assert f"its database {name} can" in make(url).ping(soon())


def test_a_secondary_that_the_url_prefers_is_not_asked(server: MongoServer, make: Make) -> None:
    chat = make(f"{server.url}?readPreference=secondary")
    user_id, token = log_in(chat)
    assert chat.is_current(user_id, token, soon())


@pytest.mark.parametrize(
    "url",
    [
        "",
        "chat.example.com",
        "https://chat.example.com/",
        "mongodb://",
        "mongodb://me:hunter2/x@chat.example.com/",
        "mongodb://me:hunter2@chat.example.com:99999/",
        "mongodb://me:hunter2@chat.example.com/?authMechanism=hunter2",
        "mongodb://me:hunter2@chat.example.com/?tls=yes",
        "mongodb://me:hunter2@chat.example.com/?sll=true",
        "mongodb://me:hunter2@chat.example.com/?w=0",
        "mongodb+srv://me:hunter2@chat.example.com:27017/",
    ],
)
def test_a_url_that_cannot_be_used_is_told_without_it(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        UserDocuments(Secret(url), "rocketchat")
    (problem,) = caught.value.problems
    assert problem.key == "rocketchat.mongodb_url"
    assert "mongodb://user:password@host/database" in problem.mend
    shown = "".join(traceback.format_exception(caught.value))
    assert "hunter2" not in shown
    assert "chat.example.com" not in shown


def test_an_address_of_the_kind_that_names_a_service_is_not_looked_up_before_it_is_used(make: Make) -> None:
    assert repr(make("mongodb+srv://me:hunter2@chat.example.com/")) == "UserDocuments(rocketchat)"


def test_without_pymongo_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "chatsso_middleware.providers.rocketchat.mongodb_connection", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'chatsso-middleware\[mongodb\]'"):
        UserDocuments(Secret("mongodb://127.0.0.1/"), "rocketchat")


def test_at_debug_no_token_address_or_password_stands_in_any_log(
    server: MongoServer, make: Make, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONGOB_LOG_MAX_DOCUMENT_LENGTH", "100000")
    caplog.set_level(logging.DEBUG)
    chat = make(server.url)
    server.users.insert_one(person("bob", "bob@example.com"))
    user_id, token = log_in(chat)
    assert chat.is_current(user_id, token, soon())
    _, second = log_in(chat)
    chat.ping(soon())
    refusal(apply, chat, Edit(ANN.email, email="bob@example.com"))  # the answer quotes the value
    server.fail_with(2)
    with pytest.raises(Unavailable):
        log_in(chat)
    chat.close_session(user_id, soon())
    apply(chat, Delete((ANN.email,)))
    chat.close()

    with make_stranger(server) as stranger:
        stranger["other"]["things"].find_one({"thing": "a stranger's"})
    assert "a stranger's" in caplog.text  # so commands are logged, and only ours are kept out
    assert "pymongo.connection" in {record.name for record in caplog.records}
    for secret in (token, second, ANN.email, "Ann Lee"):
        assert secret not in caplog.text


def make_stranger(server: MongoServer) -> pymongo.MongoClient[dict[str, Any]]:
    return pymongo.MongoClient(server.url)


def test_a_password_that_mongodb_refuses_is_shown_nowhere(
    server: MongoServer, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    chat = make(server.url.replace("//", "//site:hunter2@"))
    refused = refusal(log_in, chat)
    assert refused.credentials
    assert "refuses the user name or the password" in refused.reason
    server.stop()
    with pytest.raises(Unavailable) as unreachable:
        chat.ping(soon(SHORT))
    for error in (refused, unreachable.value):
        assert isinstance(error, ProviderError)
        shown = "".join(traceback.format_exception(error)) + repr(error) + repr(error.args)
        assert "hunter2" not in shown
        assert server.url.removeprefix("mongodb://") not in shown
    assert "hunter2" not in caplog.text + repr(chat) + repr(chat._connection) + repr(vars(chat._connection))

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from chatsso_middleware.errors import InvalidUser
from chatsso_middleware.hosts import IDENTITIES, IdentityMapping, make_reader
from chatsso_middleware.hosts.answers import _no_user
from chatsso_middleware.hosts.callables import CallableReader
from chatsso_middleware.hosts.identity import _only_an_id
from chatsso_middleware.hosts.pyramid import PyramidReader
from chatsso_middleware.hosts.remote_user import RemoteUserReader
from chatsso_middleware.users import UNKNOWN, ChatUser

ANN = ChatUser("ann@example.com")


@pytest.fixture(autouse=True)
def _quiet_alarms() -> None:
    """An alarm sounds once a process, and each test here wants to hear it."""
    _no_user.rest()
    _only_an_id.rest()


def test_an_id_alone_is_nobody_in_particular_which_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    mapping = IdentityMapping()
    assert [mapping.from_id("ann", {}) for _ in range(3)] == [UNKNOWN] * 3
    assert [record.getMessage() for record in caplog.records] == [
        "The site knows only the id of who is logged in; set identity.email or identity.user"
    ]
    assert not mapping.tells_who("ann")


def test_an_id_that_is_an_address_needs_no_mapping() -> None:
    assert IdentityMapping().from_id("ann@example.com", {}) == ChatUser(
        "ann@example.com", id="ann@example.com"
    )
    assert IdentityMapping().tells_who("ann@example.com")


def test_a_template_makes_the_address_and_the_id_is_the_user_name() -> None:
    mapping = IdentityMapping(email="{userid}@example.com")
    assert mapping.from_id("ann", {}) == ChatUser("ann@example.com", username="ann", id="ann")
    assert mapping.tells_who("ann")
    with pytest.raises(InvalidUser):
        mapping.from_id("a space", {})


def test_a_callable_gets_the_id_and_the_environ() -> None:
    seen = []

    def find(userid: str, environ: Mapping[str, Any]) -> ChatUser | None:
        seen.append((userid, dict(environ)))
        return ANN if userid == "7" else None

    mapping = IdentityMapping(user=find)
    assert mapping.from_id("7", {"a": 1}) is ANN
    assert mapping.from_id("8", {}) is None
    assert seen == [("7", {"a": 1}), ("8", {})]


@pytest.mark.parametrize("answer", ["ann@example.com", True, {"email": "x"}, 0])
def test_a_callable_that_gives_no_user_says_nothing_and_the_log_says_which(
    answer: object, caplog: pytest.LogCaptureFixture
) -> None:
    for reader in (
        CallableReader(lambda environ: answer),
        lambda environ: IdentityMapping(user=lambda userid, environ: answer).from_id("7", environ),
    ):
        assert reader({}) is UNKNOWN
    assert "What identity names gave a" in caplog.text
    assert len(caplog.records) == 1, "one line, not one a request"
    assert "ann@" not in caplog.text


@pytest.mark.parametrize("answer", [ANN, None, UNKNOWN])
def test_a_callable_that_gives_what_it_should_is_believed(answer: object) -> None:
    assert CallableReader(lambda environ: answer)({}) is answer


@pytest.mark.parametrize(
    "identity",
    [
        {"email": "ann@example.com", "username": "ann", "name": "Ann", "avatar_url": "https://a.example/1"},
        SimpleNamespace(
            email="ann@example.com", username="ann", name="Ann", avatar_url="https://a.example/1"
        ),
    ],
    ids=["mapping", "object"],
)
def test_an_identity_with_an_address_tells_all_it_knows(identity: object) -> None:
    assert IdentityMapping().from_identity(identity, "7", {}) == ChatUser(
        "ann@example.com", username="ann", name="Ann", avatar_url="https://a.example/1", id="7"
    )


def test_a_chat_user_is_itself() -> None:
    assert IdentityMapping(email="{userid}@x.example").from_identity(ANN, "7", {}) is ANN


def test_the_owners_mapping_counts_more_than_what_the_identity_says() -> None:
    mapping = IdentityMapping(email="{userid}@example.com")
    identity = {"email": "private@elsewhere.example"}
    assert mapping.from_identity(identity, "ann", {}) == mapping.from_id("ann", {})


@pytest.mark.parametrize("identity", [{"email": ""}, {"email": None}, SimpleNamespace(email=7), object(), {}])
def test_an_identity_without_an_address_is_known_by_its_id(identity: object) -> None:
    assert IdentityMapping().from_identity(identity, "ann@example.com", {}) == ChatUser(
        "ann@example.com", id="ann@example.com"
    )
    assert IdentityMapping().from_identity(identity, None, {}) is UNKNOWN


def test_an_identity_may_be_the_id_itself() -> None:
    assert IdentityMapping().from_identity("ann@example.com", None, {}) == ChatUser(
        "ann@example.com", id="ann@example.com"
    )


def test_the_setting_names_the_readers() -> None:
    assert IDENTITIES == ("events", "signin", "remote_user", "pyramid", "flask_login", "django")
    assert make_reader("events", IdentityMapping()) is None
    assert make_reader("signin", IdentityMapping()) is None
    assert isinstance(make_reader("remote_user", IdentityMapping()), RemoteUserReader)
    assert isinstance(make_reader("pyramid", IdentityMapping()), PyramidReader)
    assert isinstance(make_reader(lambda environ: None, IdentityMapping()), CallableReader)

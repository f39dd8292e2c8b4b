"""The calls of the users API, and what is made of every answer."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jwt as jose
from joserfc.jwk import OctKey
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from chatsso_middleware.changes import AccountChange, Delete, Edit, Register
from chatsso_middleware.errors import Rejected, Unavailable
from chatsso_middleware.providers.typingmind import TypingMind
from chatsso_middleware.secret import Secret
from chatsso_middleware.users import ChatUser

MakeInstance = Callable[..., TypingMind]

KEY = OctKey.import_key("the-secret-of-one-instance-for-these-tests")
ANN = ChatUser("ann@example.com", id="42")


def users(*known: object) -> Response:
    return Response(json.dumps({"data": list(known)}))


def known(number: object = "123456", email: object = "ann@example.com") -> dict[str, object]:
    return {"id": number, "email": email, "createdAt": "2026-01-01T00:00:00Z", "groups": []}


class API:
    """Answers as it is told, and remembers each call."""

    def __init__(self, server: HTTPServer) -> None:
        self.url = server.url_for("").rstrip("/")
        self.calls: list[tuple[str, str, dict[str, str]]] = []
        self.answers: list[Response] = []
        server.expect_request(re.compile("/.*")).respond_with_handler(self.respond)

    def respond(self, request: Request) -> Response:
        assert request.headers["X-API-KEY"] == "K3y"
        assert request.get_data() == b""
        self.calls.append((request.method, request.path, request.args.to_dict()))
        return self.answers.pop(0)


@pytest.fixture
def api(httpserver: HTTPServer) -> API:
    return API(httpserver)


@pytest.fixture
def instance(api: API, make_instance: MakeInstance) -> TypingMind:
    return make_instance(api_url=api.url, api_key=Secret("K3y"))


@pytest.fixture
def by_id(api: API, make_instance: MakeInstance) -> TypingMind:
    return make_instance(api_url=api.url, api_key=Secret("K3y"), form="id")


FIND = ("GET", "/api/v2/users", {"email": "ann@example.com"})


@pytest.mark.parametrize("number", ["123456", 123456])
def test_the_form_id_names_the_number_that_the_api_knows(
    number: object, api: API, by_id: TypingMind, hand_clock: Any
) -> None:
    api.answers = [users(known(1, "other@example.com"), known(number))]
    session = by_id.open_session(ANN)
    claims = jose.decode(session.token, KEY, algorithms=["HS256"]).claims
    assert claims == {"id": 123456, "exp": int(hand_clock.now) + 7 * 24 * 3600}
    assert api.calls == [FIND]


def test_an_address_is_escaped_for_the_query(api: API, by_id: TypingMind) -> None:
    address = "ann+chat&x=1@example.com"
    api.answers = [users(known(5, address))]
    by_id.open_session(ChatUser(address))
    assert api.calls == [("GET", "/api/v2/users", {"email": address})]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ([], "no user has the address"),
        ([known(1, "ann@example.co")], "no user has the address"),
        ([known(1, None)], "no user has the address"),
        ([known(1), known(2)], "several users of the instance have the address"),
        ([known(1, "Ann@Example.com")], "in other capital letters"),
    ],
)
def test_nobody_is_logged_in_by_id_unless_one_user_has_his_very_address(
    answer: list[object], reason: str, api: API, by_id: TypingMind
) -> None:
    api.answers = [users(*answer)]
    with pytest.raises(Rejected, match=reason) as refusal:
        by_id.open_session(ANN)
    assert not refusal.value.credentials
    assert "ann@" not in str(refusal.value).lower()


@pytest.mark.parametrize(
    "body",
    [
        "<html>Sign in</html>",
        "[]",
        "{}",
        '{"data": {}}',
        '{"data": [1]}',
        '{"data": [{"email": "ann@example.com"}]}',
        json.dumps({"data": [known(True)]}),
        json.dumps({"data": [known(0)]}),
        json.dumps({"data": [known(-5)]}),
        json.dumps({"data": [known(1.5)]}),
        json.dumps({"data": [known("0123")]}),
        json.dumps({"data": [known("12x")]}),
        json.dumps({"data": [known("../1")]}),
        json.dumps({"data": [known(2**53)]}),
        json.dumps({"data": [known("9999999999999999")]}),
        json.dumps({"data": [known(1, 7)]}),
    ],
)
def test_an_answer_that_is_none_is_the_apis_fault(body: str, api: API, by_id: TypingMind) -> None:
    api.answers = [Response(body)]
    with pytest.raises(Unavailable):
        by_id.open_session(ANN)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_told_once_and_again_after_it_worked(
    status: int, api: API, by_id: TypingMind, caplog: pytest.LogCaptureFixture
) -> None:
    refused = [Response("{}", status) for _ in range(3)]
    api.answers = [refused[0], refused[1], users(known(1)), refused[2]]
    for taken in (False, False, True, False):
        if taken:
            by_id.open_session(ANN)
            continue
        with pytest.raises(Rejected, match=f"refuses the API key.*{status}") as refusal:
            by_id.open_session(ANN)
        assert refusal.value.credentials
    alarms = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(alarms) == 2
    assert "typingmind.api_key" in alarms[0].getMessage()
    assert "K3y" not in caplog.text


@pytest.mark.parametrize(
    ("status", "error"), [(400, Rejected), (422, Rejected), (404, Unavailable), (500, Unavailable)]
)
def test_other_statuses_say_whether_trying_again_may_help(
    status: int, error: type[Exception], api: API, by_id: TypingMind
) -> None:
    api.answers = [Response('{"data": []}', status)] * 3
    with pytest.raises(error, match=f"status {status}"):
        by_id.open_session(ANN)


def test_a_deleted_account_leaves_the_instance(api: API, instance: TypingMind) -> None:
    api.answers = [
        users(known("7"), known("8"), known("9", "other@example.com")),
        Response(status=200),
        Response(status=204),
        users(),
    ]
    instance.deliver(Delete(("ann@example.com", "bob@example.com")))
    assert api.calls == [
        FIND,
        ("DELETE", "/api/v2/users/7", {}),
        ("DELETE", "/api/v2/users/8", {}),
        ("GET", "/api/v2/users", {"email": "bob@example.com"}),
    ]


def test_a_user_who_is_gone_already_is_deleted(api: API, instance: TypingMind) -> None:
    api.answers = [users(known("7")), Response("{}", 404)]
    instance.deliver(Delete(("ann@example.com",)))
    assert len(api.calls) == 2


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Response("{}", 401), Rejected),
        (Response("{}", 400), Rejected),
        (Response("{}", 409), Unavailable),
    ],
)
def test_a_deletion_that_was_not_done_is_not_lost(
    answer: Response, error: type[Exception], api: API, instance: TypingMind
) -> None:
    api.answers = [users(known("7")), answer]
    with pytest.raises(error):
        instance.deliver(Delete(("ann@example.com",)))


def test_a_person_with_the_address_in_other_letters_is_not_deleted(api: API, instance: TypingMind) -> None:
    api.answers = [users(known("7", "ANN@example.com"))]
    with pytest.raises(Rejected, match="may be another person"):
        instance.deliver(Delete(("ann@example.com",)))
    assert api.calls == [FIND]


def test_without_a_key_a_deletion_waits_for_a_person(make_instance: MakeInstance) -> None:
    with pytest.raises(Rejected, match=r"typingmind\.api_key") as refusal:
        make_instance().deliver(Delete(("ann@example.com",)))
    assert not refusal.value.credentials


@pytest.mark.parametrize("form", ["user", "email", "id"])
@pytest.mark.parametrize(
    "change",
    [
        Register(ANN),
        Edit("ann@example.com", username="annie"),
        Edit("ann@example.com", email="ann@example.com"),
    ],
)
def test_what_comes_with_the_next_token_needs_no_call(
    form: str,
    change: AccountChange,
    api: API,
    make_instance: MakeInstance,
    caplog: pytest.LogCaptureFixture,
) -> None:
    make_instance(form=form, api_url=api.url, api_key=Secret("K3y")).deliver(change)
    assert api.calls == []
    assert caplog.records == []


@pytest.mark.parametrize(("form", "told"), [("user", 0), ("email", 1), ("id", 1)])
def test_a_new_address_that_the_chat_cannot_learn_is_told_once(
    form: str, told: int, make_instance: MakeInstance, caplog: pytest.LogCaptureFixture
) -> None:
    instance = make_instance(form=form, api_key=Secret("K3y"))
    for number in range(3):
        instance.deliver(Edit("ann@example.com", email=f"ann{number}@example.com"))
    assert len(caplog.records) == told
    assert "ann@" not in caplog.text


def test_passwords_are_dropped(make_instance: MakeInstance) -> None:
    instance = make_instance()
    assert instance.check_change(Register(ANN, "pass word")) == Register(ANN)
    assert instance.check_change(Edit("a@b", password="pass word")) == Edit("a@b")
    assert instance.check_change(Delete(("a@b",))) == Delete(("a@b",))


def test_an_api_that_is_down_keeps_nobody_from_his_token(make_instance: MakeInstance) -> None:
    instance = make_instance(api_key=Secret("K3y"))
    for _ in range(6):
        with pytest.raises(Unavailable):
            instance.deliver(Delete(("ann@example.com",)))
    assert instance.api.available
    assert instance.open_session(ANN).token


def test_the_probe_looks_for_nobody(api: API, instance: TypingMind) -> None:
    api.answers = [users(), users()]
    assert "takes the API key" in instance.probe()
    instance.probe()
    addresses = [fields["email"] for _, _, fields in api.calls]
    assert all(re.fullmatch(r"probe-[0-9a-f]{16}@example\.invalid", address) for address in addresses)
    assert len(set(addresses)) == 2


def test_a_probe_with_a_refused_key_fails(api: API, instance: TypingMind) -> None:
    api.answers = [Response("{}", 401)]
    with pytest.raises(Rejected, match="refuses the API key"):
        instance.probe()


def test_without_a_key_the_probe_says_that_it_tried_nothing(make_instance: MakeInstance) -> None:
    assert make_instance().probe().startswith("nothing was called")

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from chatsso_middleware.changes import AccountChange, Delete, Edit, Register
from chatsso_middleware.errors import InvalidUser, Rejected, Unavailable
from chatsso_middleware.providers.api import ChatAPI
from chatsso_middleware.providers.website_toolbox import WebsiteToolbox
from chatsso_middleware.secret import Secret
from chatsso_middleware.sessions import ChatSession
from chatsso_middleware.users import ChatUser

MakeAPI = Callable[..., ChatAPI]
MakeRoom = Callable[..., WebsiteToolbox]

ANN = ChatUser("ann@example.com", username="Ann B", avatar_url="https://site.test/ann.png?s=1&t=2")
SESSION = ChatSession("88SngRlfrqL", 0.0)
NOT_FOUND = {"success": False, "message": "User not found"}


def say(**body: object) -> dict[str, object]:
    return {"success": True, "message": "ok", **body}


class Chat:
    """Answers as it is told, and remembers each call as its path and its fields."""

    def __init__(self, server: HTTPServer) -> None:
        self.calls: list[tuple[str, dict[str, str]]] = []
        self.answers: list[object] = []
        self.keys = {"K3y"}
        self.requests: list[Request] = []
        server.expect_request(re.compile("/sso/.*")).respond_with_handler(self.respond)

    def respond(self, request: Request) -> Response:
        encoded = request.get_data(as_text=True) or request.query_string.decode()
        fields = dict(parse_qsl(encoded, keep_blank_values=True))
        key = fields.pop("apikey", None)
        self.requests.append(request)
        self.calls.append((request.path, fields))
        if key not in self.keys:
            return Response(json.dumps({"success": False, "message": f"Invalid API Key: {key}"}))
        answer = self.answers.pop(0) if self.answers else say(access_token="88SngRlfrqL")
        return answer if isinstance(answer, Response) else Response(json.dumps(answer))


@pytest.fixture
def chat(httpserver: HTTPServer) -> Chat:
    return Chat(httpserver)


@pytest.fixture
def make_room(httpserver: HTTPServer, make_api: MakeAPI, hand_clock: Any) -> MakeRoom:
    def make(*keys: str, **options: Any) -> WebsiteToolbox:
        settings = {
            "url": httpserver.url_for("").rstrip("/"),
            "api_key": tuple(map(Secret, keys or ("K3y",))),
            "method": "POST",
            "send_password": False,
            **options,
        }
        return WebsiteToolbox(settings, make_api(), clock=hand_clock)

    return make


def test_its_settings_are_those_of_the_documentation() -> None:
    assert [(key.name, key.secret) for key in WebsiteToolbox.keys] == [
        ("url", False),
        ("api_key", True),
        ("method", False),
        ("send_password", False),
    ]
    converted = {
        "url": "https://client.discussionchatroom.com",
        "api_key": (Secret("one"), Secret("two")),
        "method": "GET",
        "send_password": True,
    }
    written = {
        "url": "https://CLIENT.discussionchatroom.com/",
        "api_key": "one\ntwo",
        "method": "get",
        "send_password": "yes",
    }
    assert {key.name: key.convert(written[key.name]) for key in WebsiteToolbox.keys} == converted


# Logins


def test_a_session_is_a_token_that_lasts_an_hour_from_when_it_was_asked_for(
    chat: Chat, make_room: MakeRoom, hand_clock: Any
) -> None:
    session = make_room().open_session(ANN)
    assert (session.token, session.expires_at) == ("88SngRlfrqL", hand_clock.now + 3600)
    assert chat.calls == [
        (
            "/sso/token/generate",
            {
                "email": "ann@example.com",
                "username": "Ann B",
                "avatarUrl": "https://site.test/ann.png?s=1&t=2",
            },
        )
    ]


def test_a_renewed_token_lives_an_hour_from_when_it_was_asked_for(
    chat: Chat, make_room: MakeRoom, hand_clock: Any
) -> None:
    room = make_room()
    first = room.open_session(ANN)
    chat.answers.append(say(access_token="another"))
    hand_clock.now += 3000
    assert room.renew_session(ANN, first) == ChatSession("another", hand_clock.now + 3600)


def test_a_room_that_gives_the_token_that_it_knows_makes_it_no_younger(
    chat: Chat, make_room: MakeRoom, hand_clock: Any
) -> None:
    room = make_room()
    first = room.open_session(ANN)
    hand_clock.now += 3000
    assert room.renew_session(ANN, first) == first
    assert [path for path, _ in chat.calls] == ["/sso/token/generate"] * 2


@pytest.mark.parametrize("user", [ChatUser("ann@example.com"), ChatUser("ann@example.com", "", "", "")])
def test_what_a_user_has_not_is_not_sent(user: ChatUser, chat: Chat, make_room: MakeRoom) -> None:
    make_room().open_session(user)
    assert chat.calls[0][1] == {"email": "ann@example.com"}


def test_the_key_travels_in_the_body_by_default_and_in_the_query_by_setting(
    chat: Chat, make_room: MakeRoom
) -> None:
    make_room().open_session(ANN)
    make_room(method="GET").open_session(ANN)
    assert [(request.method, b"K3y" in request.query_string) for request in chat.requests] == [
        ("POST", False),
        ("GET", True),
    ]
    assert chat.calls[0] == chat.calls[1]


@pytest.mark.parametrize(
    "token", [None, "", " ", "a b", "a\r\nSet-Cookie: x", "t\u00f6ken", "\u0661", "x" * 1025, 7, ["T"]]
)
def test_a_token_that_cannot_be_one_is_not_handed_out(token: object, chat: Chat, make_room: MakeRoom) -> None:
    chat.answers = [say(access_token=token)]
    with pytest.raises(Unavailable, match="without a token that can be used"):
        make_room().open_session(ANN)


@pytest.mark.parametrize("token", ["a", "x" * 1024, "!~\"&+/='<>"])
def test_any_other_token_is_handed_out_as_it_came(token: str, chat: Chat, make_room: MakeRoom) -> None:
    chat.answers = [say(access_token=token)]
    assert make_room().open_session(ANN).token == token


def test_a_login_that_the_room_refuses_is_told_in_its_words(chat: Chat, make_room: MakeRoom) -> None:
    chat.answers = [{"success": False, "message": "ann@example.com is banned"}, {"success": False}]
    room = make_room()
    with pytest.raises(Rejected) as caught:
        room.open_session(ANN)
    assert (caught.value.reason, caught.value.credentials) == ("no token: ... is banned", False)
    with pytest.raises(Rejected, match="no token: refused without a reason"):
        room.open_session(ANN)


@pytest.mark.parametrize("address", ['"a,b"@example.com', "a,b@example.com", 'a"@example.com'])
def test_nobody_gets_an_account_that_could_not_be_deleted(
    address: str, chat: Chat, make_room: MakeRoom
) -> None:
    with pytest.raises(Rejected, match="comma"):
        make_room().open_session(ChatUser(address))
    assert chat.calls == []


# Pages


@pytest.mark.parametrize(("remember", "value"), [(False, "0"), (True, "1")])
def test_the_tags_and_links_are_the_documented_ones(remember: bool, value: str, make_room: MakeRoom) -> None:
    room = make_room(url="https://CLIENT.discussionchatroom.com")
    base = "//CLIENT.discussionchatroom.com/sso/token"
    assert (
        room.login_tag_url(SESSION, remember=remember)
        == f"{base}/login?access_token=88SngRlfrqL&rememberMe={value}"
    )
    assert room.logout_tag_url(SESSION) == f"{base}/logout?access_token=88SngRlfrqL"
    assert room.link_parameters(SESSION, remember=remember) == (
        ("access_token", "88SngRlfrqL"),
        ("rememberMe", value),
    )


def test_a_token_with_signs_of_its_own_is_escaped_in_the_tags(make_room: MakeRoom) -> None:
    room = make_room(url="http://room.test:8080")
    session = ChatSession("a&b=\"<'/+%", 0.0)
    escaped = "a%26b%3D%22%3C%27%2F%2B%25"
    assert (
        room.login_tag_url(session, remember=False)
        == f"//room.test:8080/sso/token/login?access_token={escaped}&rememberMe=0"
    )
    assert room.logout_tag_url(session) == f"//room.test:8080/sso/token/logout?access_token={escaped}"


def test_the_embed_script_takes_the_token_as_a_link_does(make_room: MakeRoom) -> None:
    room = make_room(url="https://CLIENT.discussionchatroom.com")
    assert room.has_tags
    assert room.scripts == {"/js/embed.js"}
    assert room.hosts == {"client.discussionchatroom.com"}


# Account changes


def test_a_registration_sends_what_is_known_and_no_password(chat: Chat, make_room: MakeRoom) -> None:
    make_room().deliver(Register(ANN, "S3cret"))
    assert chat.calls == [
        (
            "/sso/user/register",
            {
                "email": "ann@example.com",
                "username": "Ann B",
                "avatarUrl": "https://site.test/ann.png?s=1&t=2",
            },
        )
    ]


def test_a_registration_without_a_user_name_is_made_by_generate(chat: Chat, make_room: MakeRoom) -> None:
    make_room().deliver(Register(ChatUser("ann@example.com")))
    assert chat.calls == [("/sso/token/generate", {"email": "ann@example.com"})]


def test_passwords_go_out_where_the_owner_wants_it(chat: Chat, make_room: MakeRoom) -> None:
    room = make_room(send_password=True)
    room.deliver(Register(ChatUser("ann@example.com"), "S3cret"))
    room.deliver(Register(ChatUser("ann@example.com")))
    room.deliver(Edit("ann@example.com", password="S3cret 2"))
    assert [fields for _, fields in chat.calls] == [
        {"email": "ann@example.com", "password": "S3cret"},
        {"email": "ann@example.com"},
        {"user": "ann@example.com", "password": "S3cret 2"},
    ]


def test_an_account_that_exists_is_registered(chat: Chat, make_room: MakeRoom) -> None:
    chat.answers = [
        {"success": False, "message": "It looks like you already have a chat room account!"},
        {"success": False, "message": "That username already exists"},
    ]
    room = make_room()
    room.deliver(Register(ANN))
    with pytest.raises(Rejected, match="no registration: That username already exists"):
        room.deliver(Register(ANN))


def test_an_edit_names_the_account_by_its_address_and_sends_what_changes(
    chat: Chat, make_room: MakeRoom
) -> None:
    room = make_room()
    room.deliver(Edit("ann@example.com", email="ann@example.org"))
    room.deliver(Edit("ann@example.com", email="ann@example.com", username="Ann"))
    room.deliver(Edit("ann@example.com", avatar_url=""))
    assert chat.calls == [
        ("/sso/user/edit", {"user": "ann@example.com", "email": "ann@example.org"}),
        ("/sso/user/edit", {"user": "ann@example.com", "username": "Ann"}),
        ("/sso/user/edit", {"user": "ann@example.com", "avatarUrl": ""}),
    ]


@pytest.mark.parametrize(
    "change",
    [
        Edit("ann@example.com"),
        Edit("ann@example.com", password="S3cret"),
        Edit("ann@example.com", email="ann@example.com"),
    ],
)
def test_an_edit_that_changes_nothing_is_not_sent(change: Edit, chat: Chat, make_room: MakeRoom) -> None:
    make_room().deliver(change)
    assert chat.calls == []


def test_an_edit_of_an_account_that_is_not_there_is_done(chat: Chat, make_room: MakeRoom) -> None:
    chat.answers = [NOT_FOUND, {"success": False, "message": "That email is already registered"}]
    room = make_room()
    room.deliver(Edit("ann@example.com", username="Ann"))
    with pytest.raises(Rejected, match="no edit: That email is already registered"):
        room.deliver(Edit("ann@example.com", email="bob@example.com"))


@pytest.mark.parametrize(("method", "sizes"), [("POST", [50, 50, 20]), ("GET", [10] * 12)])
def test_accounts_are_deleted_in_batches(
    method: str, sizes: list[int], chat: Chat, make_room: MakeRoom
) -> None:
    addresses = tuple(f"user{number}@example.com" for number in range(120))
    make_room(method=method).deliver(Delete(addresses))
    batches = [fields["emails"].split(",") for _, fields in chat.calls]
    assert [len(batch) for batch in batches] == sizes
    assert tuple(address for batch in batches for address in batch) == addresses
    assert {path for path, _ in chat.calls} == {"/sso/user/delete"}


def test_an_unknown_address_among_others_keeps_none_from_being_deleted(
    chat: Chat, make_room: MakeRoom
) -> None:
    chat.answers = [NOT_FOUND, say(), NOT_FOUND, say()]
    make_room().deliver(Delete(("a@x.org", "b@x.org", "c@x.org")))
    assert [fields["emails"] for _, fields in chat.calls] == [
        "a@x.org,b@x.org,c@x.org",
        "a@x.org",
        "b@x.org",
        "c@x.org",
    ]


def test_a_deletion_that_the_room_refuses_is_told(chat: Chat, make_room: MakeRoom) -> None:
    chat.answers = [{"success": False, "message": "Administrators stay"}]
    with pytest.raises(Rejected, match="no deletion: Administrators stay"):
        make_room().deliver(Delete(("a@x.org",)))


BAD = ["a,b@example.com", '"a"@example.com']


@pytest.mark.parametrize(
    "change",
    [change for bad in BAD for change in (Register(ChatUser(bad)), Edit(bad), Edit("a@x.org", email=bad))]
    + [Delete(("a@x.org", bad)) for bad in BAD],
    ids=repr,
)
def test_an_address_that_the_room_would_read_as_several_is_refused(
    change: AccountChange, chat: Chat, make_room: MakeRoom
) -> None:
    with pytest.raises(InvalidUser, match="comma"):
        make_room().check_change(change)
    with pytest.raises(InvalidUser, match="comma"):
        make_room().deliver(change)
    assert chat.calls == []


def test_an_apostrophe_is_part_of_a_name(chat: Chat, make_room: MakeRoom) -> None:
    make_room().deliver(Delete(("o'brien@example.com",)))
    assert chat.calls[0][1] == {"emails": "o'brien@example.com"}


def test_a_password_that_shall_not_go_out_is_not_kept(make_room: MakeRoom) -> None:
    changes: list[AccountChange] = [
        Register(ANN, "S3cret"),
        Edit("ann@example.com", username="Ann", password="S3cret"),
    ]
    kept = [make_room().check_change(change) for change in changes]
    assert kept == [Register(ANN), Edit("ann@example.com", username="Ann")]
    assert [make_room(send_password=True).check_change(change) for change in changes] == changes
    delete = Delete(("a@x.org",))
    assert make_room().check_change(delete) is delete


# Keys


def test_the_second_key_is_tried_once_when_the_first_is_refused_and_used_from_then_on(
    chat: Chat, make_room: MakeRoom, caplog: pytest.LogCaptureFixture
) -> None:
    room = make_room("0ld.key", "K3y")
    room.open_session(ANN)
    assert len(chat.calls) == 2
    room.open_session(ANN)
    assert len(chat.calls) == 3
    chat.keys = {"0ld.key"}
    room.open_session(ANN)
    assert len(chat.calls) == 5
    warnings = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert warnings == [
        f"website_toolbox: the room refuses the API key in line {refused} of website_toolbox.api_key and"
        f" takes the one in line {taken}, which is used from now on."
        for refused, taken in [(1, 2), (2, 1)]
    ]


def test_a_refused_key_raises_one_alarm_until_it_worked_in_between(
    chat: Chat, make_room: MakeRoom, caplog: pytest.LogCaptureFixture
) -> None:
    room = make_room("wr0ng.key", "wr0ng.key.too")

    def refused() -> None:
        for call in (lambda: room.open_session(ANN), lambda: room.deliver(Delete(("a@x.org",)))):
            with pytest.raises(Rejected) as caught:
                call()
            assert caught.value.credentials
            assert "wr0ng" not in str(caught.value)

    with caplog.at_level(logging.DEBUG):
        refused()
        refused()
        assert len(chat.calls) == 8
        chat.keys = {"wr0ng.key"}
        room.open_session(ANN)
        chat.keys = set()
        refused()
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert (
        errors
        == [
            "website_toolbox: the room refuses the API key; nobody is logged in to the chat until"
            " website_toolbox.api_key holds the one that the account's Settings page shows."
        ]
        * 2
    )
    assert "wr0ng" not in caplog.text
    assert room.api.available


def test_a_room_that_blocks_this_server_raises_one_alarm(
    chat: Chat, make_room: MakeRoom, caplog: pytest.LogCaptureFixture
) -> None:
    room = make_room("K3y", "never.tried")
    chat.answers = [Response("<html>Forbidden", status=403)] * 2
    for _ in range(2):
        with pytest.raises(Unavailable, match=r"takes no calls from this server \(403\)"):
            room.open_session(ANN)
    assert len(chat.calls) == 2
    room.open_session(ANN)
    chat.answers = [Response(status=403)]
    with pytest.raises(Unavailable):
        room.open_session(ANN)
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 2
    assert "lift the block" in errors[0]


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_neither_key_nor_password_nor_token_stands_in_any_log(
    method: str, chat: Chat, make_room: MakeRoom, caplog: pytest.LogCaptureFixture
) -> None:
    room = make_room("wr0ng.key", "K3y", method=method, send_password=True)
    errors = []
    with caplog.at_level(logging.DEBUG):
        room.open_session(ANN)
        room.deliver(Register(ANN, "S3cret"))
        chat.answers = [{"success": False, "message": "S3cret is too short, says K3y"}, Response(status=500)]
        for _ in range(2):
            with pytest.raises((Rejected, Unavailable)) as caught:
                room.deliver(Edit(ANN.email, password="S3cret"))
            errors.append(str(caught.value))
    # The server of the test writes its own log of requests.
    logged = [record.getMessage() for record in caplog.records if record.name != "werkzeug"]
    seen = "\n".join(logged + errors)
    assert "/sso/user/register" in seen
    assert "... is too short, says ..." in seen
    for secret in ("K3y", "wr0ng", "S3cret", "88SngRlfrqL", "ann@example.com"):
        assert secret not in seen
    assert "K3y" not in repr(vars(room))


# chatsso check


def test_a_probe_changes_nothing_and_says_what_it_found(chat: Chat, make_room: MakeRoom) -> None:
    chat.answers = [NOT_FOUND]
    found = make_room().probe()
    assert found == (
        "the room answers and does not refuse the API key (tried by an edit that changes nothing)"
    )
    [(path, fields)] = chat.calls
    assert path == "/sso/user/edit"
    assert list(fields) == ["user"]
    assert fields["user"].endswith("@example.invalid")


def test_a_probe_asks_for_somebody_else_each_time(chat: Chat, make_room: MakeRoom) -> None:
    make_room().probe()
    make_room().probe()
    assert chat.calls[0] != chat.calls[1]


def test_a_probe_tries_every_key(chat: Chat, make_room: MakeRoom) -> None:
    found = make_room("0ld.key", "K3y").probe()
    assert found == "the room answers; of the API keys it refuses line 1 and takes the rest"


def test_a_probe_says_when_every_key_is_refused(chat: Chat, make_room: MakeRoom) -> None:
    with pytest.raises(Rejected) as caught:
        make_room("0ld.key", "older.key").probe()
    assert caught.value.credentials


def test_a_probe_says_when_there_is_no_room(make_api: MakeAPI, closed_port: int, make_room: MakeRoom) -> None:
    with pytest.raises(Unavailable, match="no connection"):
        make_room(url=f"http://127.0.0.1:{closed_port}").probe()

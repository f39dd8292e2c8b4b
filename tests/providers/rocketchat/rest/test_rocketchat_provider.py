from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from chatsso_middleware.changes import Delete, Edit, Register
from chatsso_middleware.errors import ConfigurationError, ProviderError, Rejected, Unavailable
from chatsso_middleware.providers import Provider, Visit
from chatsso_middleware.providers.rocketchat import RocketChat
from chatsso_middleware.sandbox.rocketchat import RunningSandbox, serve
from chatsso_middleware.secret import Secret
from chatsso_middleware.sessions import ChatSession, Credentials
from chatsso_middleware.testing import ProviderContract
from chatsso_middleware.users import ChatUser
from tests.support.rocketchat import ADMIN, ScriptedChat, provider, service_account

Make = Callable[..., RocketChat]

URL = "https://chat.example.com/team"
ANN = ChatUser("ann@example.com", username="ann")
SESSION = ChatSession("T0ken&=#", 0.0, "u1")
MONGODB: dict[str, Any] = {"mode": "mongodb", "mongodb_url": Secret("mongodb://localhost:9/rocketchat")}


@pytest.mark.parametrize("version", ["7.0", "8.0", "8.4"])
class TestRocketChatContract(ProviderContract):
    @pytest.fixture
    def provider(self, version: str) -> Iterator[Provider]:
        with (
            serve(server_version=version) as sandbox,
            provider(sandbox.url, **service_account(sandbox)) as made,
        ):
            yield made


# What the login flow goes by


def test_it_has_no_tags_and_its_links_lead_through_the_gateway() -> None:
    with provider(URL, **ADMIN) as chat:
        assert not chat.has_tags
        assert chat.links_through_gateway
        assert chat.remembers_leaving
        assert chat.check_interval == timedelta(minutes=5)
        assert chat.origin == "https://chat.example.com"
        assert chat.login_tag_url(SESSION, remember=False) is None


def test_a_login_token_leads_in_at_top_level() -> None:
    with provider(URL, **ADMIN) as chat:
        for remember in (False, True):
            assert chat.link_parameters(SESSION, remember=remember) == (("resumeToken", "T0ken&=#"),)
        assert chat.link_parameter_names == {"resumeToken"}
        assert chat.token_scope == "browser"
        assert chat.realm == f"{URL}#create_token"


def test_a_token_of_the_database_is_none_for_links_and_one_for_all_browsers() -> None:
    with provider(URL, **MONGODB) as chat:
        assert chat.link_parameters(SESSION, remember=True) == ()
        assert chat.link_parameter_names == {"resumeToken"}
        assert chat.token_scope == "user"
        assert chat.realm == f"{URL}#mongodb"


@pytest.mark.parametrize(
    ("given", "paths"),
    [
        ({}, {"token", "frame"}),
        ({"oauth": ("google",), "google_client_id": "c"}, {"token", "frame", "oauth"}),
        (
            {"oauth": ("facebook",), "facebook_app_id": "1", "facebook_app_secret": Secret("s")},
            {"token", "frame", "oauth"},
        ),
        ({"oauth": ("twitter",), "oauth_verifier": lambda service, said: None}, {"token", "frame", "oauth"}),
        ({"embed_script": True}, {"token", "frame", "embed", "embed.js"}),
    ],
)
def test_its_endpoints_are_those_that_the_owner_switched_on(given: Any, paths: set[str]) -> None:
    with provider(URL, **ADMIN, **given) as chat:
        assert {endpoint.path for endpoint in chat.endpoints} == paths
        assert chat.page_script == ("embed.js" if "embed_script" in given else None)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"mode": "password"}, True),
        ({"mode": "saved"}, True),
        ({"mode": "saved", "saved_token": lambda user: None}, False),
        (ADMIN, False),
    ],
)
def test_the_frame_sends_to_the_login_page_where_nothing_else_opens_a_session(
    given: dict[str, Any], says: bool
) -> None:
    visit = Visit(method="GET", user=ANN, base="/chatsso/rocketchat", login_page="/login?next=back")
    with provider(URL, **given) as chat:
        [frame] = [endpoint for endpoint in chat.endpoints if endpoint.path == "frame"]
        assert ("/login?next=back" in frame.answer(visit).body) is says


@pytest.mark.parametrize("partitioned", [True, False])
def test_cookies_are_partitioned_where_the_owner_wants_it(partitioned: bool) -> None:
    with provider(URL, **ADMIN, cookie_partitioned=partitioned) as chat:
        assert chat.partitioned_cookies is partitioned


def test_a_database_whose_address_cannot_be_used_is_told_without_it() -> None:
    with (
        pytest.raises(ConfigurationError) as caught,
        provider(URL, mode="mongodb", mongodb_url=Secret("S3cret:")),
    ):
        pass
    assert "mongodb_url" in str(caught.value)
    assert "S3cret" not in str(caught.value)


def test_a_session_lasts_thirty_days_from_when_it_was_asked_for(newest: RunningSandbox) -> None:
    with provider(newest.url, clock=lambda: 1000.0, **service_account(newest)) as chat:
        session = chat.open_session(ANN)
        assert (session.expires_at, session.checked_at) == (1000.0 + 30 * 86400, 1000.0)


# Chats that answer in another way


LOGIN = {"userId": "u1", "authToken": "T0ken"}


@pytest.mark.parametrize(
    "data",
    [
        None,
        "T0ken",
        {"userId": "u1"},
        {"authToken": "T0ken"},
        {"userId": {"$ne": 1}, "authToken": "T0ken"},
        {"userId": "u1", "authToken": {"$ne": 1}},
        {"userId": "u1", "authToken": ""},
        {**LOGIN, "me": "u1"},
        {**LOGIN, "me": {"_id": {"$ne": 1}}},
    ],
)
def test_a_login_that_cannot_be_read_is_no_login(
    data: object, scripted: ScriptedChat, make_scripted: Make
) -> None:
    scripted.answer("login", {"status": "success", "data": data})
    with pytest.raises(Unavailable):
        make_scripted(mode="saved").open_session(ANN, Credentials(token="T0ken"))


def test_a_saved_token_is_the_users_where_the_chat_tells_no_address(
    scripted: ScriptedChat, make_scripted: Make
) -> None:
    scripted.answer("login", {"status": "success", "data": LOGIN | {"authToken": "An0ther"}})
    scripted.answer("login", {"status": "success", "data": LOGIN | {"me": {"_id": "u1", "emails": []}}})
    chat = make_scripted(mode="saved")
    assert chat.open_session(ANN, Credentials(token="T0ken")).token == "An0ther"
    assert chat.open_session(ANN, Credentials(token="T0ken")).account == "u1"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("error-user-is-not-activated", "waits for an administrator"),
        ("error-invalid-email", "wants the address verified"),
    ],
)
def test_a_login_that_something_else_stands_in_the_way_of_makes_no_account(
    code: str, words: str, scripted: ScriptedChat, make_scripted: Make
) -> None:
    scripted.answer("login", {"status": "error", "error": code, "message": "no"}, 401)
    for mode, credentials in (
        ("password", Credentials(password="S3cret")),
        ("saved", Credentials(token="T0ken")),
    ):
        with pytest.raises(Rejected, match=words):
            make_scripted(mode=mode).open_session(ANN, credentials)
    assert scripted.paths() == ["login", "login"]


@pytest.mark.parametrize("whom", ["ip", "user"])
@pytest.mark.parametrize("with_service", [True, False])
def test_blocked_logins_say_what_to_set_and_make_no_account_and_leave_the_way_open(
    whom: str, with_service: bool, scripted: ScriptedChat, make_scripted: Make
) -> None:
    blocked = {"status": "error", "error": f"error-login-blocked-for-{whom}", "message": "Blocked"}
    scripted.answer("login", blocked, 401)
    chat = make_scripted(mode="password", with_service=with_service)
    for _ in range(6):
        with pytest.raises(Unavailable, match="Block_Multiple_Failed_Logins_Ip_Whitelist"):
            chat.open_session(ANN, Credentials(password="S3cret"))
    assert scripted.paths() == ["login"] * 6
    assert chat.api.available


@pytest.mark.parametrize(
    "body",
    [
        {"success": False, "error": "Email already exists. [403]"},
        {"success": False, "error": "ann@example.com is already in use :("},
    ],
)
def test_a_registration_stops_where_it_is_the_address_that_is_taken(
    body: Any, scripted: ScriptedChat, make_scripted: Make
) -> None:
    scripted.answer("users.register", body, 400)
    make_scripted(mode="password", with_service=False).deliver(Register(ANN, "S3cret"))
    assert scripted.paths() == ["users.register"]


def test_a_registration_tries_a_few_names_where_the_chat_does_not_say_what_is_taken(
    scripted: ScriptedChat, make_scripted: Make
) -> None:
    taken = {"success": False, "error": "x", "errorType": "error-field-unavailable"}
    scripted.answer("users.register", taken, 400)
    make_scripted(mode="password", with_service=False).deliver(Register(ANN, "S3cret"))
    names = [fields["username"] for fields in scripted.fields("users.register")]
    assert names[:3] == ["ann", "ann-2", "ann-3"]
    assert len(names) == 4


def test_a_logout_that_only_the_service_account_could_still_bring_about_is_one_for_later(
    scripted: ScriptedChat, make_scripted: Make
) -> None:
    scripted.answer("users.logout", {}, 503)
    scripted.answer("logout", {"success": False, "error": "Not on Sundays"}, 400)
    with pytest.raises(Unavailable, match="503"):
        make_scripted().close_session(SESSION)


def test_a_registration_sends_the_address_as_servers_look_it_up(
    scripted: ScriptedChat, make_scripted: Make
) -> None:
    scripted.answer("users.register", {"success": True})
    chat = make_scripted(mode="password", with_service=False)
    chat.deliver(Register(ChatUser("Ann@Example.com"), "S3cret"))
    [fields] = scripted.fields("users.register")
    assert fields["email"] == "ann@example.com"


@pytest.mark.parametrize("call", ["login", "me", "logout", "users.register"])
def test_a_limit_of_calls_without_a_service_account_raises_one_alarm_that_names_the_settings(
    call: str, scripted: ScriptedChat, make_scripted: Make, caplog: pytest.LogCaptureFixture
) -> None:
    for path in ("login", "me", "logout", "users.register"):
        limit = {"success": False, "error": "You must wait 9 seconds. [error-too-many-requests]"}
        scripted.answer(path, limit, 400 if path == "me" else 429)
    chat = make_scripted(mode="password", with_service=False)
    acts: dict[str, Callable[[], object]] = {
        "login": lambda: chat.open_session(ANN, Credentials(password="S3cret")),
        "me": lambda: chat.check_session(SESSION),
        "logout": lambda: chat.close_session(SESSION),
        "users.register": lambda: chat.deliver(Register(ANN, "S3cret")),
    }
    for path in (call, *acts):
        with pytest.raises(Unavailable):
            acts[path]()
    [alarm] = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert "API_Enable_Rate_Limiter_Limit_Calls_Default" in alarm
    assert "Rate_Limiter_Limit_RegisterUser" in alarm


def test_a_registration_that_the_chat_refuses_is_told(scripted: ScriptedChat, make_scripted: Make) -> None:
    scripted.answer("login", {"success": False, "error": "unauthorized"}, 401)
    scripted.answer("users.register", {"success": False, "error": "User registration is disabled"}, 400)
    with pytest.raises(Rejected, match="no registration: User registration is disabled"):
        make_scripted(mode="password", with_service=False).open_session(ANN, Credentials(password="S3cret"))


def test_the_limit_of_registrations_does_not_silence_logins(
    scripted: ScriptedChat, make_scripted: Make
) -> None:
    scripted.answer("login", {"success": False, "error": "unauthorized"}, 401)
    scripted.answer("login", {"status": "success", "data": LOGIN})
    scripted.answer("users.register", {"success": False, "error": "x"}, 429, Retry_After="60")
    chat = make_scripted(mode="password", with_service=False)
    with pytest.raises(Unavailable, match="limits our calls"):
        chat.open_session(ANN, Credentials(password="S3cret"))
    assert chat.open_session(ANN, Credentials(password="S3cret")).token == "T0ken"


def test_a_logout_that_the_chat_refuses_is_told(scripted: ScriptedChat, make_scripted: Make) -> None:
    refused = {"success": False, "error": "Not on Sundays"}
    scripted.answer("users.logout", refused, 400)
    scripted.answer("logout", refused, 400)
    with pytest.raises(Rejected, match="no logout: Not on Sundays"):
        make_scripted().close_session(SESSION)
    assert scripted.paths() == ["users.logout", "logout"]


def test_who_is_logged_out_already_is_logged_out(scripted: ScriptedChat, make_scripted: Make) -> None:
    scripted.answer(
        "users.logout", {"success": False, "error": "x", "errorType": "error-invalid-user-id"}, 400
    )
    make_scripted().close_session(SESSION)
    assert scripted.paths() == ["users.logout"]


@pytest.mark.parametrize("status", [400, 403])
def test_a_check_that_is_refused_for_another_reason_says_nothing_of_the_token(
    status: int, scripted: ScriptedChat, make_scripted: Make
) -> None:
    scripted.answer("me", {"success": False, "error": "no"}, status)
    with pytest.raises(Unavailable, match=rf"status {status}"):
        make_scripted().check_session(SESSION)


# The owner


@pytest.mark.parametrize("mode", ["password", "saved", "realtime"])
def test_a_probe_without_a_service_account_asks_for_the_version_alone(
    mode: str, newest: RunningSandbox, make: Make
) -> None:
    found = make(newest, mode=mode, with_service=False).probe()
    assert found.startswith("the chat is of version 8.4; ")
    assert ("its realtime API answers; " in found) is (mode == "realtime")
    assert [call.path for call in newest.calls if call.path.startswith("/api/")] == ["/api/v1/info"]


def test_a_probe_of_the_realtime_api_says_where_it_does_not_answer(
    newest: RunningSandbox, make: Make
) -> None:
    newest.fail_with(on="/websocket", status=502, body="<h1>Bad gateway</h1>")
    with pytest.raises(Unavailable, match="answered with status 502 instead of a WebSocket"):
        make(newest, mode="realtime").probe()


@pytest.mark.parametrize("version", ["7.0", "8.4"])
def test_neither_key_nor_password_nor_token_nor_address_stands_in_any_log(
    version: str, caplog: pytest.LogCaptureFixture
) -> None:
    errors: list[str] = []
    shown: list[str] = []
    with caplog.at_level(logging.DEBUG), serve(server_version=version) as sandbox:
        keys = service_account(sandbox)
        tokens = [sandbox.admin_token, sandbox.token_secret]
        for mode in ("create_token", "password", "saved", "realtime"):
            with provider(sandbox.url, mode=mode, **keys) as chat:
                known = sandbox.chat.user(ANN.email)
                token = sandbox.chat.mint_token(known).token if known and mode == "saved" else None
                session = chat.open_session(ANN, Credentials(password="S3cret-Passw0rd", token=token))
                tokens += [session.token]
                shown += [repr(session), repr(vars(chat))]
                chat.check_session(session)
                chat.deliver(Register(ANN, "S3cret-Passw0rd"))
                chat.deliver(Edit(ANN.email, username="annie", password="S3cret-Passw0rd"))
                chat.close_session(session)
                sandbox.fail_with(status=500)
                with pytest.raises(ProviderError) as caught:
                    chat.deliver(Delete((ANN.email,)))
                errors.append(repr(caught.value))
                with pytest.raises(ProviderError) as caught:
                    chat.open_session(ANN, Credentials(password="Wr0ng-Passw0rd", token="Wr0ng-T0ken"))
                errors.append(repr(caught.value))
                sandbox.recover()
                for user in sandbox.chat.users:
                    sandbox.chat.delete_user(user)
                sandbox.chat.add_user("ann", email=ANN.email, password="S3cret-Passw0rd")
    ours = [
        record.getMessage()
        for record in caplog.records
        if not record.name.startswith(("websockets", "werkzeug"))
    ]
    seen = "\n".join([*ours, *errors, *shown])
    assert "/api/v1/users.createToken" in seen
    for secret in (*tokens, "S3cret-Passw0rd", "Wr0ng-", ANN.email, "ann%40example.com"):
        assert secret not in seen

"""Each mode at a chat of each generation: in, looked at, renewed, out."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from chatsso_middleware.changes import Delete, Edit, Register
from chatsso_middleware.errors import Rejected, Unavailable
from chatsso_middleware.providers.rocketchat import RocketChat
from chatsso_middleware.sandbox.rocketchat import Behaviour, RunningSandbox, User, serve
from chatsso_middleware.sessions import ChatSession, Credentials
from chatsso_middleware.users import ChatUser
from tests.support.rocketchat import provider

Make = Callable[..., RocketChat]

ANN = ChatUser("Ann@Example.com", username="ann", name="Ann Lee")
PASSWORD = "S3cret-Passw0rd"
TYPED = Credentials(password=PASSWORD)
BEGINNING = 1_700_000_000.0
DAY = 86400.0


@dataclass
class Entrance:
    """A way into the sandbox: how the provider is built, and what Ann's login brings."""

    options: dict[str, Any]
    login: Callable[[RunningSandbox], Credentials | None]


def known(sandbox: RunningSandbox) -> User:
    return sandbox.chat.user("ann") or sandbox.chat.add_user(
        "ann", email="ann@example.com", password=PASSWORD
    )


def typed(sandbox: RunningSandbox) -> Credentials:
    known(sandbox)
    return TYPED


def kept(sandbox: RunningSandbox) -> Credentials:
    return Credentials(token=sandbox.chat.mint_token(known(sandbox)).token)


def oauth(sandbox: RunningSandbox) -> Credentials:
    return Credentials(oauth=sandbox.chat.add_oauth_credential(known(sandbox)))


def nothing(sandbox: RunningSandbox) -> None:
    return None


ENTRANCES = {
    "create_token": Entrance({"mode": "create_token"}, nothing),
    "password": Entrance({"mode": "password"}, typed),
    "saved": Entrance({"mode": "saved"}, kept),
    "realtime, password": Entrance({"mode": "realtime"}, typed),
    "realtime, token": Entrance({"mode": "realtime"}, kept),
    "realtime, oauth": Entrance({"mode": "realtime"}, oauth),
}
every_entrance = pytest.mark.parametrize("entrance", ENTRANCES.values(), ids=ENTRANCES)


def holder(sandbox: RunningSandbox, session: ChatSession) -> str | None:
    """The user name of whoever is logged in by the session's token."""
    user = sandbox.chat.token_owner(session.token)
    return None if user is None else user.username


@every_entrance
def test_a_session_is_opened_checked_renewed_and_ended(
    entrance: Entrance, sandbox: RunningSandbox, make: Make
) -> None:
    chat = make(sandbox, **entrance.options)
    session = chat.open_session(ANN, entrance.login(sandbox))
    assert holder(sandbox, session) == "ann"
    assert chat.check_session(session)
    renewed = chat.renew_session(ANN, session)
    assert holder(sandbox, renewed) == "ann"
    assert renewed.account == session.account
    chat.close_session(renewed)
    assert holder(sandbox, renewed) is None
    assert not chat.check_session(renewed)
    chat.close_session(renewed)


@pytest.mark.parametrize("entrance", list(ENTRANCES.values())[1:], ids=list(ENTRANCES)[1:])
def test_a_session_ends_by_its_own_token_where_there_is_no_service_account(
    entrance: Entrance, newest: RunningSandbox, make: Make
) -> None:
    chat = make(newest, with_service=False, **entrance.options)
    session = chat.open_session(ANN, entrance.login(newest))
    another = newest.chat.mint_token(known(newest)).token
    chat.close_session(session)
    assert holder(newest, session) is None
    assert newest.chat.token_owner(another) is not None
    chat.close_session(session)
    with pytest.raises(Rejected, match="only a service account") as caught:
        chat.close_unknown_session(ANN.email)
    assert not caught.value.credentials
    assert newest.chat.token_owner(another) is not None


@every_entrance
def test_a_session_that_is_not_known_any_more_is_ended_by_the_service_account(
    entrance: Entrance, newest: RunningSandbox, make: Make
) -> None:
    chat = make(newest, **entrance.options)
    session = chat.open_session(ANN, entrance.login(newest))
    chat.close_unknown_session("ANN@example.com")
    assert holder(newest, session) is None
    chat.close_unknown_session("nobody@example.com")


@every_entrance
def test_a_session_ends_by_its_own_token_where_the_service_account_may_not(
    entrance: Entrance, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    without = Behaviour().permissions - {"logout-other-user"}
    with serve(behaviour=Behaviour(permissions=without)) as sandbox:
        chat = make(sandbox, **entrance.options)
        session = chat.open_session(ANN, entrance.login(sandbox))
        chat.close_session(session)
        assert holder(sandbox, session) is None
    assert "logout-other-user" in caplog.text


@every_entrance
def test_a_session_ends_by_its_own_token_where_the_service_account_gets_no_answer(
    entrance: Entrance, newest: RunningSandbox, make: Make
) -> None:
    chat = make(newest, **entrance.options)
    session = chat.open_session(ANN, entrance.login(newest))
    newest.fail_with(on="/api/v1/users.logout", status=503)
    chat.close_session(session)
    assert holder(newest, session) is None


def test_a_logout_that_fails_both_ways_is_one_for_later(newest: RunningSandbox, make: Make) -> None:
    chat = make(newest)
    session = chat.open_session(ANN)
    newest.fail_with(status=503)
    with pytest.raises(Unavailable):
        chat.close_session(session)
    newest.recover()
    assert holder(newest, session) == "ann"


def test_a_limit_on_the_way_to_tokens_keeps_nobody_logged_in(make: Make) -> None:
    limited = Behaviour(permissions=Behaviour().permissions - {"api-bypass-rate-limit"}, rate_limit=3)
    with serve(behaviour=limited) as sandbox:
        chat = make(sandbox)
        users = [ChatUser(f"{name}@example.com") for name in ("ann", "bob", "eve")]
        for user in users:
            sandbox.chat.add_user(user.email.partition("@")[0])
        sessions = [chat.open_session(user) for user in users]
        with pytest.raises(Unavailable, match="limits our calls"):
            chat.open_session(ANN)
        chat.close_session(sessions[0])
        assert [holder(sandbox, session) for session in sessions] == [None, "bob", "eve"]


@pytest.mark.parametrize("address", ["ann@example.com", "nobody@example.com"])
def test_a_logout_of_an_address_that_cannot_be_looked_up_is_told(
    address: str, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    without = Behaviour().permissions - {"view-outside-room"}
    with serve(server_version="7.0", behaviour=Behaviour(permissions=without)) as sandbox:
        chat = make(sandbox)
        sandbox.chat.add_user("wonder", email="ann@example.com")
        with pytest.raises(Rejected, match="not known whether there is one") as caught:
            chat.close_unknown_session(address)
        assert caught.value.credentials
    assert "nor logged out" in caplog.text


def test_a_logout_of_an_address_finds_the_account_by_the_name_that_follows_from_it(make: Make) -> None:
    without = Behaviour().permissions - {"view-outside-room"}
    with serve(server_version="7.0", behaviour=Behaviour(permissions=without)) as sandbox:
        known(sandbox)
        chat = make(sandbox, mode="password")
        session = chat.open_session(ANN, TYPED)
        chat.close_unknown_session("ann@example.com")
        assert holder(sandbox, session) is None


def test_the_sessions_of_the_service_account_itself_are_not_ended(
    newest: RunningSandbox, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    chat = make(newest, mode="saved")
    service = newest.chat.user(newest.admin_user_id)
    assert service is not None
    address = "service@chat.invalid"
    session = chat.open_session(ChatUser(address), Credentials(token=newest.chat.mint_token(service).token))
    chat.close_session(session)
    assert holder(newest, session) is None
    chat.close_unknown_session(address)
    assert "address of the service account" in caplog.text
    assert chat.probe()


@every_entrance
def test_a_check_that_the_chat_cannot_answer_says_nothing_of_the_token(
    entrance: Entrance, newest: RunningSandbox, make: Make
) -> None:
    chat = make(newest, **entrance.options)
    session = chat.open_session(ANN, entrance.login(newest))
    newest.fail_with(status=429)
    with pytest.raises(Unavailable):
        chat.check_session(session)
    newest.recover()
    assert chat.api.available


def test_a_check_finds_a_token_that_is_of_somebody_else(newest: RunningSandbox, make: Make) -> None:
    chat = make(newest)
    session = chat.open_session(ANN)
    assert not chat.check_session(ChatSession(session.token, session.expires_at, "another"))


# The password


@pytest.mark.parametrize("mode", ["password", "realtime"])
@pytest.mark.parametrize("with_service", [True, False])
def test_an_account_that_is_missing_is_made_with_the_password_once(
    mode: str, with_service: bool, sandbox: RunningSandbox, make: Make
) -> None:
    chat = make(sandbox, mode=mode, with_service=with_service)
    first = chat.open_session(ANN, TYPED)
    again = chat.open_session(ANN, TYPED)
    assert holder(sandbox, first) == holder(sandbox, again) == "ann"
    assert len(sandbox.chat.users) == 1


@pytest.mark.parametrize("mode", ["password", "realtime"])
@pytest.mark.parametrize("with_service", [True, False])
def test_a_wrong_password_is_refused_and_makes_no_account(
    mode: str, with_service: bool, sandbox: RunningSandbox, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    known(sandbox)
    chat = make(sandbox, mode=mode, with_service=with_service)
    with caplog.at_level(logging.DEBUG), pytest.raises(Rejected) as caught:
        chat.open_session(ANN, Credentials(password="Wr0ng-Passw0rd"))
    assert not caught.value.credentials
    assert "Wr0ng-Passw0rd" not in f"{caught.value!r} {caplog.text} {vars(chat)!r}"
    assert len(sandbox.chat.users) == 1


@pytest.mark.parametrize("mode", ["password", "realtime"])
def test_no_account_is_made_at_a_login_where_the_owner_wants_none(
    mode: str, newest: RunningSandbox, make: Make
) -> None:
    with pytest.raises(Rejected):
        make(newest, mode=mode, create_users=False).open_session(ANN, TYPED)
    assert newest.chat.users == ()


@pytest.mark.parametrize("mode", ["password", "realtime"])
@pytest.mark.parametrize("credentials", [None, Credentials(), Credentials(password="")])
def test_without_a_password_the_reason_says_what_the_chat_wants(
    mode: str, credentials: Credentials | None, newest: RunningSandbox, make: Make
) -> None:
    with pytest.raises(Rejected, match="wants a login on the site with the password"):
        make(newest, mode=mode).open_session(ANN, credentials)
    assert not list(newest.calls)


@pytest.mark.parametrize(("mode", "path"), [("password", "/api/v1/login"), ("realtime", "/websocket/login")])
@pytest.mark.parametrize("with_service", [True, False])
def test_a_second_factor_is_told_with_the_mode_that_needs_none_and_makes_no_account(
    mode: str, path: str, with_service: bool, sandbox: RunningSandbox, make: Make
) -> None:
    sandbox.chat.require_two_factor(known(sandbox))
    with pytest.raises(Rejected, match="create_token, whose tokens need none"):
        make(sandbox, mode=mode, with_service=with_service).open_session(ANN, TYPED)
    sandbox.calls.wait_for(path)
    assert not [call.path for call in sandbox.calls if "/users." in call.path]
    assert holder(sandbox, make(sandbox).open_session(ANN)) == "ann"


def test_a_realtime_credential_that_is_no_text_is_refused_without_a_word_of_it(
    newest: RunningSandbox, make: Make
) -> None:
    with pytest.raises(Rejected) as caught:
        make(newest, mode="realtime").open_session(ANN, Credentials(oauth=("S3cret", "")))
    assert "S3cret" not in str(caught.value)


@pytest.mark.parametrize("mode", ["password", "saved", "realtime"])
def test_a_renewal_with_a_token_that_was_revoked_is_refused(
    mode: str, newest: RunningSandbox, make: Make
) -> None:
    session = ChatSession(newest.chat.mint_token(known(newest)).token, 0.0, known(newest).id)
    newest.chat.log_out_everywhere(known(newest))
    with pytest.raises(Rejected):
        make(newest, mode=mode).renew_session(ANN, session)


@pytest.mark.parametrize("mode", ["password", "saved", "realtime"])
def test_a_renewal_that_brings_somebody_elses_token_is_refused(
    mode: str, newest: RunningSandbox, make: Make
) -> None:
    bob = newest.chat.add_user("bob")
    session = ChatSession(newest.chat.mint_token(bob).token, 0.0, known(newest).id)
    with pytest.raises(Rejected, match="somebody else's"):
        make(newest, mode=mode).renew_session(ANN, session)


@pytest.mark.parametrize("mode", ["password", "saved", "realtime"])
def test_a_renewal_brings_a_later_end_though_the_token_stays_the_same(mode: str) -> None:
    at = [BEGINNING]
    with serve(clock=lambda: at[0]) as sandbox, provider(sandbox.url, mode=mode, clock=lambda: at[0]) as chat:
        session = chat.open_session(ANN, kept(sandbox) if mode == "saved" else typed(sandbox))
        at[0] += 29 * DAY
        renewed = chat.renew_session(ANN, session)
        assert renewed.token == session.token
        assert renewed.expires_at == session.expires_at + 29 * DAY


def test_a_renewal_does_not_outlast_the_end_that_the_chat_names() -> None:
    at = [BEGINNING]
    with (
        serve(clock=lambda: at[0]) as sandbox,
        provider(sandbox.url, mode="realtime", clock=lambda: at[0]) as chat,
    ):
        session = chat.open_session(ANN, typed(sandbox))
        at[0] += 80 * DAY
        assert chat.renew_session(ANN, session).expires_at == BEGINNING + 90 * DAY


def test_a_realtime_session_ends_when_the_chat_says(make: Make) -> None:
    from datetime import timedelta

    with serve(token_life=timedelta(days=1)) as sandbox:
        known(sandbox)
        session = make(sandbox, mode="realtime").open_session(ANN, TYPED)
        assert session.expires_at - session.checked_at == pytest.approx(86400, abs=30)


# Tokens that the site has


@pytest.mark.parametrize("mode", ["saved", "realtime"])
def test_a_token_of_somebody_else_is_refused(mode: str, newest: RunningSandbox, make: Make) -> None:
    bob = newest.chat.add_user("bob")
    with pytest.raises(Rejected, match="somebody else's"):
        make(newest, mode=mode).open_session(ANN, Credentials(token=newest.chat.mint_token(bob).token))


def test_the_sites_function_gives_the_token_where_the_login_brings_none(
    newest: RunningSandbox, make: Make
) -> None:
    tokens = {ANN.email: newest.chat.mint_token(known(newest)).token}
    chat = make(newest, mode="saved", saved_token=lambda user: tokens.get(user.email))
    assert holder(newest, chat.open_session(ANN)) == "ann"
    with pytest.raises(Rejected, match="has no token of the chat"):
        chat.open_session(ChatUser("bob@example.com"))


def test_a_realtime_token_whose_owner_the_chat_does_not_tell_is_refused(
    newest: RunningSandbox, make: Make
) -> None:
    token = newest.chat.mint_token(newest.chat.add_user("bob")).token
    newest.fail_with(on="/api/v1/me", status=401, body='{"success": false, "error": "unauthorized"}')
    with pytest.raises(Rejected, match="does not tell whose token"):
        make(newest, mode="realtime").open_session(ANN, Credentials(token=token))


def test_a_saved_token_that_a_logout_has_ended_is_told_with_what_the_site_must_do(
    sandbox: RunningSandbox, make: Make
) -> None:
    token = sandbox.chat.mint_token(known(sandbox)).token
    chat = make(sandbox, mode="saved", saved_token=lambda user: token)
    chat.close_session(chat.open_session(ANN))
    with pytest.raises(Rejected, match="the site must make a new one after each"):
        chat.open_session(ANN)


@pytest.mark.parametrize("given", ["", None])
def test_without_a_token_the_reason_says_so(given: str | None, newest: RunningSandbox, make: Make) -> None:
    chat = make(newest, mode="saved", saved_token=None)
    with pytest.raises(Rejected, match="has no token of the chat"):
        chat.open_session(ANN, Credentials(token=given))


@pytest.mark.parametrize("given", [{"$ne": 1}, 7, "t\u00f6ken", "a\r\nb"])
def test_what_cannot_be_a_token_is_not_sent(given: Any, newest: RunningSandbox, make: Make) -> None:
    with pytest.raises(Rejected, match="is no token of the chat"):
        make(newest, mode="saved", saved_token=lambda user: given).open_session(ANN)
    assert not list(newest.calls)


# When a session is opened


@pytest.mark.parametrize(
    ("mode", "credentials", "opens"),
    [
        ("create_token", TYPED, False),
        ("create_token", None, False),
        ("password", TYPED, True),
        ("password", None, False),
        ("realtime", Credentials(oauth=("a", "b")), True),
        ("realtime", None, False),
        ("saved", Credentials(token="T0ken"), True),
        ("saved", TYPED, False),
        ("saved", None, False),
    ],
)
def test_a_login_opens_a_session_only_where_it_brings_what_is_not_there_later(
    mode: str, credentials: Credentials | None, opens: bool, newest: RunningSandbox, make: Make
) -> None:
    assert make(newest, mode=mode).opens_at_login(credentials) is opens


# Account changes without a service account


@pytest.mark.parametrize("mode", ["password", "realtime"])
def test_a_registration_with_the_password_is_made_as_a_visitor_would(
    mode: str, newest: RunningSandbox, make: Make
) -> None:
    chat = make(newest, mode=mode, with_service=False)
    for _ in range(2):
        chat.deliver(Register(ANN, PASSWORD))
    assert [user.username for user in newest.chat.users] == ["ann"]
    assert holder(newest, chat.open_session(ANN, TYPED)) == "ann"


@pytest.mark.parametrize(
    ("mode", "register", "more"),
    [
        ("password", Register(ANN), {}),
        ("password", Register(ANN, PASSWORD), {"create_users": False}),
        ("saved", Register(ANN, PASSWORD), {}),
    ],
)
def test_a_registration_that_the_chat_need_not_hear_of_is_done(
    mode: str, register: Register, more: dict[str, Any], newest: RunningSandbox, make: Make
) -> None:
    make(newest, mode=mode, with_service=False, **more).deliver(register)
    assert not list(newest.calls)


@pytest.mark.parametrize("mode", ["password", "saved", "realtime"])
@pytest.mark.parametrize("change", [Edit(ANN.email, username="a"), Delete((ANN.email,))], ids=repr)
def test_another_change_names_the_keys_that_it_takes(
    mode: str, change: Edit | Delete, newest: RunningSandbox, make: Make
) -> None:
    with pytest.raises(Rejected, match=r"rocketchat\.admin_user_id and rocketchat\.admin_token"):
        make(newest, mode=mode, with_service=False).deliver(change)

"""The state cookie: believed only when it is ours and young, small whoever is in it, and kept to itself."""

from __future__ import annotations

import secrets
import string
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeTimedSerializer

from chatsso_middleware.state.cookies import CookieAttributes, StateCookie, cookie_values
from chatsso_middleware.state.session_state import NOBODY, Barred, Departed, SessionState, new_event
from chatsso_middleware.users import ChatUser

KEY, OLD_KEY, FOREIGN_KEY = "k" * 32, "o" * 32, "f" * 32

ANN = SessionState(
    user=ChatUser(
        "ann@example.com",
        username="ann",
        name="Ann Bell",
        avatar_url="https://site.example/ann.png",
        id="17",
        extra={"plot": 4, "roles": ["member"]},
    ),
    remember=True,
    since=1_800_000_000.123456,
    login=new_event(),
    departed=(Departed("bob@example.com", 1_799_999_000.5, new_event()),),
    barred=Barred.address("eve@example.com", 1_800_000_600.0),
    remember_next=True,
)


def state_cookie(*keys: str, **attributes: Any) -> StateCookie:
    return StateCookie(keys or (KEY,), CookieAttributes(**attributes))


def sent_back(set_cookie: str) -> str:
    """The Cookie header of a browser that got this Set-Cookie."""
    return set_cookie.partition(";")[0]


def attributes_of(set_cookie: str) -> dict[str, str]:
    pairs = (part.strip().partition("=") for part in set_cookie.split(";")[1:])
    return {name.lower(): value for name, _, value in pairs}


def test_what_was_written_is_read_back() -> None:
    cookie = state_cookie()
    for state in (
        ANN,
        NOBODY,
        SessionState(barred=Barred.address("a@b", None)),
        replace(ANN, user=None, login="", remember=False, since=0.0),
    ):
        assert cookie.read(sent_back(cookie.write(state, path="/", secure=True))) == state


def test_it_is_out_of_reach_of_scripts_and_of_other_sites() -> None:
    written = state_cookie().write(ANN, path="/app", secure=True)
    assert attributes_of(written) == {
        "path": "/app",
        "httponly": "",
        "samesite": "Lax",
        "secure": "",
        "max-age": str(30 * 24 * 3600),
    }


def test_a_site_that_a_chat_shows_in_a_frame_may_have_its_cookies_kept_apart_for_it() -> None:
    """CHIPS: https://developer.mozilla.org/en-US/docs/Web/Privacy/Guides/Third-party_cookies"""
    cookie = state_cookie(samesite="none", partitioned=True)
    for written in (
        cookie.write(ANN, path="/app", secure=True),
        cookie.acknowledge("event", "rocketchat", path="/app", secure=True),
        cookie.attributes.set_cookie("chatsso.x", "1", path="/app", secure=False, max_age=None),
    ):
        assert written.endswith("; Partitioned")
        attributes = attributes_of(written)
        assert {"httponly", "secure", "partitioned"} <= set(attributes)
        assert attributes["samesite"] == "None"
        assert attributes["path"] == "/app"
    assert cookie.read(sent_back(cookie.write(ANN, path="/", secure=True))) == ANN


def test_a_cookie_that_is_not_secure_is_never_partitioned() -> None:
    """Browsers drop one that says both."""
    cookie = state_cookie(samesite="lax", partitioned=True)
    assert "partitioned" not in attributes_of(cookie.write(ANN, path="/", secure=False))
    assert "partitioned" in attributes_of(cookie.write(ANN, path="/", secure=True))
    assert "partitioned" not in attributes_of(state_cookie().write(ANN, path="/", secure=True))


def test_it_stays_under_1_kb_when_it_is_partitioned_too() -> None:
    user = replace(ANN.user, name="n" * 900) if ANN.user else None
    written = state_cookie(samesite="none", partitioned=True).write(
        replace(ANN, user=user), path="/", secure=True
    )
    assert len(written) < 1024
    assert written.endswith("; Partitioned")


def test_the_owners_attributes_are_used_and_none_is_secure_whatever_the_scheme() -> None:
    cookie = state_cookie(samesite="none", domain="example.com", name="other")
    written = cookie.write(ANN, path="/", secure=False)
    assert written.startswith("other=")
    assert attributes_of(written)["samesite"] == "None"
    assert "secure" in attributes_of(written)
    assert attributes_of(written)["domain"] == "example.com"
    assert "secure" not in attributes_of(state_cookie().write(ANN, path="/", secure=False))


@pytest.mark.parametrize(
    ("state", "max_age"),
    [
        (ANN, str(30 * 24 * 3600)),
        (replace(ANN, remember=False), None),
        (SessionState(departed=ANN.departed), str(24 * 3600)),
        (SessionState(barred=Barred.address("a@b", None)), str(30 * 24 * 3600)),
        (NOBODY, "0"),
    ],
    ids=["remembered", "for the session", "logged out", "barred", "nobody"],
)
def test_it_lives_as_long_as_what_it_says_is_needed(state: SessionState, max_age: str | None) -> None:
    written = state_cookie().write(state, path="/", secure=False)
    assert attributes_of(written).get("max-age") == max_age


def test_every_change_of_a_character_makes_it_nobodys() -> None:
    cookie = state_cookie()
    header = sent_back(cookie.write(ANN, path="/", secure=False))
    start = len("chatsso=")
    for position in range(start, len(header)):
        # The last character of base64 has bits that mean nothing; itsdangerous compares the bytes.
        other = "A" if header[position] != "A" else "Q"
        forged = header[:position] + other + header[position + 1 :]
        assert cookie.read(forged) == NOBODY, position


@pytest.mark.parametrize(
    "header",
    [
        "",
        "chatsso=",
        "chatsso",
        "chatsso=..",
        "chatsso=a.b.c",
        "chatsso=\xff\xfe.\x80",
        "session=1",
        "notchatsso=x; chatsso.bounces=2",
        "chatsso=" + "." * 4000,
    ],
)
def test_nonsense_is_nobodys(header: str) -> None:
    assert state_cookie().read(header) == NOBODY


@given(st.text(st.characters(max_codepoint=255), max_size=200))
def test_no_header_whatsoever_breaks_it(value: str) -> None:
    assert state_cookie().read(f"a=b; chatsso={value}") == NOBODY


def test_a_value_signed_for_something_else_or_with_sha1_is_nobodys() -> None:
    content = {"e": "ann@example.com", "r": 0, "t": 1.0, "l": "x"}
    for serializer in (
        URLSafeTimedSerializer(KEY, salt="the session of the site"),
        URLSafeTimedSerializer(KEY, salt="chatsso-middleware.state"),
    ):
        value = serializer.dumps(content)
        assert isinstance(value, str)
        assert state_cookie().read(f"chatsso={value}") == NOBODY


@pytest.mark.parametrize(
    "content",
    [
        ["e"],
        "e",
        7,
        None,
        {"e": "no address"},
        {"e": "ann@example.com", "t": "yesterday"},
        {"e": "ann@example.com", "u": 7},
        {"e": "ann@example.com", "x": [1]},
        {"d": [["ann@example.com"]]},
        {"d": 7},
        {"b": "x"},
    ],
)
def test_a_state_of_another_version_is_nobodys(content: Any) -> None:
    cookie = state_cookie()
    value = cookie._serializer.dumps(content)
    assert isinstance(value, str)
    assert cookie.read(f"chatsso={value}") == NOBODY


def test_keys_rotate_without_logging_anybody_out() -> None:
    old = sent_back(state_cookie(OLD_KEY).write(ANN, path="/", secure=False))
    rotated = state_cookie(KEY, OLD_KEY)
    assert rotated.read(old) == ANN
    new = sent_back(rotated.write(ANN, path="/", secure=False))
    assert state_cookie(KEY).read(new) == ANN
    assert state_cookie(OLD_KEY).read(new) == NOBODY
    assert state_cookie(FOREIGN_KEY).read(new) == NOBODY


def test_a_state_is_believed_for_thirty_days() -> None:
    cookie = state_cookie()
    with time_machine.travel(datetime.fromisoformat("2026-11-20T12:00:00Z"), tick=False) as traveller:
        header = sent_back(cookie.write(ANN, path="/", secure=False))
        traveller.shift(30 * 24 * 3600)
        assert cookie.read(header) == ANN
        traveller.shift(1)
        assert cookie.read(header) == NOBODY
        traveller.shift(-40 * 24 * 3600)
        assert cookie.read(header) == NOBODY, "written in the future"


def test_of_several_cookies_with_one_name_the_one_written_last_counts() -> None:
    cookie = state_cookie()
    with time_machine.travel(datetime.fromisoformat("2026-11-20T12:00:00Z"), tick=False) as traveller:
        old = sent_back(cookie.write(ANN, path="/", secure=False))
        traveller.shift(60)
        new = sent_back(cookie.write(SessionState(departed=ANN.departed), path="/", secure=False))
        for header in (f"{old}; {new}", f"{new}; {old}", f"{old}; {new}; chatsso=forged"):
            assert cookie.read(header).user is None


UNICODE = "".join(chr(number) for number in range(0x4E00, 0x9F00, 37))


def incompressible(length: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))


def address(alphabet: str, length: int) -> str:
    return f"{incompressible(64, alphabet)}@{incompressible(length - 65, alphabet)}"


@pytest.mark.parametrize("logged_in", [True, False])
@pytest.mark.parametrize(
    ("alphabet", "length"), [(string.ascii_letters + string.digits, 320), (UNICODE, 107)]
)
@pytest.mark.parametrize("count", [0, 1, 3])
def test_it_stays_under_1_kb_for_the_largest_users(
    alphabet: str, length: int, count: int, logged_in: bool
) -> None:
    """320 octets are the longest address of RFC 5321, 107 of these characters are as many in UTF-8."""
    largest = ChatUser(
        address(alphabet, length),
        username=incompressible(2000, alphabet),
        name=incompressible(2000, alphabet),
        avatar_url="https://site.example/" + incompressible(2000),
        id=incompressible(2000),
        extra={"everything": incompressible(5000, alphabet)},
    )
    state = SessionState(
        user=largest if logged_in else None,
        remember=True,
        since=1_800_000_000.123456,
        login=new_event() if logged_in else "",
        departed=tuple(
            Departed(address(alphabet, length), 1_800_000_000.1 + number, new_event())
            for number in range(count)
        ),
        barred=Barred.address(address(alphabet, length), 1_800_000_000.1),
        remember_next=True,
    )
    cookie = state_cookie(samesite="none", domain="a-rather-long-name.of-a-site.example.com")
    written = cookie.write(state, path="/a/mounted/application", secure=True)
    assert len(written) < 1024
    read = cookie.read(sent_back(written))
    assert (read.user and read.user.email) == (state.user and state.user.email)
    assert read.login == state.login
    if not logged_in:
        assert read.departed == state.departed[len(state.departed) - len(read.departed) :]
        assert len(read.departed) >= min(count, 1), "the last logout is still known"


def test_where_nothing_more_can_be_left_out_it_is_written_all_the_same() -> None:
    cookie = state_cookie()
    written = cookie.write(ANN, path="/" + "mounted-deep/" * 80, secure=False)
    read = cookie.read(sent_back(written))
    assert read.user == ChatUser("ann@example.com")


def test_what_is_missed_least_is_left_out_first() -> None:
    cookie = state_cookie()
    user = ChatUser("ann@example.com", username="ann", id="17", extra={"long": incompressible(2000)})
    read = cookie.read(sent_back(cookie.write(replace(ANN, user=user), path="/", secure=False)))
    assert read == replace(ANN, user=replace(user, extra={}))


def test_what_json_cannot_hold_is_left_out_with_a_warning_and_raises_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    circle: list[Any] = []
    circle.append(circle)
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    extra: dict[Any, Any] = {"kept": 1, "set": {1}, "circle": circle, "deep": deep, "half": "\ud800", 7: "x"}
    cookie = state_cookie()
    state = replace(ANN, user=ChatUser("ann@example.com", extra=extra))
    read = cookie.read(sent_back(cookie.write(state, path="/", secure=False)))
    assert read.user == ChatUser("ann@example.com", extra={"kept": 1})
    assert "5 of the values" in caplog.text


def test_an_acknowledgement_is_a_cookie_of_its_own_with_nothing_of_the_state() -> None:
    cookie = state_cookie()
    written = cookie.acknowledge(ANN.login, "website_toolbox", path="/", secure=True)
    assert written.startswith(f"chatsso.website_toolbox={ANN.login};")
    assert "httponly" in attributes_of(written)
    header = f"{sent_back(written)}; chatsso.website_toolbox=older; chatsso.other=x"
    assert cookie.acknowledged(header, "website_toolbox") == [ANN.login, "older"]
    assert cookie.acknowledged("chatsso.other=x", "website_toolbox") == []
    assert cookie.read(header) == NOBODY


def test_values_are_found_as_browsers_send_them() -> None:
    header = 'a=1; chatsso="quoted"; xchatsso=2;chatsso=plain ; chatsso; chatsso.x=3'
    assert cookie_values(header, "chatsso") == ["quoted", "plain"]

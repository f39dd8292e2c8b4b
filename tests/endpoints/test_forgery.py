"""The token by which a POST from one of our pages is known: this browser's, ours, and young."""

from __future__ import annotations

import hashlib
import time
from typing import Any

import pytest
import time_machine
from itsdangerous import URLSafeTimedSerializer

from chatsso_middleware.endpoints.forgery import LIFETIME, ForgeryGuard
from chatsso_middleware.state.cookies import CookieAttributes, StateCookie
from chatsso_middleware.state.session_state import NOBODY

KEY, NEW_KEY = "k" * 32, "n" * 32


def guard_with(*keys: str, **attributes: Any) -> ForgeryGuard:
    return ForgeryGuard(keys or (KEY,), CookieAttributes(**attributes))


def first_visit(guard: ForgeryGuard) -> tuple[str, str]:
    """The Cookie header and the token of a browser that has got its first page."""
    mark = guard.mark("", path="/", secure=True)
    assert mark.set_cookie is not None
    return mark.set_cookie.partition(";")[0], mark.token


def signed(value: object, salt: str = "chatsso-middleware.forgery", key: str = KEY) -> str:
    signer = {"digest_method": hashlib.sha256, "key_derivation": "hmac"}
    text = URLSafeTimedSerializer(key, salt=salt, signer_kwargs=signer).dumps(value)
    return text if isinstance(text, str) else text.decode()


def test_a_browser_sends_back_what_it_got() -> None:
    guard = guard_with()
    cookie, token = first_visit(guard)
    assert guard.accepts(cookie, token)
    assert guard.accepts(f"other=1; {cookie}; more=2", token)


def test_a_browser_keeps_its_value_and_all_its_open_pages_can_be_used() -> None:
    guard = guard_with()
    cookie, token = first_visit(guard)
    again = guard.mark(cookie, path="/", secure=True)
    assert again.set_cookie is None
    assert guard.accepts(cookie, token)
    assert guard.accepts(cookie, again.token)


def test_the_cookie_is_out_of_reach_of_scripts_and_as_the_owner_set_it() -> None:
    guard = guard_with(name="own", samesite="none", partitioned=True)
    mark = guard.mark("", path="/app", secure=True)
    assert mark.set_cookie is not None
    assert mark.set_cookie.startswith("own.forgery=")
    attributes = {part.strip() for part in mark.set_cookie.split(";")[1:]}
    assert attributes == {"HttpOnly", "SameSite=None", "Secure", "Partitioned", "Path=/app"}


def test_values_are_128_random_bits_and_never_the_same() -> None:
    values = {first_visit(guard_with())[0].partition("=")[2] for _ in range(50)}
    assert len(values) == 50
    assert all(len(value) >= 22 for value in values)


def test_another_browser_cannot_use_it() -> None:
    guard = guard_with()
    (ann, token), (bob, _) = first_visit(guard), first_visit(guard)
    assert guard.accepts(ann, token)
    assert not guard.accepts(bob, token)
    assert not guard.accepts("", token)
    assert not guard.accepts("chatsso.forgery=", token)


def test_of_several_cookies_of_that_name_each_counts() -> None:
    """Two paths may have one each, and a browser sends both."""
    guard = guard_with()
    (one, token), (other, _) = first_visit(guard), first_visit(guard)
    assert guard.accepts(f"{other}; {one}", token)


def test_it_can_be_used_for_four_hours() -> None:
    guard = guard_with()
    with time_machine.travel(time.time(), tick=False) as clock:
        cookie, token = first_visit(guard)
        clock.shift(LIFETIME)
        assert guard.accepts(cookie, token)
        clock.shift(1)
        assert not guard.accepts(cookie, token)
        assert guard.accepts(cookie, guard.mark(cookie, path="/", secure=True).token)


def test_keys_rotate_without_closing_open_pages() -> None:
    cookie, token = first_visit(guard_with(KEY))
    assert guard_with(NEW_KEY, KEY).accepts(cookie, token)
    assert not guard_with(NEW_KEY).accepts(cookie, token)
    cookie, token = first_visit(guard_with(NEW_KEY, KEY))
    assert guard_with(NEW_KEY).accepts(cookie, token)


@pytest.mark.parametrize("token", [None, "", "x", 17, b"token", ["token"], {"token": "x"}, "a.b.c", "é"])
def test_what_can_be_no_token_is_refused(token: Any) -> None:
    guard = guard_with()
    cookie, _ = first_visit(guard)
    assert not guard.accepts(cookie, token)


def test_every_change_of_a_character_makes_it_worthless() -> None:
    guard = guard_with()
    cookie, token = first_visit(guard)
    for position, character in enumerate(token[:-1]):  # the last one has bits that no decoder reads
        changed = token[:position] + ("A" if character != "A" else "B") + token[position + 1 :]
        assert not guard.accepts(cookie, changed), position


def test_what_was_signed_for_something_else_is_refused() -> None:
    guard = guard_with()
    cookie, _ = first_visit(guard)
    value = cookie.partition("=")[2]
    assert guard.accepts(cookie, signed(value)), "the test itself signs as the guard does"
    assert not guard.accepts(cookie, signed(value, salt="chatsso-middleware.state"))
    assert not guard.accepts(cookie, signed(value, key="f" * 32))
    assert not guard.accepts(cookie, signed([value]))
    assert not guard.accepts(cookie, signed(None))
    state = StateCookie([KEY], CookieAttributes()).write(NOBODY, path="/", secure=True)
    assert not guard.accepts(cookie, state.partition("=")[2].partition(";")[0])

"""What Pyramid's parts do where the middleware, or Pyramid itself, is not around them."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request

from chatsso_middleware.hosts import IdentityMapping
from chatsso_middleware.hosts.pyramid import PyramidReader
from chatsso_middleware.hosts.pyramid_policy import WatchedPolicy
from chatsso_middleware.users import UNKNOWN, ChatUser

READER = PyramidReader(IdentityMapping(email="{userid}@example.com"))


class Policy:
    """The least that a security policy can be."""

    motto = "the application's own"

    def remember(self, request: Any, userid: Any, **keywords: Any) -> list[tuple[str, str]]:
        return [("Set-Cookie", f"user={userid}")]

    def forget(self, request: Any, **keywords: Any) -> list[tuple[str, str]]:
        return [("Set-Cookie", "user=")]


def test_outside_of_pyramid_it_says_nothing() -> None:
    assert READER({}) is UNKNOWN


def test_an_id_may_be_a_number() -> None:
    assert READER.from_userid(7, {}) == ChatUser("7@example.com", username="7", id="7")
    assert PyramidReader(IdentityMapping()).from_userid(7, {}) is UNKNOWN


def test_a_watched_policy_works_where_no_handle_is() -> None:
    policy = WatchedPolicy(Policy(), READER)
    request = Request.blank("/")
    assert policy.remember(request, "ann") == [("Set-Cookie", "user=ann")]
    assert policy.forget(request) == [("Set-Cookie", "user=")]
    assert policy.motto == "the application's own"
    assert isinstance(policy, Policy)

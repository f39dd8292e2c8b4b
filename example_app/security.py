"""Who is logged in: a signed cookie that names the member (Pyramid's AuthTkt)."""

from __future__ import annotations

from typing import Any, Final

from pyramid.authentication import AuthTktCookieHelper
from pyramid.request import RequestLocalCache
from pyramid.security import Allowed, Denied

from . import chat
from .database import User

__all__ = ["REMEMBERED_FOR", "MemberPolicy"]

REMEMBERED_FOR: Final = 30 * 24 * 3600
"""Seconds for which "remember me" keeps a member logged in. Nobody stays longer without the password."""


class MemberPolicy:
    """Pyramid's security policy of the site; the identity is a row of `User`.

    The permissions are ``member``, for whoever is logged in, and ``committee``.
    """

    def __init__(self, secret: str, *, secure: bool, samesite: str) -> None:
        self._tickets = AuthTktCookieHelper(
            secret,
            cookie_name="millbrook_login",
            secure=secure,
            http_only=True,
            wild_domain=False,
            timeout=REMEMBERED_FOR,
            samesite=samesite.capitalize(),
        )
        self._identities = RequestLocalCache(self._find)

    def _find(self, request: Any) -> User | None:
        ticket = self._tickets.identify(request)
        if ticket is None:
            return None
        user: User | None = request.db.get(User, ticket["userid"])
        if user is None or _as_token(user.login_stamp) not in ticket["tokens"]:
            return None
        user.avatar_url = chat.avatar_url(request, user)
        return user

    def identity(self, request: Any) -> User | None:
        user: User | None = self._identities.get_or_create(request)
        return user

    def authenticated_userid(self, request: Any) -> int | None:
        user = self.identity(request)
        return None if user is None else user.id

    def permits(self, request: Any, context: object, permission: str) -> Allowed | Denied:  # noqa: ARG002 - Pyramid's
        user = self.identity(request)
        if user is None:
            return Denied("nobody is logged in")
        if permission == "committee" and not user.committee:
            return Denied("the member does not belong to the committee")
        return Allowed("the member may")

    def remember(self, request: Any, userid: int, *, max_age: int | None = None) -> list[tuple[str, str]]:
        """`max_age` in seconds; without it the login ends with the browser."""
        user = request.db.get_one(User, userid)
        headers: list[tuple[str, str]] = self._tickets.remember(
            request, userid, max_age=max_age, tokens=(_as_token(user.login_stamp),)
        )
        return headers

    def forget(self, request: Any) -> list[tuple[str, str]]:
        headers: list[tuple[str, str]] = self._tickets.forget(request)
        return headers


def _as_token(stamp: str) -> str:
    """`stamp` as AuthTkt wants a token to begin: with a letter."""
    return f"s{stamp}"

"""What an auth token says, exactly as the vendor's page documents it: nothing else stands in one."""

from __future__ import annotations

import uuid
from typing import Any, Final

from ...urls import split_web_address
from ...users import ChatUser

__all__ = ["auth_token_claims"]

_AUDIENCE: Final = "farfalla"
_SUBJECT: Final = "user"
_TERMS: Final = "accept_terms_and_policies"


def auth_token_claims(
    user: ChatUser, *, issuer: str, expires_at: int, intended_url: str, exit_url: str | None
) -> dict[str, Any]:
    """The claims of a new token, with an id of its own; `expires_at` is in seconds since the epoch."""
    claims: dict[str, Any] = {
        "iss": issuer,
        "aud": _AUDIENCE,
        "sub": _SUBJECT,
        "jti": str(uuid.uuid4()),
        "exp": expires_at,
        "user": _user_claims(user),
        "intended_url": intended_url,
    }
    if exit_url is not None:
        claims["reader_exit_url"] = exit_url
    return claims


def _user_claims(user: ChatUser) -> dict[str, Any]:
    claims: dict[str, Any] = {"uuid": user.id or user.email, "email": user.email}
    # The store cannot know what a relative address is relative to, and could refuse the token for it.
    if user.avatar_url and split_web_address(user.avatar_url):
        claims["picture_url"] = user.avatar_url
    accepts = user.extra.get(_TERMS)
    if isinstance(accepts, bool):  # consent is not to be guessed from "no" or 0
        claims[_TERMS] = accepts
    return claims

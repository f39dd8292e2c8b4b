"""What an auth token must say to be let in, after the vendor's page."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ...errors import ChatSSOError

__all__ = ["LONGEST_LIFE", "Claims", "Refused", "check_claims"]

AUDIENCE: Final = "farfalla"
SUBJECT: Final = "user"

LONGEST_LIFE: Final = 3600
"""Seconds. How long a token has lived when it comes, nobody can see: it does not say when it was made."""


class Refused(ChatSSOError):
    """Nobody was let in. The message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """A token's claims, as far as they can be checked without knowing which tokens came before."""

    token_id: str
    expires_at: int
    """Seconds since the epoch."""
    user_uuid: str
    email: str | None = None
    picture_url: str | None = None
    accepts_terms: bool | None = None
    intended_url: str | None = None
    reader_exit_url: str | None = None


def check_claims(claims: Mapping[str, Any], *, issuer: str, now: float) -> Claims:
    """Read what a signed token says; raises `Refused` for anything that is missing or not as documented."""
    for name, expected in (("iss", issuer), ("aud", AUDIENCE), ("sub", SUBJECT)):
        if claims.get(name) != expected:
            raise Refused(f"{name} is not “{expected}”")
    user = claims.get("user")
    if not isinstance(user, dict):
        raise Refused("user is not there, or no object")
    identifier = _optional_text(user, "uuid", "user.uuid")
    if not identifier:
        raise Refused("user.uuid is not there, or empty")
    accepts_terms = user.get("accept_terms_and_policies")
    if accepts_terms is not None and not isinstance(accepts_terms, bool):
        raise Refused("user.accept_terms_and_policies is neither true nor false")
    return Claims(
        token_id=_token_id(claims.get("jti")),
        expires_at=_expiry(claims.get("exp"), now),
        user_uuid=identifier,
        email=_optional_text(user, "email", "user.email"),
        picture_url=_optional_text(user, "picture_url", "user.picture_url"),
        accepts_terms=accepts_terms,
        intended_url=_optional_text(claims, "intended_url", "intended_url"),
        reader_exit_url=_optional_text(claims, "reader_exit_url", "reader_exit_url"),
    )


def _token_id(value: Any) -> str:
    try:
        found = uuid.UUID(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found.version != 4:
        raise Refused("jti is no UUID of version 4")
    return str(found)


def _expiry(value: Any, now: float) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise Refused("exp is no whole number of seconds")
    if value <= now:
        raise Refused("the token has expired")
    if value > now + LONGEST_LIFE:
        raise Refused(f"the token would live longer than {LONGEST_LIFE} seconds")
    return value


def _optional_text(members: Mapping[str, Any], name: str, shown_as: str) -> str | None:
    value = members.get(name)
    if value is not None and not isinstance(value, str):
        raise Refused(f"{shown_as} is no text")
    return value

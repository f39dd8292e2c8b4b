"""The ``externalAuthCode``: a JSON Web Token, which a browser brings and a chat has to read strictly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...errors import ChatSSOError
from ..jwt_reading import BadToken, read_token

__all__ = ["Claims", "Refused", "read_code"]


class Refused(ChatSSOError):
    """The instance does not let somebody in, or does not do what its API is asked for."""


@dataclass(frozen=True, slots=True)
class Claims:
    """Whom a code names. One of the three is given."""

    id: int | None = None
    email: str | None = None
    user: Mapping[str, Any] | None = field(default=None, repr=False)
    """With an `id`, which is text that is not empty, and perhaps an `email`."""


def read_code(code: str, secret: str, now: float) -> Claims:
    """Whom `code` names, if it is signed with `secret` and lasts beyond `now`. Raises `Refused`.

    No other claim is documented, so none is looked at.
    """
    try:
        claims = read_token(code, secret)
    except BadToken as bad:
        raise Refused(str(bad)) from None
    _check_end(claims.get("exp"), now)
    if "user" in claims:
        return Claims(user=_new_user(claims["user"]))
    if "id" in claims:  # the vendor's page: it counts for more than an email address
        if type(claims["id"]) is not int:
            raise Refused("the id in the code is no number")
        return Claims(id=claims["id"])
    if isinstance(claims.get("email"), str) and claims["email"]:
        return Claims(email=claims["email"])
    raise Refused("the code names nobody")


def _check_end(end: object, now: float) -> None:
    if end is None:
        return
    if isinstance(end, bool) or not isinstance(end, int | float):
        raise Refused("the end of the code is no number")
    if end <= now:
        raise Refused("the code has expired")


def _new_user(user: object) -> Mapping[str, Any]:
    if not isinstance(user, dict) or not isinstance(user.get("id"), str) or not user["id"]:
        raise Refused("the user in the code has no id that is text")
    if not isinstance(user.get("email"), str | None):
        raise Refused("the email address in the code is no text")
    return user

"""`chatsso check`: is the chat there, and of which generation?"""

from __future__ import annotations

import re
from typing import Any, Final

from ...errors import Rejected
from .rest import RestAPI

__all__ = ["check_generation", "server_version"]

_VERSION: Final = re.compile(r"(\d{1,3})\.(\d{1,3})(\.[0-9A-Za-z.-]{1,40})?")

_SECRET_SINCE: Final = (8, 0)
"""From this version on, ``users.createToken`` wants the server's secret."""


def server_version(rest: RestAPI) -> tuple[int, int] | None:
    """Major and minor version, or `None` where the server does not tell. *Network.*"""
    body = rest.call("GET", "info", {}).body
    details = body.get("info")
    told: list[Any] = [body.get("version"), details.get("version") if isinstance(details, dict) else None]
    for version in told:
        match = _VERSION.fullmatch(version) if isinstance(version, str) else None
        if match is not None:
            return int(match[1]), int(match[2])
    return None


def check_generation(provider: str, version: tuple[int, int], *, has_secret: bool) -> None:
    """Raise `Rejected` where mode create_token cannot work with a server of this version."""
    if version >= _SECRET_SINCE and not has_secret:
        raise Rejected(
            provider,
            "the chat's server makes login tokens only for who knows its secret: start it with"
            " CREATE_TOKENS_FOR_USERS_SECRET, and set the same value as rocketchat.token_secret",
            credentials=True,
        )
    if version < _SECRET_SINCE and has_secret:
        raise Rejected(
            provider,
            "the chat's server is older than 8.0 and knows no secret: take rocketchat.token_secret away, and"
            " start the server with CREATE_TOKENS_FOR_USERS=true",
            credentials=True,
        )

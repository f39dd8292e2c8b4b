"""Tells a POST that one of our own pages sends from one that a stranger's page sends in the user's name.

The browser gets a random value in a cookie, and the page the same value, signed and dated. A stranger can
read neither, and cannot sign one of his own.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any, Final

from itsdangerous import BadData, URLSafeTimedSerializer

from ..state.cookies import CookieAttributes, cookie_values

__all__ = ["FIELD", "ForgeryGuard", "Mark"]

FIELD: Final = "forgery_token"
"""The name under which a page sends the token back."""
LIFETIME: Final = 4 * 3600
"""Seconds for which a page may be left open and still be used."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What one browser has for one page."""

    token: str
    set_cookie: str | None
    """The value of the Set-Cookie header that the token needs; `None` where the browser has it already."""


class ForgeryGuard:
    """Makes and checks tokens. The first key signs, all of them verify."""

    def __init__(self, keys: Sequence[str], attributes: CookieAttributes) -> None:
        self._attributes = attributes
        self._name = f"{attributes.name}.forgery"
        self._serializer = URLSafeTimedSerializer(
            list(reversed(keys)),  # itsdangerous signs with the last one
            salt="chatsso-middleware.forgery",
            signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
        )

    def mark(self, cookie_header: str, *, path: str, secure: bool) -> Mark:
        """A token for a page that goes to the browser which sent `cookie_header`."""
        known = cookie_values(cookie_header, self._name)
        value = known[0] if known else secrets.token_urlsafe(18)
        set_cookie = None
        if not known:
            set_cookie = self._attributes.set_cookie(
                self._name, value, path=path, secure=secure, max_age=None
            )
        return Mark(str(self._serializer.dumps(value)), set_cookie)

    def accepts(self, cookie_header: str, token: Any) -> bool:
        """Whether `token` comes from a page that this browser got from us not long ago."""
        if not isinstance(token, str):
            return False
        try:
            value = self._serializer.loads(token, max_age=LIFETIME)
        except BadData:
            return False
        known = cookie_values(cookie_header, self._name)
        return isinstance(value, str) and any(compare_digest(value.encode(), own.encode()) for own in known)

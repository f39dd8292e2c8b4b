"""The API URL: the chat's page asks, with the visitor's cookies, whether he is logged in on the site.

200 with a token or 401 with nothing, and no other answer ever: a 200 without a token leaves the chat's
published clients stuck. They ask by GET or by an empty POST, some with a content type that takes a preflight.
"""

from __future__ import annotations

import json
from typing import Final

from ..visits import Endpoint, Reply, Visit
from .chat_address import ChatAddress, TokenField

__all__ = ["ApiUrl"]

_VARY: Final = ("Vary", "Origin")
_REMEMBERED_SECONDS: Final = 600
"""How long a browser may keep the answer to a preflight."""


class ApiUrl:
    """What the owner enters in the chat as ``Accounts_Iframe_api_url``."""

    def __init__(self, chat: ChatAddress, *, token_field: TokenField) -> None:
        """`token_field` is the one key of the answer."""
        self._chat = chat
        self._token_field = token_field

    @property
    def endpoint(self) -> Endpoint:
        """Its address and methods."""
        return Endpoint("token", self.answer, ("GET", "HEAD", "POST", "OPTIONS"))

    def answer(self, visit: Visit) -> Reply:
        """The token of who is logged in, for the chat's page and nobody else."""
        if visit.method == "OPTIONS":
            return Reply(status=204, headers=(*self._sharing(visit), *self._permissions(visit)))
        # The origin comes first: nobody else shall be able to make us ask the chat for tokens.
        token = self._token(visit) if self._may_read(visit) else ""
        if not token:
            return Reply(status=401, headers=self._sharing(visit))
        return Reply(
            body=json.dumps({self._token_field: token}),
            content_type="application/json",
            headers=self._sharing(visit),
        )

    def _may_read(self, visit: Visit) -> bool:
        # A page of the site's own origin, on which the chat may live too, sends no Origin with a GET
        # (Fetch Standard, "append a request Origin header"). It could read the Iframe URL just as well.
        return visit.origin == self._chat.origin or (visit.origin is None and visit.same_origin)

    @staticmethod
    def _token(visit: Visit) -> str:
        if visit.user is None or visit.has_left:
            return ""
        session = visit.session()
        return session.token if session is not None else ""

    def _sharing(self, visit: Visit) -> tuple[tuple[str, str], ...]:
        """The headers of the Fetch Standard's CORS protocol. Only the chat's origin is ever named."""
        if visit.origin != self._chat.origin:
            return (_VARY,)
        return (
            _VARY,
            ("Access-Control-Allow-Origin", self._chat.origin),
            ("Access-Control-Allow-Credentials", "true"),
        )

    def _permissions(self, visit: Visit) -> tuple[tuple[str, str], ...]:
        if visit.origin != self._chat.origin:
            return ()
        return (
            ("Access-Control-Allow-Methods", "GET, POST"),
            ("Access-Control-Allow-Headers", "Content-Type, X-Requested-With"),
            ("Access-Control-Max-Age", str(_REMEMBERED_SECONDS)),
        )

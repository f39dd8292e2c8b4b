"""Pyramid: the identity that the application's security policy sees."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from ..users import UNKNOWN, ChatUser, Unknown
from .identity import PAGES, IdentityMapping

__all__ = ["NOTED_KEY", "REQUEST_KEY", "PyramidReader"]

log = logging.getLogger(__name__)

REQUEST_KEY: Final = "chatsso.pyramid_request"
"""Where Pyramid's request stands in the environ while our tween runs."""
NOTED_KEY: Final = "chatsso.pyramid_identity"
"""Where the identity stands that was noted inside the application's transaction."""


class PyramidReader:
    """Reads ``request.identity``, and ``request.authenticated_userid`` beside it."""

    sees_before_host = True

    def __init__(self, mapping: IdentityMapping) -> None:
        self._mapping = mapping

    def __call__(self, environ: Mapping[str, Any]) -> ChatUser | Unknown | None:
        """Who the security policy says it is; `UNKNOWN` outside a Pyramid application that includes us."""
        if NOTED_KEY in environ:
            noted: ChatUser | Unknown | None = environ[NOTED_KEY]
            return noted
        request: Any = environ.get(REQUEST_KEY)
        if request is None:
            return UNKNOWN
        with _transaction_of_its_own(request):
            return self._read(request)

    def note(self, request: Any, response: Any) -> None:
        """Keep who is logged in for `__call__`, while the rows that the identity stands in can be read."""
        identity: ChatUser | Unknown | None = UNKNOWN
        if getattr(response, "content_type", None) in PAGES:
            try:
                identity = self._read(request)
            except Exception as error:  # the application's own policy, whose answer stands already
                log.error("Who is logged in could not be read: %s", type(error).__name__)
        request.environ[NOTED_KEY] = identity

    def from_userid(self, userid: object, environ: Mapping[str, Any]) -> ChatUser | Unknown | None:
        """The user that an application remembers; `UNKNOWN` if his id alone does not tell who he is."""
        if not self._mapping.tells_who(str(userid)):
            return UNKNOWN
        return self._mapping.from_id(str(userid), environ)

    def _read(self, request: Any) -> ChatUser | Unknown | None:
        identity = request.identity
        if identity is None:
            return None
        userid = request.authenticated_userid
        return self._mapping.from_identity(identity, None if userid is None else str(userid), request.environ)


@contextmanager
def _transaction_of_its_own(request: Any) -> Iterator[None]:
    """pyramid_tm begins a transaction for the application alone; the policy may need one as well."""
    manager = getattr(request, "tm", None)
    if manager is None or request.environ.get("tm.active"):
        yield
        return
    manager.begin()
    try:
        yield
    finally:
        manager.abort()

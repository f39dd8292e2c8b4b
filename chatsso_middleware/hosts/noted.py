"""What a framework knows of somebody, noted in the environ as long as its own context lasts.

The answer comes to the middleware when that context has ended: rows cannot be read then, and there is no
current user. So the framework's side notes plain values, and the reader makes a `ChatUser` of them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, Final

from ..users import UNKNOWN, ChatUser, Unknown
from .identity import PAGES, IdentityMapping, plain_values

__all__ = ["NotedReader", "note", "note_page"]

log = logging.getLogger(__name__)

NOTED_KEY: Final = "chatsso.noted_identity"


@dataclass(frozen=True, slots=True)
class _Noted:
    values: ChatUser | Mapping[str, Any]
    userid: str


class NotedReader:
    """Reads what was noted."""

    sees_before_host = False

    def __init__(self, mapping: IdentityMapping) -> None:
        self._mapping = mapping

    def __call__(self, environ: Mapping[str, Any]) -> ChatUser | Unknown | None:
        """Who was noted; `UNKNOWN` where nobody did, as for an image."""
        noted = environ.get(NOTED_KEY, UNKNOWN)
        if isinstance(noted, _Noted):
            return self._mapping.from_identity(noted.values, noted.userid, environ)
        return UNKNOWN if noted is UNKNOWN else None


def note(environ: MutableMapping[str, Any], user: object | None, userid: object = None) -> None:
    """Note that the framework's `user` is logged in, or nobody."""
    environ[NOTED_KEY] = None if user is None else _Noted(plain_values(user), str(userid))


def note_page(
    environ: MutableMapping[str, Any], content_type: str, find: Callable[[], tuple[object, object] | None]
) -> None:
    """Note the user and the id that `find` gives, if the answer is a page. Never raises."""
    if "chatsso" not in environ or content_type.partition(";")[0].strip() not in PAGES:
        return
    try:
        note(environ, *(find() or (None,)))
    except Exception as error:  # the application's own code, whose answer stands already
        log.error("Who is logged in could not be read: %s", type(error).__name__)

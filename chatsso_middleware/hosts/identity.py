"""The contract of a reader, and the way from what a host knows of somebody to a `ChatUser`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from ..providers.alarm import Alarm
from ..users import UNKNOWN, ChatUser, Unknown
from .answers import checked

__all__ = ["PAGES", "IdentityMapping", "IdentityReader", "plain_values"]

PAGES: Final = frozenset({"text/html", "application/xhtml+xml"})
"""Media types of answers that are worth asking for: many a site asks its database, too much for an image."""

_only_an_id = Alarm(logging.getLogger(__name__))


class IdentityReader(Protocol):
    """Says who is logged in on the site, from the environ in which the host has run."""

    sees_before_host: bool
    """Whether it knows already before the host has run, as it must for a request to our own endpoints."""

    def __call__(self, environ: Mapping[str, Any]) -> ChatUser | Unknown | None:
        """Who it is; `None` for nobody, `UNKNOWN` where this answer says nothing about it."""
        ...


@dataclass(frozen=True, slots=True)
class IdentityMapping:
    """What `identity.email` and `identity.user` say about hosts that know only an id."""

    email: str | None = None
    """A template with ``{userid}``."""
    user: Callable[[str, Mapping[str, Any]], object] | None = None

    def tells_who(self, userid: str) -> bool:
        """Whether this id alone is enough to know the user."""
        return self.user is not None or self.email is not None or "@" in userid

    def from_id(self, userid: str, environ: Mapping[str, Any]) -> ChatUser | Unknown | None:
        """The user behind an id alone. An id that is an email address needs no mapping."""
        if self.user is not None:
            return checked(self.user(userid, environ), "identity.user")
        if self.email is not None:
            return ChatUser(self.email.replace("{userid}", userid), username=userid, id=userid)
        if "@" in userid:
            return ChatUser(userid, id=userid)
        _only_an_id.sound(
            "The site knows only the id of who is logged in; set identity.email or identity.user"
        )
        return UNKNOWN

    def from_identity(
        self, identity: object, userid: str | None, environ: Mapping[str, Any]
    ) -> ChatUser | Unknown | None:
        """The user behind whatever a framework calls an identity: an object, a mapping, or an id."""
        if isinstance(identity, ChatUser):
            return identity
        if self.user is None and self.email is None:
            found = _fields(identity)
            if isinstance(found["email"], str) and found["email"]:
                return ChatUser(
                    found["email"],
                    **{name: found[name] for name in ("username", "name", "avatar_url") if found.get(name)},
                    id=userid,
                )
        if userid is None and isinstance(identity, str):
            userid = identity
        return UNKNOWN if userid is None else self.from_id(userid, environ)


def plain_values(identity: object) -> ChatUser | dict[str, Any]:
    """What `from_identity` needs of an identity, as values that outlive the framework's own objects."""
    return identity if isinstance(identity, ChatUser) else _fields(identity)


def _fields(identity: object) -> dict[str, Any]:
    names = ("email", "username", "name", "avatar_url")
    if isinstance(identity, Mapping):
        return {name: identity.get(name) for name in names}
    return {name: getattr(identity, name, None) for name in names}

"""REMOTE_USER, as web servers, mod_wsgi and WSGI authenticators set it, and repoze.who's identity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..users import ChatUser, Unknown
from .identity import IdentityMapping

__all__ = ["RemoteUserReader"]


class RemoteUserReader:
    """Reads ``REMOTE_USER`` (RFC 3875, section 4.1.11) or ``repoze.who.identity``."""

    sees_before_host = False
    """What an authenticator inside the pipeline finds, it finds only when the host runs."""

    def __init__(self, mapping: IdentityMapping) -> None:
        self._mapping = mapping

    def __call__(self, environ: Mapping[str, Any]) -> ChatUser | Unknown | None:
        """Who the server or repoze.who says it is; nobody without both."""
        identity = environ.get("repoze.who.identity")
        if identity:
            userid = identity.get("repoze.who.userid")
            return self._mapping.from_identity(identity, None if userid is None else str(userid), environ)
        userid = environ.get("REMOTE_USER")
        return self._mapping.from_id(_decoded(userid), environ) if userid else None


def _decoded(value: str) -> str:
    """`value` as its author meant it: a server passes the bytes of UTF-8 on as Latin-1 (PEP 3333)."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:  # an authenticator in Python has put the text itself there
        return value

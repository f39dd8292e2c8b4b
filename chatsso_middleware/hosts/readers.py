"""From the setting `identity` to its reader."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from .callables import CallableReader
from .identity import IdentityMapping, IdentityReader
from .pyramid import PyramidReader
from .remote_user import RemoteUserReader

__all__ = ["IDENTITIES", "make_reader"]


def _flask_login(mapping: IdentityMapping) -> IdentityReader:
    from .flask_login import NotedReader  # Flask is not there where nobody asks for it

    return NotedReader(mapping)


def _django(mapping: IdentityMapping) -> IdentityReader:
    from .django import NotedReader  # nor is Django

    return NotedReader(mapping)


_READERS: Final[dict[str, Callable[[IdentityMapping], IdentityReader]]] = {
    "remote_user": RemoteUserReader,
    "pyramid": PyramidReader,
    "flask_login": _flask_login,
    "django": _django,
}

IDENTITIES: Final = ("events", "signin", *_READERS)
"""The names that the setting may hold; the first two need no reader."""


def make_reader(identity: str | Callable[..., Any], mapping: IdentityMapping) -> IdentityReader | None:
    """The reader that `identity` names, or `None` where only the handle says who is logged in.

    Raises `ImportError` where the framework that it reads is not installed.
    """
    if callable(identity):
        return CallableReader(identity)
    return _READERS[identity](mapping) if identity in _READERS else None

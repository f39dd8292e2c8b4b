"""The site's own settings, the ``site.`` keys of its section in the ini file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

__all__ = ["RoomSettings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomSettings:
    """Where the site's pages lead. No address has a slash at its end."""

    store_url: str
    """The bookshop."""
    chat_url: str
    """The chat room of the reading circle."""
    sign_in: str
    """The path of the hosted login page on this site."""

    @classmethod
    def from_ini(cls, settings: Mapping[str, Any]) -> RoomSettings:
        """Raises `ValueError` that names the key which is missing."""
        found = {}
        for name in cls.__dataclass_fields__:
            value = str(settings.get(f"site.{name}", "")).strip().rstrip("/")
            if not value:
                raise ValueError(f"site.{name} is missing from the site's section of the ini file")
            found[name] = value
        return cls(**found)

    @property
    def chat_host(self) -> str:
        """The chat's host, and its port where it has one of its own."""
        return urlsplit(self.chat_url).netloc

    @property
    def chat_origin(self) -> str:
        """Scheme and host of the chat, for the Content-Security-Policy."""
        return f"{urlsplit(self.chat_url).scheme}://{self.chat_host}"

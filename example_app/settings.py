"""The site's own settings, the ``site.`` keys of its section in the ini file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast
from urllib.parse import urlsplit

__all__ = ["SiteSettings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSettings:
    """What the owner of the site decides."""

    url: str
    """The site's own address, without a slash at its end."""
    chat_url: str
    """The chat room's address, as a visitor would type it."""
    hooks: Literal["explicit", "noticed"]
    """How chatsso-middleware learns of logins: told by ``chat.py``, or noticed from the security policy."""
    secret: str = field(repr=False)
    """Signs the cookies of login and session."""
    database: str
    """An SQLAlchemy URL of SQLite."""

    @classmethod
    def from_ini(cls, settings: Mapping[str, Any]) -> SiteSettings:
        """Raises `ValueError` that names the key which is missing or cannot be used."""
        hooks = _required(settings, "site.hooks")
        if hooks not in {"explicit", "noticed"}:
            raise ValueError(f"site.hooks is either explicit or noticed, not {hooks!r}")
        return cls(
            url=_required(settings, "site.url").rstrip("/"),
            chat_url=_required(settings, "site.chat_url").rstrip("/") + "/",
            hooks=cast("Literal['explicit', 'noticed']", hooks),
            secret=_from_environment(_required(settings, "site.secret"), "site.secret"),
            database=_required(settings, "site.database"),
        )

    @property
    def is_https(self) -> bool:
        """Whether browsers reach the site by https only, so that cookies may be kept to it."""
        return self.url.startswith("https://")

    @property
    def chat_origin(self) -> str:
        """Scheme and host of the chat, for the Content-Security-Policy."""
        scheme, host, *_ = urlsplit(self.chat_url)
        return f"{scheme}://{host}"

    @property
    def chat_host(self) -> str:
        """The chat's host, and its port where it has one of its own."""
        return urlsplit(self.chat_url).netloc


def _required(settings: Mapping[str, Any], key: str) -> str:
    value = str(settings.get(key, "")).strip()
    if not value:
        raise ValueError(f"{key} is missing from the site's section of the ini file")
    return value


def _from_environment(value: str, key: str) -> str:
    """`value`, or the environment variable that it names as ``env:NAME``."""
    if not value.startswith("env:"):
        return value
    name = value.removeprefix("env:")
    if not os.environ.get(name):
        raise ValueError(f"{key} is taken from the environment variable {name}, which is not set")
    return os.environ[name]

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
    embed: Literal["script", "frame", "widget"] = "script"
    """How the site shows the chat: on the page "Shed", by a script that the chat offers for it or in a frame;
    or in the corner of every page, by a widget that the middleware places."""
    cookie_samesite: Literal["lax", "none"] = "lax"
    """``none`` where browsers take the chat for another site, which shows ours in a frame."""
    chat_password: bool = False
    """Whether the chat is told the password of whoever logs in, because it logs him in with it."""

    @classmethod
    def from_ini(cls, settings: Mapping[str, Any]) -> SiteSettings:
        """Raises `ValueError` that names the key which is missing or cannot be used."""
        hooks = _choice(settings, "site.hooks", ("explicit", "noticed"))
        embed = _choice(settings, "site.embed", ("script", "frame", "widget"), default="script")
        samesite = _choice(settings, "site.cookie_samesite", ("lax", "none"), default="lax")
        hands_over = _choice(settings, "site.chat_password", ("true", "false"), default="false")
        site = cls(
            url=_required(settings, "site.url").rstrip("/"),
            chat_url=_required(settings, "site.chat_url").rstrip("/") + "/",
            hooks=cast("Literal['explicit', 'noticed']", hooks),
            secret=_from_environment(_required(settings, "site.secret"), "site.secret"),
            database=_required(settings, "site.database"),
            embed=cast("Literal['script', 'frame', 'widget']", embed),
            cookie_samesite=cast("Literal['lax', 'none']", samesite),
            chat_password=hands_over == "true",
        )
        if site.cookie_samesite == "none" and not site.is_https:
            # draft-ietf-httpbis-rfc6265bis, section 5.7: such a cookie has to be Secure.
            raise ValueError(
                "site.cookie_samesite = none needs a site.url with https: else browsers drop them"
            )
        return site

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


def _choice(
    settings: Mapping[str, Any], key: str, choices: tuple[str, ...], *, default: str | None = None
) -> str:
    value = _required(settings, key) if default is None else str(settings.get(key, default)).strip()
    if value not in choices:
        raise ValueError(f"{key} is either {' or '.join(choices)}, not {value!r}")
    return value


def _from_environment(value: str, key: str) -> str:
    """`value`, or the environment variable that it names as ``env:NAME``."""
    if not value.startswith("env:"):
        return value
    name = value.removeprefix("env:")
    if not os.environ.get(name):
        raise ValueError(f"{key} is taken from the environment variable {name}, which is not set")
    return os.environ[name]

"""Pyramid: what an application can hear from us, and what it can tell us, as events of its registry."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..sessions import Credentials
from ..users import ChatUser

__all__ = [
    "Deleted",
    "Edited",
    "LoggedIn",
    "LoggedOut",
    "LoginNoticed",
    "LogoutNoticed",
    "Registered",
    "add_subscribers",
]


@dataclass(frozen=True, slots=True)
class LoginNoticed:
    """Somebody is now logged in in the chat. For the application to subscribe to."""

    request: Any
    user: ChatUser


@dataclass(frozen=True, slots=True)
class LogoutNoticed:
    """Somebody is no longer logged in in the chat. For the application to subscribe to."""

    request: Any
    user: ChatUser


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """For the application to send: `user` logged in on the site."""

    request: Any
    user: ChatUser
    remember: bool | None = None
    credentials: Credentials | None = None


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """For the application to send: whoever was logged in has left."""

    request: Any


@dataclass(frozen=True, slots=True)
class Registered:
    """For the application to send: a new account on the site."""

    request: Any
    user: ChatUser
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Edited:
    """For the application to send: the account known by `address` changed; `None` is unchanged."""

    request: Any
    address: str
    email: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    avatar_url: str | None = None


@dataclass(frozen=True, slots=True)
class Deleted:
    """For the application to send: these accounts are gone from the site."""

    request: Any
    addresses: tuple[str, ...]


def add_subscribers(config: Any) -> None:
    """Pass what an application sends on to the handle."""
    config.add_subscriber(_logged_in, LoggedIn)
    config.add_subscriber(_logged_out, LoggedOut)
    config.add_subscriber(_registered, Registered)
    config.add_subscriber(_edited, Edited)
    config.add_subscriber(_deleted, Deleted)


def _logged_in(event: LoggedIn) -> None:
    event.request.chatsso.log_in(event.user, remember=event.remember, credentials=event.credentials)


def _logged_out(event: LoggedOut) -> None:
    event.request.chatsso.log_out()


def _registered(event: Registered) -> None:
    event.request.chatsso.register(event.user, password=event.password)


def _edited(event: Edited) -> None:
    event.request.chatsso.edit(
        event.address,
        email=event.email,
        username=event.username,
        password=event.password,
        avatar_url=event.avatar_url,
    )


def _deleted(event: Deleted) -> None:
    event.request.chatsso.delete(*event.addresses)

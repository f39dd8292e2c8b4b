"""Log a site's visitors in to its chat: single sign-on to hosted chat systems, for any WSGI application."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import ChatSSOError, ConfigurationError, InvalidUser, OutboxUnavailable
from .middleware import ChatSSOMiddleware
from .sessions import Credentials
from .users import UNKNOWN, ChatUser

if TYPE_CHECKING:
    from pyramid.config import Configurator

__all__ = [
    "UNKNOWN",
    "ChatSSOError",
    "ChatSSOMiddleware",
    "ChatUser",
    "ConfigurationError",
    "Credentials",
    "InvalidUser",
    "OutboxUnavailable",
    "includeme",
]


def includeme(config: Configurator) -> Any:
    """``config.include("chatsso_middleware")``; see `chatsso_middleware.pyramid_addon`."""
    from .pyramid_addon import includeme as include_in_pyramid

    return include_in_pyramid(config)

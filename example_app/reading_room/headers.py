"""The headers of the site's pages."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.events import NewResponse

from .settings import RoomSettings

__all__ = ["add_to", "content_security_policy"]


def content_security_policy(site: RoomSettings) -> str:
    """The site's own policy, with the chat's origin for the tags of login and logout and for the room.

    The store has no part in a page: it is entered by a link.
    """
    chat = site.chat_origin
    return "; ".join(
        (
            "default-src 'none'",
            "style-src 'self'",
            f"img-src 'self' {chat}",
            f"script-src {chat}",
            f"frame-src 'self' {chat}",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        )
    )


def add_to(config: Configurator, site: RoomSettings) -> None:
    """Set the headers on every answer."""
    policy = content_security_policy(site)

    def protect(event: Any) -> None:
        headers = event.response.headers
        headers["X-Content-Type-Options"] = "nosniff"
        if event.response.content_type == "text/html":
            headers["Content-Security-Policy"] = policy
            headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
            # Every page greets its reader by name.
            headers["Cache-Control"] = "private, no-cache"

    config.add_subscriber(protect, NewResponse)

"""The response headers that every page of the site has."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.events import NewResponse

from .settings import SiteSettings

__all__ = ["add_to"]


def content_security_policy(chat: str) -> str:
    """The site's own policy with the chat's origin wherever the chat has a part in a page.

    ``img-src``: the tag of login and logout. ``script-src`` and ``frame-src``: the embedded room, and our own
    gateway where a page of the site has the room in a frame.
    ``form-action``: Chromium holds the redirects after a form to it too, and a visitor whom the chat sent
    here goes back there after the login. ``frame-ancestors``: the embedded room may open the login page.
    """
    return "; ".join(
        (
            "default-src 'none'",
            "style-src 'self'",
            f"img-src 'self' {chat}",
            f"script-src {chat}",
            f"frame-src 'self' {chat}",
            f"form-action 'self' {chat}",
            f"frame-ancestors 'self' {chat}",
            "base-uri 'none'",
        )
    )


def add_to(config: Configurator, site: SiteSettings) -> None:
    """Set the headers on every HTML page."""
    policy = content_security_policy(site.chat_origin)

    def protect(event: Any) -> None:
        response = event.response
        response.headers["X-Content-Type-Options"] = "nosniff"
        if response.content_type == "text/html":
            response.headers["Content-Security-Policy"] = policy
            response.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
            # Every page greets its visitor by name, and its forms hold his CSRF token.
            response.headers.setdefault("Cache-Control", "private, no-cache")

    config.add_subscriber(protect, NewResponse)

"""The headers by which browser and site agree on how a page is shown."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.events import NewResponse

from .settings import SiteSettings

__all__ = ["add_to", "content_security_policy", "is_framed"]


def content_security_policy(site: SiteSettings) -> str:
    """The site's own policy with the chat's origin wherever the chat has a part in a page.

    ``img-src``: the tag of login and logout. ``script-src`` and ``frame-src``: the embedded chat, and our own
    gateway where a page of the site has the chat in a frame. With ``site.embed = frame`` the script is ours
    (``rocketchat.embed_script``), and it asks us who is logged in: ``connect-src``. A widget is the chat's
    script, and where pages hold no token, one of ours that asks for it.
    ``form-action``: Chromium holds the redirects after a form to it too, and a visitor whom the chat sent
    here goes back there after the login. ``frame-ancestors``: the chat may show the login page.
    """
    chat = site.chat_origin
    scripts = {
        "script": (f"script-src {chat}",),
        "frame": ("script-src 'self'", "connect-src 'self'"),
        "widget": (f"script-src 'self' {chat}", "connect-src 'self'"),
    }
    return "; ".join(
        (
            "default-src 'none'",
            "style-src 'self'",
            f"img-src 'self' {chat}",
            *scripts[site.embed],
            f"frame-src 'self' {chat}",
            f"form-action 'self' {chat}",
            f"frame-ancestors 'self' {chat}",
            "base-uri 'none'",
        )
    )


def is_framed(request: Any) -> bool:
    """Whether a frame asks for the page, such as the chat's for the login: it gets the form without the site
    around it (Fetch Metadata, Sec-Fetch-Dest). Browsers that do not say so get the whole page.
    """
    return bool(request.headers.get("Sec-Fetch-Dest") in {"iframe", "frame"})


def add_to(config: Configurator, site: SiteSettings) -> None:
    """Set the headers on every HTML page."""
    policy = content_security_policy(site)

    def protect(event: Any) -> None:
        headers = event.response.headers
        headers["X-Content-Type-Options"] = "nosniff"
        # Where the middleware is included, its own pages come by here too, with policies of their own.
        if event.response.content_type == "text/html" and "Content-Security-Policy" not in headers:
            headers["Content-Security-Policy"] = policy
            headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
            headers.add("Vary", "Sec-Fetch-Dest")
            # Every page greets its visitor by name, and its forms hold his CSRF token.
            headers.setdefault("Cache-Control", "private, no-cache")

    config.add_subscriber(protect, NewResponse)

"""Where our answers send people on the site."""

from __future__ import annotations

from typing import Any, Final

from ..urls import quote_parameter

__all__ = ["link_to_site", "page_address"]

_OWN_PAGES: Final = {"login_url": "/signin?next={next}", "logout_url": "/signin/logout"}
"""Where the hosted login page is the site's only one."""


def page_address(request: Any, key: str, way_back: str) -> str | None:
    """The site's page that the setting `key` names, which may send the browser on to the path `way_back`.

    `None` if the setting is not there.
    """
    settings = request.endpoints.settings
    address: str | None = getattr(settings, key)
    if address is None and settings.has_own_login:
        address = _OWN_PAGES.get(key)
        address = None if address is None else request.chatsso.mount + address
    if address is None:
        return None
    if settings.site_url is not None and not address.startswith("/"):
        # Another host needs the whole address to send somebody back.
        prefix = request.chatsso.cookie_path.rstrip("/")
        way_back = settings.site_url.removesuffix(prefix) + way_back
    return address.replace("{next}", quote_parameter(way_back))


def link_to_site(request: Any) -> tuple[str, str]:
    """The address of the site's front page, with a text for a link."""
    return request.endpoints.settings.site_url or request.chatsso.cookie_path, "To the site"

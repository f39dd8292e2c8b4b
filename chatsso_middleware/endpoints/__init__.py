"""Our own addresses on the site, below the setting `mount`: a small Pyramid application."""

from __future__ import annotations

from .app import EndpointSettings, make_endpoints
from .forgery import ForgeryGuard

__all__ = ["EndpointSettings", "ForgeryGuard", "make_endpoints"]

"""Website Toolbox chat rooms."""

from __future__ import annotations

from .provider import WebsiteToolbox

__all__ = ["WebsiteToolbox"]

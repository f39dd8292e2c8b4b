"""What is shown instead of a page: not found, not allowed, not understood."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from pyramid.httpexceptions import HTTPSeeOther

__all__ = ["forbidden", "not_found", "not_understood", "stale_form"]


def not_found(request: Any) -> dict[str, Any]:
    request.response.status = 404
    return {}


def forbidden(request: Any) -> Any:
    """To the login where that could help, else a page that says why."""
    if request.identity is None:
        path = request.path_qs if request.method == "GET" else request.route_path("front")
        request.session.flash("Please log in first: this page is for members.")
        return HTTPSeeOther(f"{request.route_path('log_in')}?came_from={quote(path, safe='')}")
    request.response.status = 403
    return {}


def stale_form(request: Any) -> dict[str, Any]:
    """The CSRF token is missing or another session's: an old tab, or a form on another site."""
    request.response.status = 400
    return {}


def not_understood(request: Any) -> dict[str, Any]:
    """The address or the form holds bytes that are no text."""
    request.response.status = 400
    return {}

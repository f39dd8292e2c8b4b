"""The site's pages. Nobody has to log in to see them; what they lead to asks for it."""

from __future__ import annotations

from typing import Any, Final

from pyramid.config import Configurator

from .shelf import TABLE

__all__ = ["PAGES", "add_to"]

PAGES: Final = (
    ("front", "/"),
    ("books", "/books"),
    ("circle", "/circle"),
    ("questions", "/questions"),
    ("terms", "/terms"),
    ("new_password", "/new-password"),
)
"""The name of each page, which is that of its template, and its address."""


def add_to(config: Configurator) -> None:
    """Register every page and the static files."""
    for name, pattern in PAGES:
        config.add_route(name, pattern)
        config.add_view(show, route_name=name, renderer=f"templates/{name}.jinja2", request_method="GET")
    config.add_static_view("static", "static", cache_max_age=300)
    config.add_notfound_view(not_found, renderer="templates/not_found.jinja2")


def show(request: Any) -> dict[str, Any]:
    return {"table": TABLE}


def not_found(request: Any) -> dict[str, Any]:
    request.response.status = 404
    return {}

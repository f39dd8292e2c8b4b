"""Millbrook Lane Reading Room: a site without users of its own, whose readers are in the library's directory.

The hosted page of chatsso-middleware is its login, ``signin.ini`` says how. All that the site does for it: it
asks ``environ["chatsso"].user`` who is there, and links to the page.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyramid.config import Configurator

from . import headers, pages
from .settings import RoomSettings

__all__ = ["main"]


def main(global_config: Mapping[str, str], **settings: Any) -> Any:
    """The WSGI application, from its section of an ini file (PasteDeploy's ``app_factory``)."""
    site = RoomSettings.from_ini(settings)
    # A misspelt name in a template is an error, not an empty place on the page.
    conventions = {"jinja2.trim_blocks": "true", "jinja2.lstrip_blocks": "true", "jinja2.undefined": "strict"}
    with Configurator(settings={**conventions, **settings}) as config:
        config.add_request_method(lambda _: site, "site", property=True)
        config.add_request_method(reader, "reader", property=True)
        config.include("pyramid_jinja2")
        headers.add_to(config, site)
        pages.add_to(config)
        return config.make_wsgi_app()


def reader(request: Any) -> Any:
    """Who is logged in: a `chatsso_middleware.ChatUser`, or `None`."""
    return request.environ["chatsso"].user

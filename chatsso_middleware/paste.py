"""The entrance for ini files: PasteDeploy's filter factories."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from .assembly import Site, assemble
from .errors import ConfigurationError
from .ini import hidden_keys
from .middleware import ChatSSOMiddleware
from .settings import Source

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

__all__ = ["filter_app_factory", "filter_factory"]


def filter_app_factory(
    app: WSGIApplication, global_conf: Mapping[str, str], **settings: str
) -> ChatSSOMiddleware:
    """``paste.filter_app_factory``: an ini section with ``use = egg:chatsso-middleware``.

    Raises `ConfigurationError` with every problem at once.
    """
    return ChatSSOMiddleware(app, _site(global_conf, settings))


def filter_factory(
    global_conf: Mapping[str, str], **settings: str
) -> Callable[[WSGIApplication], ChatSSOMiddleware]:
    """``paste.filter_factory``: the same, for those who build the filter before the application."""
    site = _site(global_conf, settings)

    def filter_app(app: WSGIApplication) -> ChatSSOMiddleware:
        return ChatSSOMiddleware(app, site)

    return filter_app


def _site(global_conf: Mapping[str, str], settings: Mapping[str, str]) -> Site:
    path = global_conf.get("__file__")
    hidden = hidden_keys(path) if path else []
    try:
        site = assemble(settings, Source(path or "the ini file", ini_path=path))
    except ConfigurationError as error:
        raise ConfigurationError([*hidden, *error.problems]) from None
    if hidden:
        raise ConfigurationError(hidden)
    return site

"""The Pyramid application that answers below `mount`. It finds the handle in the environ, as a host does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pyramid.config import Configurator
from pyramid.request import Request

from ..handle import Handle
from ..login_flow import LoginFlow
from ..state.cookies import StateCookie
from . import views
from .forgery import ForgeryGuard
from .provider_pages import view_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from ..signin.hosted_page import HostedPage

__all__ = ["EndpointSettings", "Endpoints", "make_endpoints"]

MOST_WAITING: Final = 2
"""Requests of a process that may wait long for a chat at the same time: the other threads are the site's."""
WAIT_FOR_TURN: Final = 1.0
"""Seconds that a login on the hosted page waits for those before it, which an external system holds up."""
LONGEST_WAIT: Final = 3.0
"""Seconds that a person who follows a link to the chat waits for a token, at the most."""


@dataclass(frozen=True, slots=True)
class EndpointSettings:
    """What the owner decided about our addresses."""

    login_url: str | None = None
    register_url: str | None = None
    logout_url: str | None = None
    site_url: str | None = None
    has_own_login: bool = False
    """Whether the hosted login page stands in where the site has none."""
    api_timeout: float = 5.0


@dataclass(slots=True)
class Endpoints:
    """What the views need beside the request."""

    flow: LoginFlow
    cookie: StateCookie
    forgery: ForgeryGuard
    settings: EndpointSettings
    _waiting: threading.BoundedSemaphore = field(
        default_factory=lambda: threading.BoundedSemaphore(MOST_WAITING)
    )

    _logging_in: threading.BoundedSemaphore = field(
        default_factory=lambda: threading.BoundedSemaphore(MOST_WAITING)
    )

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Whether it is this login's turn to ask the external system."""
        admitted = self._logging_in.acquire(timeout=WAIT_FOR_TURN)
        try:
            yield admitted
        finally:
            if admitted:
                self._logging_in.release()

    @contextmanager
    def patience(self) -> Iterator[float]:
        """Seconds that this request may wait for a chat."""
        if not self._waiting.acquire(blocking=False):
            yield self.flow.policy.page_wait
            return
        try:
            yield min(LONGEST_WAIT, self.settings.api_timeout)
        finally:
            self._waiting.release()

    @contextmanager
    def one_of_few(self) -> Iterator[bool]:
        """Whether this request may wait for somebody else's server."""
        admitted = self._waiting.acquire(blocking=False)
        try:
            yield admitted
        finally:
            if admitted:
                self._waiting.release()


def make_endpoints(
    flow: LoginFlow,
    cookie: StateCookie,
    forgery: ForgeryGuard,
    settings: EndpointSettings,
    hosted: HostedPage | None = None,
) -> WSGIApplication:
    """The WSGI application with all our paths; SCRIPT_NAME ends with `mount` when it is called.

    The handle stands in the environ already, as it does for a host.
    """
    config = Configurator()
    endpoints = Endpoints(flow, cookie, forgery, settings)
    config.add_request_method(lambda _: endpoints, "endpoints", reify=True)
    config.add_request_method(_handle, "chatsso", reify=True)
    for name, pattern, view, methods in (
        ("go", "/go", views.go, ("GET", "HEAD", "POST")),
        ("login", "/login", views.login, ("GET", "HEAD")),
        ("register", "/register", views.register, ("GET", "HEAD")),
        ("logout", "/logout", views.logout, ("GET", "HEAD")),
        ("tag", "/{provider}/{kind:login|logout}.gif", views.tag, ("GET", "HEAD")),
    ):
        config.add_route(name, pattern)
        config.add_view(view, route_name=name, request_method=methods)
        config.add_view(views.refuse_other_methods(methods), route_name=name)
    for chat in flow.chats.values():
        for endpoint in chat.provider.endpoints:
            name = f"{chat.name} {endpoint.path}"
            config.add_route(name, f"/{chat.name}/{endpoint.path}")
            config.add_view(view_of(chat, endpoint), route_name=name, request_method=endpoint.methods)
            config.add_view(views.refuse_other_methods(endpoint.methods), route_name=name)
    if hosted is not None:
        from .signin import add_signin  # with its templates, which need an extra

        add_signin(config, hosted)
    config.add_notfound_view(views.not_found)
    config.add_exception_view(views.bad_address, context=views.BadAddress)
    config.add_exception_view(views.undecodable, context=UnicodeDecodeError)
    config.add_exception_view(views.failed, context=Exception)
    app: WSGIApplication = config.make_wsgi_app()
    return app


def _handle(request: Request) -> Any:
    handle: Handle = request.environ["chatsso"]
    return handle

"""The entrance for Pyramid: ``config.include("chatsso_middleware")``.

The keys stand in the application's settings, prefixed ``chatsso.``. A tween puts the very same middleware
around the application's handler, so there is one response path. Logins need no line in the application: its
security policy is watched, so that ``remember`` and ``forget`` are noticed where they happen, and every
page compares ``request.identity`` with what the chat knows.

The application may subscribe to `LoginNoticed` and `LogoutNoticed`, and may say things itself: by the handle
at ``request.chatsso``, or by sending `LoggedIn`, `LoggedOut`, `Registered`, `Edited` and `Deleted`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from pyramid.config import Configurator
from pyramid.tweens import EXCVIEW, INGRESS

from .assembly import Site, assemble
from .endpoints.answers import AsGiven
from .handle import Handle
from .hosts.pyramid import NOTED_KEY, REQUEST_KEY, PyramidReader
from .hosts.pyramid_events import (
    Deleted,
    Edited,
    LoggedIn,
    LoggedOut,
    LoginNoticed,
    LogoutNoticed,
    Registered,
    add_subscribers,
)
from .hosts.pyramid_policy import confirm_login, watch_policy
from .middleware import ChatSSOMiddleware
from .page.response import PRIVATE, make_private
from .settings import Source
from .state.session_state import SessionState

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

__all__ = [
    "Deleted",
    "Edited",
    "LoggedIn",
    "LoggedOut",
    "LoginNoticed",
    "LogoutNoticed",
    "Registered",
    "includeme",
]

PREFIX: Final = "chatsso."
REGISTRY_KEY: Final = "chatsso_middleware.site"
TWEEN: Final = "chatsso_middleware.pyramid_addon.tween_factory"
IDENTITY_TWEEN: Final = "chatsso_middleware.pyramid_addon.identity_tween_factory"
TRANSACTIONS: Final = "pyramid_tm.tm_tween_factory"

Handler = Callable[[Any], Any]


def includeme(config: Configurator) -> None:
    """Put the middleware around the application. Raises `ConfigurationError` with every problem at once."""
    settings = config.registry.settings
    path = settings.get("__file__")
    source = Source(path or "the application's settings", ini_path=path, prefix=PREFIX)
    config.registry[REGISTRY_KEY] = assemble({f"{PREFIX}identity": "pyramid", **settings}, source)
    config.add_tween(TWEEN, under=INGRESS)
    config.add_tween(IDENTITY_TWEEN, under=(TRANSACTIONS, TWEEN, INGRESS), over=EXCVIEW)
    config.add_request_method(_handle, "chatsso", property=True)
    add_subscribers(config)


def _keep_private(_request: Any, response: Any) -> None:
    response.headerlist = make_private(response.headerlist)


def tween_factory(handler: Handler, registry: Any) -> Handler:
    """The tween that runs the middleware around `handler`."""
    site: Site = registry[REGISTRY_KEY]
    if isinstance(site.reader, PyramidReader):
        # Here, not in an action: the tweens are made when all of the configuration stands.
        watch_policy(registry, site.reader)

    def host(environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        return handler(environ[REQUEST_KEY])(environ, start_response)

    def noticed(environ: Mapping[str, Any], before: SessionState, after: SessionState) -> None:
        request = environ[REQUEST_KEY]
        addresses = [None if state.user is None else state.user.email for state in (before, after)]
        if before.user is not None and addresses[0] != addresses[1]:
            registry.notify(LogoutNoticed(request, before.user))
        if after.user is not None and before.login != after.login:
            registry.notify(LoginNoticed(request, after.user))

    middleware = ChatSSOMiddleware(host, site, noticed=noticed)

    def tween(request: Any) -> Any:
        environ = request.environ
        around = environ.get("chatsso")
        environ[REQUEST_KEY] = request
        environ.pop(NOTED_KEY, None)
        try:
            # The headers stand when it returns, so WebOb passes a body that comes bit by bit on as it comes.
            status, headers, body = request.call_application(middleware)
        except Exception:
            if around is None:  # whoever tries the request again, as pyramid_retry does, starts afresh
                environ.pop("chatsso", None)
            raise
        finally:
            environ.pop(REQUEST_KEY, None)  # the request holds its environ: a cycle for each request
        if PRIVATE in headers:
            request.add_response_callback(_keep_private)  # the application's own callbacks come before it
        return AsGiven(status=status, headerlist=headers, app_iter=body)

    return tween


def identity_tween_factory(handler: Handler, registry: Any) -> Handler:
    """The tween that notes who is logged in inside of pyramid_tm, whose commit may make a row unreadable."""
    reader = registry[REGISTRY_KEY].reader
    if not isinstance(reader, PyramidReader):
        return handler

    def tween(request: Any) -> Any:
        response = handler(request)
        handle = request.environ.get("chatsso")
        if isinstance(handle, Handle):
            confirm_login(handle, request.environ, response)
            if not handle.spoken:
                reader.note(request, response)
        return response

    return tween


def _handle(request: Any) -> Handle:
    handle: Handle | None = request.environ.get("chatsso")
    if handle is None:
        raise RuntimeError(
            "This request has no handle, since it did not pass the tween of chatsso-middleware. Make a "
            "subrequest with use_tweens=True, or give it the environ['chatsso'] of the browser's request."
        )
    return handle

"""The store as a WSGI application: which path leads to which view, faults first, and the list of calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from webob import Request, Response

from ..faults import Fault
from ..forms import TooManyFields, address_of
from . import auth_token, inspection, library
from .exchange import Reply, error
from .store import TOKEN_PATH, Store

__all__ = ["create_app"]

View = Callable[[Store, Request], Reply]

VIEWS: Final[dict[str, dict[str, View]]] = {
    "/": {"GET": library.shelf},
    "/logout": {"POST": library.log_out},
    "/settings": {"GET": inspection.settings, "POST": inspection.save_settings},
    "/sandbox/calls": {"GET": inspection.calls},
    "/sandbox/calls.json": {"GET": inspection.calls_json},
    "/sandbox/users": {"GET": inspection.users},
    "/sandbox/style.css": {"GET": inspection.style},
    "/sandbox/store.css": {"GET": inspection.own_style},
    TOKEN_PATH: {"GET": auth_token.enter, "POST": auth_token.enter},
}
READER_VIEWS: Final[dict[str, View]] = {"GET": library.read}


def create_app(store: Store) -> Callable[..., Iterable[bytes]]:
    """The WSGI application of `store`, for any server."""

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = Request(environ)
        body: Iterable[bytes] = _respond(store, request)(environ, start_response)
        return body

    return app


def _respond(store: Store, request: Request) -> Response:
    arrived = store.calls.now()
    try:
        path: str = request.path_info or "/"
    except UnicodeDecodeError:
        return error("", 400, "This address cannot be read", "It is not written in UTF-8.")
    fault = store.faults.take(path)
    if fault is not None:
        store.faults.hold_back(fault)
    try:
        reply = (
            _behave(store, request, path)
            if fault is None or fault.body is None
            else _misbehave(fault, fault.body)
        )
    except TooManyFields as problem:
        reply = _failure(request, path, 400, "That is too much", str(problem))
    if reply.outcome:
        store.calls.record(
            request.method,
            path,
            reply.parameters,
            time=arrived,
            status=reply.response.status_code,
            success=reply.success,
            outcome=reply.outcome,
        )
    return reply.response


def _misbehave(fault: Fault, body: bytes) -> Reply:
    headers = [("Content-Type", fault.content_type), *fault.headers]
    response = Response(body=body, status=fault.status, headerlist=headers)
    return Reply(response, "Misbehaved, as fail_with asked for.", success=False)


def _behave(store: Store, request: Request, path: str) -> Reply:
    views = READER_VIEWS if path.startswith(library.READER) else VIEWS.get(path)
    if views is None:
        reason = "The sandbox knows nothing at this address."
        return _failure(request, path, 404, "There is no such page", reason)
    # A HEAD stands for a GET, but not where loading the address logs somebody in.
    method = "GET" if request.method == "HEAD" and path != TOKEN_PATH else request.method
    view = views.get(method)
    if view is None:
        reason = f"This address takes {' and '.join(views)} alone."
        reply = _failure(request, path, 405, "That is not done here", reason)
        reply.response.headers["Allow"] = ", ".join(views)
        return reply
    return view(store, request)


def _failure(request: Request, path: str, status: int, title: str, reason: str) -> Reply:
    response = error(address_of(request, ""), status, title, reason)
    return Reply(response, reason if path == TOKEN_PATH else "", success=False)

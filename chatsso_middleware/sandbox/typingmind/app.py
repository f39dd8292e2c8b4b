"""The instance as a WSGI application: which path leads to which view, faults first, and the list of calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from webob import Request, Response

from ..forms import TooManyFields
from . import api, chat, inspection, widget
from .exchange import Reply, error
from .instance import Instance

if TYPE_CHECKING:
    from ..faults import Fault

__all__ = ["create_app"]

View = Callable[[Instance, Request], Reply]

VIEWS: Final[dict[str, dict[str, View]]] = {
    "/": {"GET": chat.show, "POST": chat.post},
    "/logout": {"POST": chat.log_out},
    "/widget.js": {"GET": widget.script},
    "/widget": {"GET": widget.show, "POST": widget.post},
    "/sandbox/calls": {"GET": inspection.calls},
    "/sandbox/calls.json": {"GET": inspection.calls_json},
    "/sandbox/users": {"GET": inspection.users},
    "/sandbox/style.css": {"GET": inspection.style},
}


def create_app(instance: Instance) -> Callable[..., Iterable[bytes]]:
    """The WSGI application of `instance`, for any server."""

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = Request(environ)
        body: Iterable[bytes] = _respond(instance, request)(environ, start_response)
        return body

    return app


def _respond(instance: Instance, request: Request) -> Response:
    arrived = instance.calls.now()
    try:
        path: str = request.path_info or "/"
    except UnicodeDecodeError:
        request.path_info = "/"
        return error(request, 400, "This address cannot be read", "It is not written in UTF-8.")
    fault = instance.faults.take(path)
    if fault is not None:
        instance.faults.hold_back(fault)
    try:
        if fault is not None and fault.body is not None:
            reply = _misbehave(fault, fault.body)
        else:
            reply = _behave(instance, request, path)
    except TooManyFields as problem:
        reply = Reply(error(request, 400, "That is too much", str(problem)))
    if reply.outcome:
        instance.calls.record(
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


def _behave(instance: Instance, request: Request, path: str) -> Reply:
    if path.startswith(api.PREFIX):
        return api.answer(instance, request, path)
    views = VIEWS.get(path)
    if views is None:
        reason = "The sandbox knows nothing at this address."
        return Reply(error(request, 404, "There is no such page", reason))
    view = views.get("GET" if request.method == "HEAD" else request.method)
    if view is None:
        reason = f"This address takes {' and '.join(views)} alone."
        response = error(request, 405, "That is not done here", reason)
        response.headers["Allow"] = ", ".join(views)
        return Reply(response)
    return view(instance, request)

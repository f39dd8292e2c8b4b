"""The room as a WSGI application: which path leads to which view, faults first, and the list of calls."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from webob import Request, Response

from ..forms import TooManyFields, address_of, form_of, query_of
from ..markup import COMMON_HEADERS, html_response
from . import api, chat, inspection, pages, tags
from .exchange import Reply
from .room import Room

if TYPE_CHECKING:
    from ..faults import Fault

__all__ = ["create_app"]

View = Callable[[Room, Request], Reply]

LONGEST_ROOM_NAME: Final = 100


def _api_call(room: Room, request: Request) -> Reply:
    """A call of the API: the query's parameters for a GET, the form's for a POST, never a mixture."""
    parameters = _parameters_of(request)
    answer = api.answer(room, request.path_info, parameters)
    headers = [*COMMON_HEADERS, ("Content-Type", "application/json")]
    response = Response(body=json.dumps(answer.as_json()).encode(), headerlist=headers)
    return Reply(response, answer.message, success=answer.success, parameters=parameters)


def _parameters_of(request: Request) -> dict[str, str]:
    return form_of(request) if request.method == "POST" else query_of(request)


VIEWS: Final[dict[str, dict[str, View]]] = {
    "/": {"GET": chat.show, "POST": chat.post},
    "/logout": {"POST": chat.log_out},
    "/js/embed.js": {"GET": chat.embed_script},
    "/sso/token/login": {"GET": tags.log_in},
    "/sso/token/logout": {"GET": tags.log_out},
    "/settings": {"GET": inspection.settings, "POST": inspection.save_settings},
    "/sandbox/calls": {"GET": inspection.calls},
    "/sandbox/calls.json": {"GET": inspection.calls_json},
    "/sandbox/accounts": {"GET": inspection.accounts},
    "/sandbox/style.css": {"GET": inspection.style},
    **{path: {"GET": _api_call, "POST": _api_call} for path in api.CALLS},
}


def create_app(room: Room) -> Callable[..., Iterable[bytes]]:
    """The WSGI application of `room`, for any server."""

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = Request(environ)
        body: Iterable[bytes] = _respond(room, request)(environ, start_response)
        return body

    return app


def _respond(room: Room, request: Request) -> Response:
    arrived = room.calls.now()
    try:
        path: str = request.path_info or "/"
    except UnicodeDecodeError:
        return _error("", 400, "This address cannot be read", "It is not written in UTF-8.")
    fault = room.faults.take(path)
    if fault is not None:
        room.faults.hold_back(fault)
    try:
        if fault is not None and fault.body is not None:
            reply = _misbehave(request, fault, fault.body)
        else:
            reply = _behave(room, request, path)
    except TooManyFields as problem:
        reply = _failure(request, path, 400, "That is too much", str(problem))
    if reply.outcome:
        room.calls.record(
            request.method,
            path,
            reply.parameters,
            time=arrived,
            status=reply.response.status_code,
            success=reply.success,
            outcome=reply.outcome,
        )
    return reply.response


def _misbehave(request: Request, fault: Fault, body: bytes) -> Reply:
    headers = [("Content-Type", fault.content_type), *fault.headers]
    response = Response(body=body, status=fault.status, headerlist=headers)
    outcome = "Misbehaved, as fail_with asked for."
    return Reply(response, outcome, success=False, parameters=_parameters_of(request))


def _behave(room: Room, request: Request, path: str) -> Reply:
    views = VIEWS.get(path) or (VIEWS["/"] if _is_room(path) else None)
    if views is None:
        return _failure(
            request, path, 404, "There is no such page", "The sandbox knows nothing at this address."
        )
    # A HEAD stands for a GET, but not where loading the address changes something.
    method = "GET" if request.method == "HEAD" and not path.startswith("/sso/") else request.method
    view = views.get(method)
    if view is None:
        reason = f"This address takes {' and '.join(views)} alone."
        reply = _failure(request, path, 405, "That is not done here", reason)
        reply.response.headers["Allow"] = ", ".join(views)
        return reply
    return view(room, request)


def _failure(request: Request, path: str, status: int, title: str, reason: str) -> Reply:
    response = _error(address_of(request, ""), status, title, reason)
    return Reply(response, reason if path.startswith("/sso/") else "", success=False)


def _error(base: str, status: int, title: str, reason: str) -> Response:
    document = pages.error_page(base=base, title=title, reason=reason, back=f"{base}/")
    return html_response(document, status=status)


def _is_room(path: str) -> bool:
    name = path.removeprefix("/room/")
    return name != path and 0 < len(name) <= LONGEST_ROOM_NAME and "/" not in name

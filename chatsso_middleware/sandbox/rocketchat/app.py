"""The HTTP side of the chat as a WSGI application: the API, the chat's page, and the developer's pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from webob import Request, Response

from ..forms import TooManyFields, address_of, query_of
from ..markup import COMMON_HEADERS, html_response, stylesheet
from . import inspection, pages, realtime
from .fields import flattened
from .rest import PREFIX, RestAPI

if TYPE_CHECKING:
    from ..faults import Fault
    from .chat import Chat

__all__ = ["create_app"]

View = Callable[["Chat", Request], Response]

HOME_ROOM: Final = "general"
LONGEST_ROOM_NAME: Final = 100
_SCRIPT: Final = "text/javascript; charset=utf-8"
_STYLE: Final = "text/css; charset=utf-8"
_OWN_FILES: Final = {
    "/sandbox/chat.css": _STYLE,
    "/sandbox/chat.js": _SCRIPT,
    "/sandbox/commands.js": _SCRIPT,
    "/sandbox/ddp.js": _SCRIPT,
    "/sandbox/login.js": _SCRIPT,
    "/sandbox/oauth.js": _SCRIPT,
}


def _style(_chat: Chat, _request: Request) -> Response:
    return _file(stylesheet(), _STYLE)


def _scripts(chat: Chat, _request: Request) -> Response:
    """What the administrator entered, wrapped as the vendor's server wraps it."""
    script = chat.settings.script_on_logout
    return _file(
        f"window.addEventListener('Custom_Script_On_Logout', function () {{\n{script}\n}});\n".encode(),
        _SCRIPT,
    )


def _not_a_websocket(_chat: Chat, _request: Request) -> Response:
    """What the vendor's server says to a plain request for the realtime protocol."""
    return Response(status=400, headerlist=list(COMMON_HEADERS), body=b'Can "Upgrade" only to "WebSocket".')


VIEWS: Final[dict[str, dict[str, View]]] = {
    "/scripts.js": {"GET": _scripts},
    "/settings": {"GET": inspection.settings, "POST": inspection.save_settings},
    "/sandbox/calls": {"GET": inspection.calls},
    "/sandbox/calls.json": {"GET": inspection.calls_json},
    "/sandbox/accounts": {"GET": inspection.accounts},
    "/sandbox/style.css": {"GET": _style},
    realtime.PATH: {"GET": _not_a_websocket},
}


def create_app(chat: Chat) -> Callable[..., Iterable[bytes]]:
    """The WSGI application of `chat`, for any server; the realtime protocol is not in it."""
    api = RestAPI(chat)

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = Request(environ)
        body: Iterable[bytes] = _respond(chat, api, request)(environ, start_response)
        return body

    return app


def _respond(chat: Chat, api: RestAPI, request: Request) -> Response:
    try:
        path: str = request.path_info or "/"
    except UnicodeDecodeError:
        return _error("", 400, "This address cannot be read", "It is not written in UTF-8.")
    arrived = chat.calls.now()
    fault = chat.faults.take(path)
    if fault is not None:
        chat.faults.hold_back(fault)
    try:
        if fault is not None and fault.body is not None:
            return _misbehave(chat, request, path, fault, fault.body, arrived)
        if path.startswith(PREFIX):
            return _call_api(chat, api, request, path, arrived)
        return _show(chat, request, path, arrived)
    except TooManyFields as problem:
        return _error(address_of(request, ""), 400, "That is too much", str(problem))


def _misbehave(
    chat: Chat, request: Request, path: str, fault: Fault, body: bytes, arrived: float
) -> Response:
    chat.calls.record(
        request.method,
        path,
        _shown_parameters(request),
        time=arrived,
        status=fault.status,
        success=False,
        outcome="Misbehaved, as fail_with asked for.",
    )
    return Response(
        body=body, status=fault.status, headerlist=[("Content-Type", fault.content_type), *fault.headers]
    )


def _shown_parameters(request: Request) -> dict[str, str]:
    try:
        return flattened(json.loads(request.body)) if request.body else query_of(request)
    except (ValueError, RecursionError):
        return {}


def _call_api(chat: Chat, api: RestAPI, request: Request, path: str, arrived: float) -> Response:
    answer = api.answer(
        request.method,
        path,
        headers=request.headers,
        query=query_of(request),
        body=request.body,
        address=request.remote_addr or "",
    )
    chat.calls.record(
        request.method,
        path,
        answer.parameters,
        time=arrived,
        status=answer.status,
        success=answer.status == 200,
        outcome=answer.outcome,
    )
    headers = [*COMMON_HEADERS, ("Content-Type", "application/json"), *answer.headers]
    return Response(body=json.dumps(answer.members).encode(), status=answer.status, headerlist=headers)


def _show(chat: Chat, request: Request, path: str, arrived: float) -> Response:
    base = address_of(request, "")
    method = "GET" if request.method == "HEAD" else request.method
    room = _room_at(path)
    if room is not None and method == "GET":
        return _chat_page(chat, request, base, room, arrived)
    if path in _OWN_FILES and method == "GET":
        return _file(_own_file(path.rpartition("/")[2]), _OWN_FILES[path])
    views = VIEWS.get(path)
    if views is None and room is None and path not in _OWN_FILES:
        return _error(base, 404, "There is no such page", "The sandbox knows nothing at this address.")
    view = (views or {}).get(method)
    if view is None:
        allowed = ", ".join(views or ("GET",))
        response = _error(base, 405, "That is not done here", f"This address takes {allowed} alone.")
        response.headers["Allow"] = allowed
        return response
    return view(chat, request)


def _chat_page(chat: Chat, request: Request, base: str, room: str, arrived: float) -> Response:
    query = query_of(request)
    if "resumeToken" in query:
        chat.calls.record(
            request.method,
            request.path_info or "/",
            query,
            time=arrived,
            status=200,
            success=True,
            outcome="Gave the page, which logs in by the token of its address.",
        )
    configuration = {
        "base": base,
        "room": room,
        "settings": chat.settings.by_id(),
        "client": chat.behaviour.page_client,
        "oauthAnswers": chat.behaviour.oauth_answers,
    }
    document = pages.chat_page(base=base, room=room, configuration=configuration)
    return html_response(document, framed=True, scripted=True)


def _room_at(path: str) -> str | None:
    """The channel that an address shows: the first one, or the one that it names."""
    if path in {"/", "/home"}:
        return HOME_ROOM
    name = path.removeprefix("/channel/")
    return name if name != path and 0 < len(name) <= LONGEST_ROOM_NAME and "/" not in name else None


def _file(content: bytes, content_type: str) -> Response:
    return Response(body=content, headerlist=[*COMMON_HEADERS, ("Content-Type", content_type)])


@cache
def _own_file(name: str) -> bytes:
    return (files(__package__) / "static" / name).read_bytes()


def _error(base: str, status: int, title: str, reason: str) -> Response:
    return html_response(pages.error_page(base=base, title=title, reason=reason), status=status)

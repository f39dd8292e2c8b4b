"""The directory as a WSGI application: the call that verifies a login, and pages for the developer."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from webob import Request, Response

from ..faults import Fault
from ..forms import TooManyFields, address_of, form_of, query_of
from ..markup import COMMON_HEADERS, html_response, stylesheet
from . import pages
from .answers import Answer, answer_of
from .directory import LOGIN_PATH, Directory

__all__ = ["create_app"]


@dataclass(frozen=True, slots=True)
class _Reply:
    response: Response
    outcome: str
    success: bool


def create_app(directory: Directory) -> Callable[..., Iterable[bytes]]:
    """The WSGI application of `directory`, for any server."""

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = Request(environ)
        body: Iterable[bytes] = _respond(directory, request)(environ, start_response)
        return body

    return app


def _respond(directory: Directory, request: Request) -> Response:
    try:
        path: str = request.path_info or "/"
    except UnicodeDecodeError:
        return _error("", 400, "This address cannot be read", "It is not written in UTF-8.")
    if path == LOGIN_PATH:
        return _recorded_login(directory, request)
    view = _PAGES.get(path)
    base = address_of(request, "")
    if view is None:
        return _error(base, 404, "There is no such page", "The sandbox knows nothing at this address.")
    if request.method not in {"GET", "HEAD"}:
        return _error(base, 405, "That is not done here", "This address takes GET alone.", Allow="GET")
    return view(directory, request)


def _recorded_login(directory: Directory, request: Request) -> Response:
    arrived = directory.calls.now()
    fault = directory.faults.take(LOGIN_PATH)
    if fault is not None:
        directory.faults.hold_back(fault)
    fields = _fields_of(directory, request)
    if fault is not None and fault.body is not None:
        reply = _misbehave(fault, fault.body)
    elif request.method not in {"GET", "POST"}:
        response = _json(405, {"error": "METHOD", "message": "GET and POST are taken."})
        response.headers["Allow"] = "GET, POST"
        reply = _Reply(response, "Refused the method.", success=False)
    else:
        reply = _log_in(directory, request, fields)
    directory.calls.record(
        request.method,
        LOGIN_PATH,
        # Whatever is not called a login may be a password under a name that nobody told us.
        {name: value if name == directory.login_field else "***" for name, value in (fields or {}).items()},
        time=arrived,
        status=reply.response.status_code,
        success=reply.success,
        outcome=reply.outcome,
    )
    return reply.response


def _log_in(directory: Directory, request: Request, fields: Mapping[str, str] | None) -> _Reply:
    if not directory.key_is(request.headers.get("X-Api-Key", "")):
        return _refusal(answer_of(directory.shape, "INVALID_KEY"), "Refused the key of the caller.")
    login = None if fields is None else fields.get(directory.login_field)
    password = None if fields is None else fields.get(directory.password_field)
    if login is None or password is None:
        names = f"{directory.login_field} and {directory.password_field}"
        return _refusal(answer_of(directory.shape, "MALFORMED"), f"The fields {names} are asked for.")
    answer = directory.log_in(login, password)
    if answer.body.get("error"):
        return _refusal(answer, f"Refused: {_code_of(answer)}.")
    return _Reply(_json(answer.status, answer.body), "Accepted.", success=True)


def _fields_of(directory: Directory, request: Request) -> dict[str, str] | None:
    """The fields of a Basic header, a JSON object, a form or a query; `None` where they cannot be read."""
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        return _basic(directory, encoded)
    try:
        if request.method != "POST":
            return query_of(request)
        if request.content_type != "application/json":
            return form_of(request)
    except TooManyFields:
        return None
    try:
        found = json.loads(request.body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        return None
    return found


def _basic(directory: Directory, encoded: str) -> dict[str, str] | None:
    try:
        login, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return {directory.login_field: login, directory.password_field: password} if colon else None


def _code_of(answer: Answer) -> str:
    error = answer.body["error"]
    return str(error["code"] if isinstance(error, dict) else error)


def _refusal(answer: Answer, outcome: str) -> _Reply:
    return _Reply(_json(answer.status, answer.body), outcome, success=False)


def _misbehave(fault: Fault, body: bytes) -> _Reply:
    headers = [("Content-Type", fault.content_type), *fault.headers]
    response = Response(body=body, status=fault.status, headerlist=headers)
    return _Reply(response, "Misbehaved, as fail_with asked for.", success=False)


def _json(status: int, body: Mapping[str, Any]) -> Response:
    return _file(json.dumps(body).encode(), "application/json", status=status)


def _file(content: bytes, content_type: str, *, status: int = 200) -> Response:
    headers = [*COMMON_HEADERS, ("Content-Type", content_type)]
    return Response(body=content, status=status, headerlist=headers)


def _error(base: str, status: int, title: str, reason: str, **headers: str) -> Response:
    response = html_response(pages.error_page(base=base, title=title, reason=reason), status=status)
    response.headers.update(headers)
    return response


def _people(directory: Directory, request: Request) -> Response:
    return html_response(pages.people_page(base=address_of(request, ""), people=tuple(directory.people)))


def _calls(directory: Directory, request: Request) -> Response:
    newest_first = tuple(directory.calls)[::-1]
    return html_response(pages.calls_page(base=address_of(request, ""), calls=newest_first))


def _calls_json(directory: Directory, _request: Request) -> Response:
    newest_first = [call.as_json() for call in tuple(directory.calls)[::-1]]
    return _file(json.dumps({"calls": newest_first}, indent=1).encode(), "application/json")


def _style(_directory: Directory, _request: Request) -> Response:
    return _file(stylesheet(), "text/css; charset=utf-8")


_PAGES: Final[Mapping[str, Callable[[Directory, Request], Response]]] = {
    "/": _people,
    "/sandbox/calls": _calls,
    "/sandbox/calls.json": _calls_json,
    "/sandbox/style.css": _style,
}

"""The users API: ``/api/v2/users``, as the vendor's OpenAPI description has it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from webob import Request, Response

from ..forms import query_of
from ..markup import COMMON_HEADERS
from .codes import Refused
from .exchange import Reply

if TYPE_CHECKING:
    from .instance import Instance

__all__ = ["PREFIX", "answer"]

PREFIX: Final = "/api/"
_USERS: Final = "/api/v2/users"
_ONE_USER: Final = re.compile(r"/api/v2/users/([0-9]{1,15})")


def answer(instance: Instance, request: Request, path: str) -> Reply:
    """Do what a call asks for, where the key is right."""
    key: str = request.headers.get("X-API-KEY", "")
    told = {"X-API-KEY": key} if key else {}
    if not instance.key_is(key):
        return _reply(401, {"error": "Unauthorized"}, "Refused: the API key is missing or wrong.", told)
    one = _ONE_USER.fullmatch(path)
    if one:
        return _of_one_user(instance, request.method, int(one[1]), told)
    if path != _USERS:
        return _reply(404, {"error": "Not Found"}, "Refused: there is no such call.", told)
    act = {"GET": _list, "POST": _add}.get(request.method)
    return _not_allowed(told) if act is None else act(instance, request, told)


def _list(instance: Instance, request: Request, told: Mapping[str, str]) -> Reply:
    query = query_of(request)
    email = query.get("email")
    found = [user.as_json() for user in instance.users if email is None or user.email == email]
    return _reply(
        200, {"data": found}, f"Found {len(found)} of {len(instance.users)} users.", {**told, **query}
    )


def _add(instance: Instance, request: Request, told: Mapping[str, str]) -> Reply:
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        body = None
    email = body.get("email") if isinstance(body, dict) else None
    if not isinstance(email, str):
        return _reply(400, {"error": "The email is missing"}, "Refused: the body has no email.", told)
    shown = {**told, "email": email}
    try:
        user = instance.add_user(email)
    except Refused as refusal:
        return _reply(400, {"error": str(refusal)}, f"Refused: {refusal}.", shown)
    return _reply(200, user.as_json(), f"Added {user.shown_name}.", shown)


def _of_one_user(instance: Instance, method: str, user_id: int, told: Mapping[str, str]) -> Reply:
    if method not in {"GET", "DELETE"}:
        return _not_allowed(told)
    user = instance.user_with_id(user_id)
    if user is None:
        return _reply(404, {"error": "User Not Found"}, "Refused: there is no such user.", told)
    if method == "GET":
        return _reply(200, user.as_json(), f"Showed {user.shown_name}.", told)
    instance.delete_user(user_id)
    return _reply(200, {}, f"Deleted {user.shown_name}.", told)


def _not_allowed(told: Mapping[str, str]) -> Reply:
    return _reply(405, {"error": "Method Not Allowed"}, "Refused: not by this method.", told)


def _reply(status: int, members: Mapping[str, Any], outcome: str, told: Mapping[str, str]) -> Reply:
    headers = [*COMMON_HEADERS, ("Content-Type", "application/json")]
    response = Response(body=json.dumps(members).encode(), status=status, headerlist=headers)
    return Reply(response, outcome, success=status == 200, parameters=told)

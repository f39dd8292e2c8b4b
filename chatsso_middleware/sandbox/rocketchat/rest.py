"""The REST API, from a request's parts to an answer's: who calls, whether he may, and how a refusal looks.

The shapes of the errors changed with Rocket.Chat 8.0; which of them comes is a matter of the chat's version.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from . import rest_login, rest_users
from .fields import flattened, parse_json_object
from .rate_limits import Allowance, RateLimits
from .refusals import Refused
from .rest_route import RestCall, Route

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .chat import Chat
    from .users import User

__all__ = ["PREFIX", "RestAPI", "RestAnswer"]

PREFIX: Final = "/api/v1/"
ROUTES: Final[Mapping[str, Route]] = {**rest_login.ROUTES, **rest_users.ROUTES}
_REGISTRATION: Final = "POST users.register"
_FORBIDDEN: Final = frozenset({"error-unauthorized", "error-forbidden"})


@dataclass(frozen=True, slots=True)
class RestAnswer:
    """What goes back, and what the list of calls says about it."""

    status: int
    members: Mapping[str, Any] = field(repr=False)
    outcome: str
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: tuple[tuple[str, str], ...] = ()


class RestAPI:
    """The API of one chat."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self._limits = RateLimits(chat.clock)

    def answer(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        query: Mapping[str, str],
        body: bytes,
        address: str,
    ) -> RestAnswer:
        """Do what a call asks for. `headers` are found whatever their case, `address` is the caller's."""
        name = path.removeprefix(PREFIX)
        route = ROUTES.get(name)
        if route is None or method not in route.methods:
            status, reason = (404, "API endpoint not found") if route is None else (405, "Method Not Allowed")
            return RestAnswer(status, {"success": False, "error": reason}, f"{reason}.")
        token = headers.get("X-Auth-Token", "")
        caller = self._caller(headers.get("X-User-Id", ""), token)
        given: Mapping[str, Any] = query
        allowance: Allowance | None = None
        try:
            if method == "POST":
                given = parse_json_object(body)
            if caller is None and not route.public:
                status, members, outcome = self._not_logged_in()
            else:
                allowance = self._count(address, f"{method} {name}", caller)
                if allowance is not None and not allowance.allowed:
                    status, members, outcome = _too_many(allowance)
                else:
                    self._check_permission(route, caller)
                    call = RestCall(self._chat, caller, token, given, headers.get("X-2FA-Code"))
                    done = route.act(call)
                    status, members, outcome = 200, {**done.members, "success": True}, done.outcome
        except Refused as refusal:
            status, members = self._refused(name, refusal)
            outcome = f"Refused: {refusal}."
        limits = () if allowance is None else allowance.headers()
        return RestAnswer(status, members, outcome, flattened(dict(given)), limits)

    def _caller(self, user_id: str, token: str) -> User | None:
        user = self._chat.token_owner(token) if token else None
        return user if user is not None and user.id == user_id else None

    def _count(self, address: str, route: str, caller: User | None) -> Allowance | None:
        behaviour = self._chat.behaviour
        limit = 1 if behaviour.registration_limit and route == _REGISTRATION else behaviour.rate_limit
        if limit is None or self._chat.permits(caller, "api-bypass-rate-limit"):
            return None
        return self._limits.count((address, route), limit)

    def _check_permission(self, route: Route, caller: User | None) -> None:
        if route.permission and not self._chat.permits(caller, route.permission):
            raise self._chat.no_permission() if route.refusal is None else Refused(*route.refusal)

    def _not_logged_in(self) -> tuple[int, dict[str, Any], str]:
        reason = "You must be logged in to do this."
        members: dict[str, Any] = {"success": False, "error": reason}
        if self._chat.version < (8, 0):
            members |= {"status": "error", "message": reason}
        return 401, members, f"Refused: {reason}"

    def _refused(self, name: str, refusal: Refused) -> tuple[int, dict[str, Any]]:
        members: dict[str, Any] = {"success": False, "error": str(refusal)}
        if refusal.error in _FORBIDDEN:
            return 403, members
        if name == "login" and refusal.error != "invalid-params":
            return 401, self._login_refused(refusal)
        if refusal.error:
            members["errorType"] = refusal.error
        if refusal.details:
            members["details"] = dict(refusal.details)
        return 400, members

    def _login_refused(self, refusal: Refused) -> dict[str, Any]:
        """401 of a login. What the old servers told of the reason, the new ones keep to themselves."""
        details = {"details": dict(refusal.details)} if refusal.details else {}
        if self._chat.version >= (8, 0):
            if refusal.error != "totp-required":
                return {"success": False, "error": "unauthorized"}
            return {"success": False, "error": str(refusal), "errorType": refusal.error, **details}
        unknown = refusal.reason == "User not found"
        return {
            "success": False,
            "status": "error",
            "error": "Unauthorized" if unknown else refusal.error,
            "message": "Unauthorized" if unknown else refusal.reason,
            **details,
        }


def _too_many(allowance: Allowance) -> tuple[int, dict[str, Any], str]:
    reason = (
        "Error, too many requests. Please slow down. You must wait "
        f"{math.ceil(allowance.wait)} seconds before trying this endpoint again. [error-too-many-requests]"
    )
    return 429, {"success": False, "error": reason}, "Refused: too many calls."

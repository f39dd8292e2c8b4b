"""The calls of the API about the caller's own login, and those about the server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .fields import checked
from .refusals import Refused
from .rest_route import Done, RestCall, Route

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .tokens import NewToken

__all__ = ["ROUTES"]


def _log_in(call: RestCall) -> Done:
    """By ``resume``, or by ``password`` and a name: ``user`` takes an address as well as a username."""
    names = dict.fromkeys(("user", "username", "email", "password", "resume", "code"), str)
    given = checked(call.given, optional=names)
    if given.get("resume"):
        login = call.chat.resume(given["resume"])
        return _logged_in(login, f"Logged in @{login.user.username} by a token.")
    who = given.get("user", "")
    username = "" if "@" in who else who
    email = who if "@" in who else ""
    login = call.chat.log_in(
        password=given.get("password", ""),
        username=username or ("" if email else given.get("username", "")),
        email=email or given.get("email", ""),
        code=given.get("code") or call.code,
    )
    return _logged_in(login, f"Logged in @{login.user.username} by the password.")


def _logged_in(login: NewToken, outcome: str) -> Done:
    data = {"userId": login.user.id, "authToken": login.token, "me": login.user.as_json()}
    return Done({"status": "success", "data": data}, outcome)


def _log_out(call: RestCall) -> Done:
    call.chat.log_out(call.token)
    data = {"message": "You've been logged out!"}
    return Done({"status": "success", "data": data}, f"Logged out @{call.user.username}.")


def _me(call: RestCall) -> Done:
    return Done(call.user.as_json(), f"Told @{call.user.username} who that is.")


def _info(call: RestCall) -> Done:
    version = ".".join(map(str, call.chat.version))
    return Done({"version": version, "info": {"version": version}}, "Told the version.")


def _public_settings(call: RestCall) -> Done:
    wanted = call.given.get("_id", "")
    settings = [
        {"_id": setting_id, "value": value}
        for setting_id, value in call.chat.settings.by_id().items()
        if not wanted or setting_id in wanted.split(",")
    ]
    count = len(settings)
    members = {"settings": settings, "count": count, "offset": 0, "total": count}
    return Done(members, "Told the public settings.")


def _oauth_settings(_call: RestCall) -> Done:
    return Done({"services": []}, "Told that no OAuth service is set up.")


def _users_logout(call: RestCall) -> Done:
    given = checked(call.given, optional={"userId": str})
    user_id = given.get("userId") or call.user.id
    if user_id != call.user.id and not call.may("logout-other-user"):
        raise call.chat.no_permission()
    user = call.chat.user_by("id", user_id)
    if user is None:
        raise Refused("error-invalid-user-id", "Invalid user id")
    call.chat.log_out_everywhere(user)
    message = f"User {user.id} has been logged out!"
    return Done({"message": message}, f"Revoked every token of @{user.username}.")


ROUTES: Final[Mapping[str, Route]] = {
    "login": Route(_log_in, public=True),
    "logout": Route(_log_out, methods=("POST", "GET")),
    "me": Route(_me, methods=("GET",)),
    "info": Route(_info, methods=("GET",), public=True),
    "settings.public": Route(_public_settings, methods=("GET",), public=True),
    "settings.oauth": Route(_oauth_settings, methods=("GET",), public=True),
    "users.logout": Route(_users_logout),
}

"""The calls of the API about other people's accounts."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any, Final, Literal

from ..markup import picture_address
from .fields import checked
from .logins import check_code
from .refusals import Refused
from .rest_route import Done, RestCall, Route

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .users import User

__all__ = ["ROUTES"]

_PROFILE: Final = {
    "email": str,
    "name": str,
    "password": str,
    "username": str,
    "verified": bool,
    "active": bool,
    "bio": str,
    "nickname": str,
    "statusText": str,
    "roles": list,
    "joinDefaultChannels": bool,
    "requirePasswordChange": bool,
    "setRandomPassword": bool,
    "sendWelcomeEmail": bool,
    "customFields": dict,
}
_QUERIES: Final[Mapping[str, Literal["id", "username", "email"]]] = {
    "userId": "id",
    "username": "username",
    "email": "email",
}
"""What names a user in a call, and what it is compared with."""
_NEEDED: Final = ("email", "name", "password", "username")
_FOR_EVERYBODY: Final = ("_id", "username", "name", "type", "status", "avatarUrl")

PAGE: Final = 50
"""Users that a list brings at once, unless it is asked for more or fewer."""
LARGEST_PAGE: Final = 100


def _create_token(call: RestCall) -> Done:
    """From 8.0 on by id and the server's secret; before by id or name, where the server allows it at all."""
    if call.chat.version >= (8, 0):
        given = checked(call.given, required={"userId": str, "secret": str})
        if not hmac.compare_digest(given["secret"].encode(), call.chat.token_secret.encode()):
            raise Refused("error-not-authorized", "Not authorized")
    else:
        given = checked(call.given, optional={"userId": str, "username": str})
        if not call.chat.create_tokens:
            raise Refused("error-not-authorized", "Not authorized")
    user = _user_of(call, given)
    login = call.chat.mint_token(user)
    data = {"userId": user.id, "authToken": login.token}
    return Done({"data": data}, f"Made a login token for @{user.username}.")


def _create(call: RestCall) -> Done:
    required = {name: _PROFILE[name] for name in _NEEDED}
    given = checked(call.given, required=required, optional=_PROFILE)
    user = call.chat.add_user(
        given["username"],
        email=given["email"],
        name=given["name"],
        password=given["password"],
        verified=given.get("verified", False),
    )
    user = call.chat.update_user(
        user, {name: given[name] for name in ("active", "customFields") if name in given}
    )
    welcome = "; a welcome mail would be sent" if given.get("sendWelcomeEmail", True) else ""
    return Done({"user": user.as_json()}, f"Created @{user.username}{welcome}.")


def _register(call: RestCall) -> Done:
    names = dict.fromkeys(("username", "email", "pass", "name"), str)
    given = checked(call.given, required=names, optional={"secret": str, "reason": str})
    if call.caller is not None:
        raise Refused("", "Logged in users can not register again.")
    if call.chat.user_by("username", given["username"]) is not None:
        raise Refused("", "Username is already in use")
    if call.chat.has_address(given["email"]):
        raise Refused(403, "Email already exists.")
    user = call.chat.add_user(
        given["username"],
        email=given["email"],
        name=given["name"],
        password=given["pass"],
        verified=False,
    )
    return Done({"user": user.as_json()}, f"Registered @{user.username}.")


def _info(call: RestCall) -> Done:
    """By id, username, or from 8.4 on by email address."""
    given = checked(call.given, optional=dict.fromkeys((*_QUERIES, "fields", "includeUserRooms"), str))
    named = next((name for name in ("userId", "username", "email") if given.get(name)), None)
    if named is None:
        raise Refused("invalid-params", "must have required property 'userId'")
    if named == "email" and call.chat.version < (8, 4):
        raise Refused("invalid-params", "must NOT have additional properties")
    user = call.chat.user_by(_QUERIES[named], given[named])
    if user is None and call.chat.version < (8, 0):
        raise Refused("", "User not found.")
    if user is None:
        raise Refused("error-invalid-user", "The required param provided does not match any users")
    members = _shown(user, whole=user.id == call.user.id or call.may("view-full-other-user-info"))
    return Done({"user": members}, f"Told about @{user.username}.")


def _update(call: RestCall) -> Done:
    given = checked(call.given, required={"userId": str, "data": dict}, optional={"confirmRelinquish": bool})
    data: Mapping[str, Any] = checked(given["data"], optional=_PROFILE)
    if call.user.two_factor:
        check_code(call.code)
    if not call.may("edit-other-user-password"):
        data = {name: value for name, value in data.items() if name != "password"}  # and nobody hears of it
    user = call.chat.update_user(_user_of(call, given), data)
    if "active" in data:
        user = call.chat.set_active(user, active=data["active"])
    return Done({"user": user.as_json()}, f"Changed {', '.join(data) or 'nothing'} of @{user.username}.")


def _delete(call: RestCall) -> Done:
    given = checked(call.given, optional={"userId": str, "username": str, "confirmRelinquish": bool})
    user = _user_of(call, given)
    call.chat.delete_user(user)
    return Done({}, f"Deleted @{user.username}.")


def _set_active_status(call: RestCall) -> Done:
    given = checked(
        call.given,
        required={"userId": str, "activeStatus": bool},
        optional={"confirmRelinquish": bool},
    )
    user = call.chat.set_active(_user_of(call, given), active=given["activeStatus"])
    outcome = f"{'Let' if user.active else 'No longer let'} @{user.username} log in."
    return Done({"user": {"_id": user.id, "active": user.active}}, outcome)


def _set_avatar(call: RestCall) -> Done:
    given = checked(call.given, required={"avatarUrl": str}, optional={"userId": str, "username": str})
    user = _user_of(call, given) if "userId" in given or "username" in given else call.user
    if user.id != call.user.id and not call.may("edit-other-user-avatar"):
        raise call.chat.no_permission()
    if picture_address(given["avatarUrl"]) is None:
        raise Refused("error-avatar-invalid-url", f"Invalid avatar URL: {given['avatarUrl']}")
    call.chat.set_avatar(user, given["avatarUrl"])
    return Done({}, f"Gave @{user.username} a picture.")


def _reset_avatar(call: RestCall) -> Done:
    user = _user_of(call, checked(call.given, optional={"userId": str, "username": str}))
    if user.id != call.user.id and not call.may("edit-other-user-avatar"):
        raise call.chat.no_permission()
    call.chat.set_avatar(user, "")
    return Done({}, f"Took the picture of @{user.username} away.")


def _list_by_status(call: RestCall) -> Done:
    """A page of the users in whose names or addresses a text stands."""
    names = ("searchTerm", "count", "offset", "status", "hasLoggedIn", "type", "sort")
    given = checked(call.given, optional=dict.fromkeys(names, str))
    if not call.may("view-outside-room"):
        raise call.chat.no_permission()
    sees_all = call.may("view-full-other-user-info")
    found = call.chat.search_users(given.get("searchTerm", ""), with_addresses=sees_all)
    offset, count = _number(given, "offset", 0), min(_number(given, "count", PAGE), LARGEST_PAGE)
    users = [_shown(user, whole=sees_all) for user in found[offset : offset + count]]
    members = {"users": users, "count": len(users), "offset": offset, "total": len(found)}
    return Done(members, f"Told of {len(users)} of {len(found)} users that were found.")


def _number(given: Mapping[str, Any], name: str, default: int) -> int:
    value = given.get(name, str(default))
    if not (value.isascii() and value.isdecimal()):
        raise Refused("invalid-params", f"{name} must be number")
    return int(value)


def _shown(user: User, *, whole: bool) -> Mapping[str, object]:
    """`user` for whoever may see the whole, or only what everybody may."""
    members = user.as_json()
    return members if whole else {name: members[name] for name in _FOR_EVERYBODY}


def _user_of(call: RestCall, given: Mapping[str, Any]) -> User:
    """Whom ``userId``, or ``username``, names."""
    kind = next((kind for kind in ("userId", "username") if given.get(kind)), None)
    if kind is None:
        raise Refused(
            "error-user-param-not-provided", 'The required "userId" or "username" param was not provided'
        )
    user = call.chat.user_by(_QUERIES[kind], given[kind])
    if user is None:
        raise Refused(
            "error-invalid-user",
            'The required "userId" or "username" param provided does not match any users',
        )
    return user


ROUTES: Final[Mapping[str, Route]] = {
    "users.createToken": Route(
        _create_token,
        permission="user-generate-access-token",
        refusal=("error-not-authorized", "Not authorized"),
    ),
    "users.create": Route(
        _create,
        permission="create-user",
        refusal=("error-action-not-allowed", "Adding user is not allowed"),
    ),
    "users.register": Route(_register, public=True),
    "users.info": Route(_info, methods=("GET",)),
    "users.update": Route(
        _update,
        permission="edit-other-user-info",
        refusal=("error-action-not-allowed", "Editing user is not allowed"),
    ),
    "users.delete": Route(_delete, permission="delete-user"),
    "users.setActiveStatus": Route(_set_active_status, permission="edit-other-user-active-status"),
    "users.setAvatar": Route(_set_avatar),
    "users.resetAvatar": Route(_reset_avatar),
    "users.listByStatus": Route(_list_by_status, methods=("GET",), permission="view-d-room"),
}

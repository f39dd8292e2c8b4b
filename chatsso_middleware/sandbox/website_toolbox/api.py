"""The four calls that a website makes to the room, as the vendor documents them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from .accounts import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .room import Room

__all__ = ["CALLS", "Answer", "answer"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call gives. A refusal is an answer like the others, with HTTP status 200."""

    success: bool
    message: str
    access_token: str | None = field(default=None, repr=False)

    def as_json(self) -> dict[str, object]:
        """The members as documented; only a login gives a token."""
        members: dict[str, object] = {"success": self.success, "message": self.message}
        if self.access_token is not None:
            members["access_token"] = self.access_token
        return members


def answer(room: Room, path: str, parameters: Mapping[str, str]) -> Answer:
    """Do what the call to `path`, one of `CALLS`, asks for, where the key is right."""
    if not room.key_is(parameters.get("apikey", "")):
        return Answer(False, "Invalid API key.")
    try:
        return CALLS[path](room, parameters)
    except Refused as refusal:
        return Answer(False, str(refusal))


def _generate(room: Room, parameters: Mapping[str, str]) -> Answer:
    token = room.generate_token(
        _required(parameters, "email"),
        username=parameters.get("username", ""),
        avatar_url=parameters.get("avatarUrl", ""),
        password=parameters.get("password", ""),
    )
    return Answer(True, "The access token was generated.", token)


def _register(room: Room, parameters: Mapping[str, str]) -> Answer:
    token = room.register(
        _required(parameters, "email"),
        username=_required(parameters, "username"),
        avatar_url=parameters.get("avatarUrl", ""),
        password=parameters.get("password", ""),
    )
    return Answer(True, "The user was registered.", token)


def _edit(room: Room, parameters: Mapping[str, str]) -> Answer:
    room.edit(
        _required(parameters, "user"),
        username=parameters.get("username"),
        email=parameters.get("email"),
        password=parameters.get("password"),
        avatar_url=parameters.get("avatarUrl"),
    )
    return Answer(True, "The user was edited.")


def _delete(room: Room, parameters: Mapping[str, str]) -> Answer:
    named = (address.strip() for address in _required(parameters, "emails").split(","))
    addresses = [address for address in named if address]
    deleted, missing = room.delete(addresses)
    if not deleted:
        raise Refused(f"User not found: {', '.join(missing)}")
    without = f" User not found: {', '.join(missing)}" if missing else ""
    return Answer(True, f"Deleted: {', '.join(deleted)}.{without}")


def _required(parameters: Mapping[str, str], name: str) -> str:
    value = parameters.get(name, "")
    if not value:
        raise Refused(f"The parameter {name} is missing.")
    return value


CALLS: Final[Mapping[str, Callable[[Room, Mapping[str, str]], Answer]]] = {
    "/sso/token/generate": _generate,
    "/sso/user/register": _register,
    "/sso/user/edit": _edit,
    "/sso/user/delete": _delete,
}

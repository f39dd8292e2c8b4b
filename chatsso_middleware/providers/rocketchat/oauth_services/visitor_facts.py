"""What a service says of a visitor, read strictly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....errors import InvalidUser, Rejected
from ....users import ChatUser

__all__ = ["NotConfirmed", "identifier", "text", "user_with"]


class NotConfirmed(Rejected):
    """The service does not say that the visitor is who the chat's page says he is."""

    def __init__(self, service: str, reason: str, for_visitor: str) -> None:
        self.for_visitor = for_visitor
        """What he is told, in a sentence."""
        super().__init__(service, reason)


def text(facts: object, *names: str) -> str:
    """The first of the members called `names` that is text with something in it, else nothing."""
    values = [facts.get(name) for name in names] if isinstance(facts, Mapping) else []
    return next((value for value in values if isinstance(value, str) and value), "")


def identifier(facts: Mapping[str, Any], name: str) -> str:
    """The member called `name` as text; services write their ids as text or as numbers."""
    value = facts.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""


def user_with(service: str, title: str, email: str) -> ChatUser:
    """The user with this address. Raises `NotConfirmed` if there is none, or none that can be one."""
    try:
        return ChatUser(email)
    except InvalidUser:
        raise NotConfirmed(
            service,
            "gave no email address",
            f"{title} has not told this site your email address, and without it nobody can be logged in.",
        ) from None

"""Who is logged in, as every part of the package speaks of them."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from .errors import InvalidUser

__all__ = ["UNKNOWN", "ChatUser", "Unknown", "check_address", "check_text"]

LONGEST_ADDRESS: Final = 320
"""Octets: 64 for the local part, 255 for the domain and the sign between them (RFC 5321, section 4.5.3.1)."""


class Unknown(enum.Enum):
    """The type of `UNKNOWN`."""

    UNKNOWN = "unknown"

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final[Literal[Unknown.UNKNOWN]] = Unknown.UNKNOWN
"""What an identity reader gives when it has no say, for a static file perhaps. It changes nothing."""


def check_text(name: str, value: object) -> str:
    """Give `value` back if it is text that can travel in a form or a header, else raise `InvalidUser`."""
    if not isinstance(value, str):
        raise InvalidUser(name, f"text is expected here, not {type(value).__name__}")
    if any(ord(character) < 32 or ord(character) == 127 for character in value):
        raise InvalidUser(name, "a control character stands in it")
    if any(0xD800 <= ord(character) <= 0xDFFF for character in value):
        raise InvalidUser(name, "a lone surrogate stands in it, so it cannot be encoded")
    return value


def check_address(name: str, value: object) -> str:
    """Give `value` back if it can be an email address, else raise `InvalidUser`.

    It is compared and sent as given: no folding of case, no trimming.
    """
    address = check_text(name, value)
    if not address:
        raise InvalidUser(name, "an email address is expected here, and it is empty")
    local, at_sign, domain = address.rpartition("@")
    if not (at_sign and local and domain):
        raise InvalidUser(name, "an email address has an @ with something on both sides")
    if any(character.isspace() for character in address):
        raise InvalidUser(name, "white space stands in the email address")
    if len(address.encode()) > LONGEST_ADDRESS:
        raise InvalidUser(name, f"longer than {LONGEST_ADDRESS} octets, so it is no email address")
    return address


@dataclass(frozen=True, slots=True)
class ChatUser:
    """A user of the site, as the chat shall know him.

    `email` is one address that the site has verified: whoever has it, has the account in the chat.
    Raises `InvalidUser` for what no chat could take.
    """

    email: str
    username: str | None = None
    name: str | None = None
    avatar_url: str | None = None
    id: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        check_address("email", self.email)
        for name in ("username", "name", "avatar_url", "id"):
            value = getattr(self, name)
            if value is not None:
                check_text(name, value)
        if not isinstance(self.extra, Mapping):
            raise InvalidUser("extra", f"a mapping is expected here, not {type(self.extra).__name__}")

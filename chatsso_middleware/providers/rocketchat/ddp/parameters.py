"""The three ways to log in that the vendor documents, as what goes into the method's parameter."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import ClassVar, Literal, TypeAlias

from ....errors import InvalidUser
from .codec import Parameter

__all__ = ["LoginParameters", "OAuthLogin", "PasswordLogin", "ResumeLogin"]


@dataclass(frozen=True, slots=True)
class PasswordLogin:
    """A user name or an email address, and the digest of the password: `with_password` makes one.

    Raises `InvalidUser` for what is empty, no string, or cannot be encoded.
    """

    kind: Literal["username", "email"]
    name: str
    digest: str = field(repr=False)
    """SHA-256 of the password, in lower-case hexadecimal. The password itself is neither kept nor sent."""

    good_once: ClassVar[bool] = False

    def __post_init__(self) -> None:
        _check_text(self.kind, self.name)
        _check_text("digest", self.digest)

    @classmethod
    def with_password(cls, kind: Literal["username", "email"], name: str, password: str) -> PasswordLogin:
        """The login of whoever is called `name` and knows `password`."""
        return cls(kind, name, hashlib.sha256(_check_text("password", password).encode()).hexdigest())

    @property
    def parameter(self) -> Parameter:
        """As the method `login` takes it."""
        return {"user": {self.kind: self.name}, "password": {"digest": self.digest, "algorithm": "sha-256"}}


@dataclass(frozen=True, slots=True)
class OAuthLogin:
    """What an OAuth service left with the chat. The chat takes it once and then forgets it.

    Raises `InvalidUser` for what is empty, no string, or cannot be encoded.
    """

    credential_token: str = field(repr=False)
    credential_secret: str = field(repr=False)

    good_once: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _check_text("credential_token", self.credential_token)
        _check_text("credential_secret", self.credential_secret)

    @property
    def parameter(self) -> Parameter:
        """As the method `login` takes it."""
        return {
            "oauth": {
                "credentialToken": self.credential_token,
                "credentialSecret": self.credential_secret,
            }
        }


@dataclass(frozen=True, slots=True)
class ResumeLogin:
    """The token of an earlier login. Two-factor authentication does not stand in its way.

    Raises `InvalidUser` for what is empty, no string, or cannot be encoded.
    """

    token: str = field(repr=False)

    good_once: ClassVar[bool] = False

    def __post_init__(self) -> None:
        _check_text("token", self.token)

    @property
    def parameter(self) -> Parameter:
        """As the method `login` takes it."""
        return {"resume": self.token}


LoginParameters: TypeAlias = PasswordLogin | OAuthLogin | ResumeLogin


def _check_text(name: str, value: object) -> str:
    # An object that came in with a request would be a query to the chat's database.
    if not isinstance(value, str) or not value:
        raise InvalidUser(name, "a text that is not empty is expected here")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise InvalidUser(name, "a lone surrogate stands in it, so it cannot be encoded")
    return value

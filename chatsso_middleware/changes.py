"""Changes to accounts, as values: what the handle takes, the outbox keeps and a provider delivers."""

from __future__ import annotations

from dataclasses import dataclass, field

from .errors import InvalidUser
from .users import ChatUser, check_address, check_text

__all__ = ["AccountChange", "Change", "Delete", "Edit", "Leave", "Register"]


@dataclass(frozen=True, slots=True)
class Register:
    """A new account in the chat. One that exists already is fine."""

    user: ChatUser
    password: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.password is not None and not check_text("password", self.password):
            raise InvalidUser(
                "password", "it is empty; leave it out, or give None, for an account without one"
            )

    @property
    def addresses(self) -> frozenset[str]:
        """Every address that the change speaks of; two changes with one in common keep their order."""
        return frozenset({self.user.email})


@dataclass(frozen=True, slots=True)
class Edit:
    """New values for the account that is known by `address` now. `None` leaves a value as it is."""

    address: str
    email: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    avatar_url: str | None = None

    def __post_init__(self) -> None:
        check_address("address", self.address)
        if self.email is not None:
            check_address("email", self.email)
        for name in ("username", "password"):
            value = getattr(self, name)
            if value is not None and not check_text(name, value):
                raise InvalidUser(name, "it is empty; leave it out, or give None, to keep the old one")
        if self.avatar_url is not None:
            check_text("avatar_url", self.avatar_url)

    @property
    def addresses(self) -> frozenset[str]:
        """Both addresses, the old one and the new one."""
        return frozenset({self.address} | ({self.email} if self.email is not None else set()))


@dataclass(frozen=True, slots=True)
class Delete:
    """The end of one account or several. One that does not exist is fine."""

    addresses_given: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.addresses_given:
            raise InvalidUser("address", "at least one email address is expected")
        for address in self.addresses_given:
            check_address("address", address)

    @property
    def addresses(self) -> frozenset[str]:
        """The addresses whose accounts end."""
        return frozenset(self.addresses_given)


@dataclass(frozen=True, slots=True)
class Leave:
    """The end of a session in the chat, which could not be brought about at the logout itself.

    Where the chat ends all sessions of an account together, those that came after the logout end too; they
    are opened anew when they are next needed.
    """

    address: str
    token: str = field(default="", repr=False)
    """That of the session; empty where it is not known any more."""
    account: str = ""
    """The chat's own id of the account."""

    def __post_init__(self) -> None:
        check_address("address", self.address)

    @property
    def addresses(self) -> frozenset[str]:
        """The address of the account."""
        return frozenset({self.address})


AccountChange = Register | Edit | Delete
"""What a provider delivers."""
Change = AccountChange | Leave
"""What the outbox keeps."""

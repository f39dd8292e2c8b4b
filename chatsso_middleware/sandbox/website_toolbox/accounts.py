"""The accounts of a chat room, after the vendor's page: an account is known by its email address."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...errors import ChatSSOError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Account", "Accounts", "Refused"]


class Refused(ChatSSOError):
    """The room does not do what it was asked to. The message is what its API answers."""


@dataclass(eq=False, slots=True)
class Account:
    """One person in the room. It stays the same object when its address changes."""

    email: str
    username: str
    avatar_url: str
    deleted: bool = False
    _salt: bytes = field(default_factory=lambda: secrets.token_bytes(16), repr=False)
    _password_hash: bytes = field(default=b"", repr=False)

    @property
    def has_password(self) -> bool:
        """Whether the person could log in directly to the chat room."""
        return bool(self._password_hash)

    def set_password(self, password: str) -> None:
        """Keep a hash of `password`; an empty one leaves the account without a password."""
        self._password_hash = self._hash(password) if password else b""

    def password_is(self, password: str) -> bool:
        """Whether the account has this very password."""
        return self.has_password and hmac.compare_digest(self._password_hash, self._hash(password))

    def _hash(self, password: str) -> bytes:
        # Cheaper than a real service would choose: nothing of a sandbox outlives its process.
        return hashlib.scrypt(password.encode(), salt=self._salt, n=2**10, r=8, p=1)


class Accounts:
    """The accounts by their addresses, which are compared as given. The room's lock guards them."""

    def __init__(self) -> None:
        self._by_email: dict[str, Account] = {}

    def __iter__(self) -> Iterator[Account]:
        return iter(tuple(self._by_email.values()))

    def __len__(self) -> int:
        return len(self._by_email)

    def find(self, email: str) -> Account | None:
        """The account with this address."""
        return self._by_email.get(email)

    def create(self, email: str, *, username: str, avatar_url: str, password: str) -> Account:
        """A new account. Without a user name it gets the part of the address before the @."""
        _check_address(email)
        if email in self._by_email:
            raise Refused(f"You already have a chat room account with the email address {email}.")
        account = Account(email, username or email.rpartition("@")[0], avatar_url)
        account.set_password(password)
        self._by_email[email] = account
        return account

    def edit(
        self,
        address: str,
        *,
        username: str | None = None,
        email: str | None = None,
        password: str | None = None,
        avatar_url: str | None = None,
    ) -> Account:
        """Change the account that has `address` now.

        `None` leaves a value alone, and so does a blank `username` or `email`, as documented. The vendor says
        nothing like it of the other two, so a blank `password` or `avatar_url` takes the old one away.
        """
        account = self.find(address)
        if account is None:
            raise Refused(f"User not found: {address}")
        if email and email != address:
            _check_address(email)
            if email in self._by_email:
                raise Refused(f"Another chat room account uses the email address {email}.")
            del self._by_email[address]
            account.email = email
            self._by_email[email] = account
        if username:
            account.username = username
        if password is not None:
            account.set_password(password)
        if avatar_url is not None:
            account.avatar_url = avatar_url
        return account

    def delete(self, addresses: Iterable[str]) -> tuple[list[str], list[str]]:
        """Delete accounts, and give the addresses that had one and those that had none."""
        deleted, missing = [], []
        for address in addresses:
            account = self._by_email.pop(address, None)
            if account is None:
                missing.append(address)
            else:
                account.deleted = True
                deleted.append(address)
        return deleted, missing


def _check_address(email: str) -> None:
    """The least that an address must be. A comma in it would make the delete call ambiguous."""
    local, at_sign, domain = email.rpartition("@")
    if not (local and at_sign and domain) or "," in email or any(character.isspace() for character in email):
        raise Refused("The email address is not valid.")

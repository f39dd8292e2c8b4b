"""Whom the directory knows, and their passwords."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

__all__ = ["People", "Person", "State"]

State = Literal["active", "locked", "expired"]


@dataclass(frozen=True, slots=True)
class Person:
    """One account. A fact that is `None` is left out of the answer."""

    login: str
    id: Any
    """Any JSON value, for a directory that gives identifiers of a wrong type."""
    email: Any
    name: str | None = None
    avatar_url: str | None = None
    state: State = "active"


class People:
    """The accounts, by login. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._people: dict[str, Person] = {}
        self._passwords: dict[str, tuple[bytes, bytes]] = {}
        self._nobodys = _kept("")

    def __iter__(self) -> Iterator[Person]:
        with self._lock:
            return iter(tuple(self._people.values()))

    def __getitem__(self, login: str) -> Person:
        """The person with this login. Raises `KeyError` where there is none."""
        return self._people[login]

    def add(self, login: str, password: str, **facts: Any) -> Person:
        """A new account, or the old one with a new password and other facts.

        `facts` are fields of `Person`. Without them the id is a number as text, and the address
        ``LOGIN@example.com``, or the login itself where it is one. Raises `ValueError` for an empty login or
        password.
        """
        if not login or not password:
            raise ValueError("An account needs a login and a password")
        with self._lock:
            known = {
                "id": str(1001 + len(self._people)),
                "email": login if "@" in login else f"{login}@example.com",
            }
            person = Person(login, **(known | facts))
            self._people[login] = person
            self._passwords[login] = _kept(password)
        return person

    def change(self, login: str, **facts: Any) -> Person:
        """The person with other facts. Raises `KeyError` where there is none."""
        with self._lock:
            person = self._people[login] = replace(self._people[login], **facts)
        return person

    def verify(self, login: str, password: str) -> Person | None:
        """Whose login and password these are. An unknown login takes as long as a wrong password."""
        with self._lock:
            person = self._people.get(login)
            salt, kept = self._passwords.get(login, self._nobodys)
        matches = hmac.compare_digest(_scrypt(password, salt), kept)
        return person if matches else None


_SALT_BYTES: Final = 16


def _kept(password: str) -> tuple[bytes, bytes]:
    salt = secrets.token_bytes(_SALT_BYTES)
    return salt, _scrypt(password, salt)


def _scrypt(password: str, salt: bytes) -> bytes:
    # Cheaper than a real directory would choose: nothing of a sandbox outlives its process.
    return hashlib.scrypt(password.encode("utf-8", "surrogatepass"), salt=salt, n=2**10, r=8, p=1)

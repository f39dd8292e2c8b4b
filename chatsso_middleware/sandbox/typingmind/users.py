"""The users of an instance. Each takes a seat."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from .codes import Claims, Refused

__all__ = ["User", "Users"]

FIRST_ID: Final = 100_001


@dataclass(eq=False, slots=True)
class User:
    """One person. It stays the same object when what is known of him changes."""

    id: int
    """The instance's own, a number."""
    external_id: str | None
    """The site's, from the first code that named it."""
    email: str | None
    metadata: Mapping[str, Any] = field(repr=False)
    """Whatever else the last code said of him."""
    created_at: float
    deleted: bool = False

    @property
    def shown_name(self) -> str:
        """What the pages call him."""
        return self.email or self.external_id or f"user {self.id}"

    def as_json(self) -> dict[str, object]:
        """The user as the API shows him; the vendor's description calls the id a string."""
        created = datetime.fromtimestamp(self.created_at, UTC).isoformat(timespec="milliseconds")
        return {"id": str(self.id), "email": self.email, "createdAt": created, "groups": []}


class Users:
    """All users by their ids. The instance's lock guards them."""

    def __init__(self, seats: int) -> None:
        self.seats = seats
        self._by_id: dict[int, User] = {}
        self._next_id = FIRST_ID

    def __iter__(self) -> Iterator[User]:
        return iter(tuple(self._by_id.values()))

    def __len__(self) -> int:
        return len(self._by_id)

    def with_id(self, user_id: int) -> User | None:
        """The user with this number."""
        return self._by_id.get(user_id)

    def with_email(self, email: str) -> tuple[User, ...]:
        """The users who have this address, compared as given, the oldest first."""
        return tuple(user for user in self if user.email == email)

    def add(self, *, email: str | None, external_id: str | None, now: float) -> User:
        """A new user. Raises `Refused` where every seat is taken."""
        if len(self) >= self.seats:
            raise Refused("the instance has no seat left")
        user = User(self._next_id, external_id, email, {}, now)
        self._by_id[user.id] = user
        self._next_id += 1
        return user

    def delete(self, user_id: int) -> bool:
        """Delete a user, who takes no seat from then on; whether there was one."""
        user = self._by_id.pop(user_id, None)
        if user is None:
            return False
        user.deleted = True
        return True

    def named_by(self, claims: Claims, now: float) -> User:
        """The user whom a code names; in the form `user`, one who is missing is made. Raises `Refused`."""
        if claims.user is not None:
            return self._from_site(claims.user, now)
        if claims.id is not None:
            user = self.with_id(claims.id)
            if user is None:
                raise Refused("no user of the instance has the id in the code")
            return user
        found = self.with_email(claims.email or "")
        if not found:
            raise Refused("no user of the instance has the email address in the code")
        return found[0]

    def _from_site(self, told: Mapping[str, Any], now: float) -> User:
        user = next((user for user in self if user.external_id == told["id"]), None)
        if user is None:
            user = self.add(email=told.get("email"), external_id=told["id"], now=now)
        user.email = told.get("email") or user.email
        user.metadata = {name: value for name, value in told.items() if name not in {"id", "email"}}
        return user

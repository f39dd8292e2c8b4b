"""The chat's users, one document each, in the shape that Rocket.Chat's collection ``users`` has."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from .documents import MemoryCollection, UserCollection
from .passwords import hash_password, password_digest
from .refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["User", "Users", "new_id"]

_ID_LETTERS: Final = "23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz"
"""Meteor's letters for ids: none of them looks like another."""
_ID_LENGTH: Final = 17
_USERNAME: Final = re.compile(r"[0-9a-zA-Z-_.]+")
"""Rocket.Chat's setting ``UTF8_User_Names_Validation`` as it comes."""
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")


def new_id() -> str:
    """An id as Meteor makes them: 17 letters and digits."""
    return "".join(secrets.choice(_ID_LETTERS) for _ in range(_ID_LENGTH))


@dataclass(frozen=True, slots=True)
class User:
    """One user, as the document was when it was read."""

    id: str
    username: str
    name: str
    email: str
    """The first address, empty where the document has none."""
    email_verified: bool
    addresses: tuple[str, ...]
    """All addresses, as they are stored."""
    active: bool
    roles: tuple[str, ...]
    avatar_url: str
    status: str
    two_factor: bool
    """Whether a login with a password needs a code, too."""
    document: Mapping[str, Any] = field(repr=False)
    """The whole document, hashes and tokens included."""

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> User:
        """What stands in `document`; whoever wrote it may have left out everything but the id."""
        emails = document.get("emails") or [{}]
        services = document.get("services") or {}
        return cls(
            id=str(document["_id"]),
            username=document.get("username") or "",
            name=document.get("name") or "",
            email=emails[0].get("address", ""),
            email_verified=bool(emails[0].get("verified")),
            addresses=tuple(each["address"] for each in emails if "address" in each),
            active=bool(document.get("active", True)),
            roles=tuple(document.get("roles") or ()),
            avatar_url=document.get("avatarUrl") or "",
            status=document.get("statusDefault") or "online",
            two_factor=bool((services.get("totp") or {}).get("enabled")),
            document=document,
        )

    def as_json(self) -> dict[str, object]:
        """The user as REST shows it, without anything from ``services``."""
        return {
            "_id": self.id,
            "username": self.username,
            "name": self.name,
            "emails": [
                {"address": each["address"], "verified": bool(each.get("verified"))}
                for each in self.document.get("emails") or []
            ],
            "active": self.active,
            "roles": list(self.roles),
            "type": "user",
            "status": self.status,
            "avatarUrl": self.avatar_url,
        }


class Users:
    """The users in one collection. Usernames and addresses are unique without regard to case.

    It is the chat's lock that keeps two threads from registering one name.
    """

    def __init__(self, collection: UserCollection | None, clock: Callable[[], float]) -> None:
        self.collection: UserCollection = MemoryCollection() if collection is None else collection
        self._clock = clock

    def all(self) -> tuple[User, ...]:
        """Every user, the oldest first."""
        return tuple(User.from_document(document) for document in self.collection.find({}))

    def by_id(self, user_id: str) -> User | None:
        """The user with this id."""
        return self.where({"_id": user_id})

    def by_username(self, username: str) -> User | None:
        """The user with this name."""
        return next((user for user in self.all() if user.username.lower() == username.lower()), None)

    def by_email(self, address: str) -> User | None:
        """The user who has this address, in whatever case: who logs in by it, and whose it is already."""
        wanted = address.lower()
        return next((user for user in self.all() if wanted in map(str.lower, user.addresses)), None)

    def by_stored_email(self, address: str) -> User | None:
        """The user with whom this address is stored in lower case: as the API looks one up (observed)."""
        return self.where({"emails.address": address.lower()})

    def search(self, term: str, *, with_addresses: bool) -> tuple[User, ...]:
        """The users with `term` in the username, in the name, or in an address if these may be seen."""

        def texts(user: User) -> tuple[str, ...]:
            return user.username, user.name, *(user.addresses if with_addresses else ())

        wanted = term.lower()
        return tuple(user for user in self.all() if any(wanted in text.lower() for text in texts(user)))

    def where(self, query: Mapping[str, str]) -> User | None:
        """The first user whose document matches `query`."""
        document = self.collection.find_one(query)
        return None if document is None else User.from_document(document)

    def create(
        self,
        username: str,
        *,
        email: str,
        name: str,
        password: str | None = None,
        verified: bool = False,
        roles: tuple[str, ...] = ("user",),
        user_id: str | None = None,
    ) -> User:
        """Add a user. Raises `Refused` for a name or address that is taken, or is none."""
        self._check_username(username)
        self._check_email(email)
        document: dict[str, Any] = {
            "_id": user_id or new_id(),
            "createdAt": datetime.fromtimestamp(self._clock(), UTC),
            "services": {},
            "emails": [{"address": email, "verified": verified}],
            "name": name,
            "username": username,
            "active": True,
            "statusDefault": "online",
            "roles": list(roles),
            "type": "user",
        }
        if password is not None:
            document["services"]["password"] = {"scrypt": hash_password(password_digest(password))}
        self.collection.insert_one(document)
        return User.from_document(document)

    def update(self, user: User, changes: Mapping[str, Any]) -> User:
        """Change what `changes` names, in the words of ``users.update``. Raises `Refused` like `create`."""
        update: dict[str, Any] = {}
        if "username" in changes:
            self._check_username(changes["username"], own=user)
            update["username"] = changes["username"]
        if "email" in changes:
            self._check_email(changes["email"], own=user)
            verified = bool(changes.get("verified", False))
            update["emails"] = [{"address": changes["email"], "verified": verified}]
        elif "verified" in changes and user.email:
            first, *others = user.document["emails"]
            update["emails"] = [{**first, "verified": changes["verified"]}, *others]
        if "password" in changes:
            digest = password_digest(changes["password"])
            update["services.password"] = {"scrypt": hash_password(digest)}
        update |= {
            name: changes[name] for name in ("name", "active", "roles", "customFields") if name in changes
        }
        return self.set(user, update) if update else user

    def set(self, user: User, values: Mapping[str, Any]) -> User:
        """Write `values`, by their paths in the document, and give the user as it is now."""
        self.collection.update_one({"_id": user.id}, {"$set": dict(values)})
        changed = self.by_id(user.id)
        if changed is None:
            raise Refused("error-invalid-user", "Invalid user")
        return changed

    def delete(self, user: User) -> None:
        """Remove the user with everything in the document."""
        self.collection.delete_one({"_id": user.id})

    def _check_username(self, username: str, own: User | None = None) -> None:
        if not _USERNAME.fullmatch(username):
            raise Refused(
                "error-input-is-not-a-valid-field",
                f"{username} is not a valid username",
                {"method": "insertOrUpdateUser", "input": username, "field": "Username"},
            )
        _check_available(username, self.by_username(username), own)

    def _check_email(self, address: str, own: User | None = None) -> None:
        if not _EMAIL.fullmatch(address):
            raise Refused("error-invalid-email", f"Invalid email {address}", {"email": address})
        _check_available(address, self.by_email(address), own)


def _check_available(value: str, holder: User | None, own: User | None) -> None:
    if holder is not None and (own is None or holder.id != own.id):
        raise Refused(
            "error-field-unavailable",
            f"{value} is already in use :(",
            {"method": "insertOrUpdateUser", "field": value},
        )

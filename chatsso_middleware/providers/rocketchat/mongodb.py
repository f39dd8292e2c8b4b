"""Mode ``mongodb``: the users of a Rocket.Chat, read and written in the chat's own database.

Documented by the vendor ("Managing MongoDB directly"): the shape of a user's document, and that the chat logs
in whoever shows the token at ``services.iframe.token``. Observed in the chat's published server: the token is
compared as plain text and has no end; a document whose ``active`` is not true is refused; ``username`` and
each ``emails.address`` are unique by an index (Meteor's accounts-base).

What the database alone cannot do: set an avatar or a password, let a new user join the default channels,
change a user name in messages that were written before.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from ...changes import AccountChange, Delete, Edit, Register
from ...errors import ConfigurationError, Problem, Rejected
from ...secret import Secret
from ...users import ChatUser, check_address, check_text
from .addresses import stored_address
from .mongodb_documents import new_document, now
from .mongodb_entrance import Entrance
from .usernames import possible_usernames

if TYPE_CHECKING:
    from pymongo.collection import Collection

    from .mongodb_connection import Document

__all__ = ["UserDocuments"]

_END_OF_SESSIONS: Final = {
    # Removed, never emptied: an empty token would be the token of whoever sends none.
    "$unset": {"services.iframe.token": True},
    # What `users.logout` ends too: what the chat gave out at a login, but not the keys that a user made.
    "$pull": {"services.resume.loginTokens": {"type": {"$ne": "personalAccessToken"}}},
}

_PERSONAL_FIELDS: Final = (
    "emails",
    "name",
    "services",
    "avatarOrigin",
    "avatarETag",
    "avatarUrl",
    "bio",
    "nickname",
    "statusText",
    "customFields",
    "phone",
)


class UserDocuments:
    """The chat's users. Every method may be called in any thread, and waits for the network until `deadline`.

    `deadline` is by `time.monotonic` and holds for the whole call. Each method raises `Unavailable` where
    trying later may help, `Rejected` where it will not, and `InvalidUser` for what is no text, before it
    could become a condition of a query. An address is looked for in lower case, as the chat does, and as it
    is given, as the chat may have stored it. It is written in lower case.
    """

    def __init__(self, url: Secret, provider: str, *, left_alone: str | None = None) -> None:
        """`url` is ``mongodb://user:password@host/database?options``; no connection is opened yet.

        `left_alone` is the id of an account that nobody enters or changes, whatever address it has. Where
        the URL names no database, ``rocketchat`` is used (Meteor's own default is ``meteor``). Raises
        `ConfigurationError` for a URL that cannot be used, and where pymongo is not installed.
        """
        self._provider = provider
        self._entrance = Entrance(provider, left_alone)
        key = f"{provider}.mongodb_url"
        try:
            from .mongodb_connection import Connection, UnusableURL
        except ImportError:
            reason, mend = "pymongo is not installed.", "Run pip install 'chatsso-middleware[mongodb]'."
            raise ConfigurationError([Problem(key, "the settings", reason, mend)]) from None
        try:
            self._connection = Connection(url, provider)
        except UnusableURL:
            reason = "The value cannot be used as the URL of a MongoDB."
            mend = (
                "Write mongodb://user:password@host/database, with %-escapes for what is neither a letter nor"
                " a digit in user and password, with options that pymongo knows, and without w=0."
            )
            raise ConfigurationError([Problem(key, "the settings", reason, mend)]) from None

    def __repr__(self) -> str:
        return f"UserDocuments({self._provider})"

    def open_session(self, user: ChatUser, *, create: bool, deadline: float) -> tuple[str, str]:
        """Set a new token for whoever has the address of `user`, and give the chat's id of him and the token.

        Where nobody has it, the account is made if `create`, and never twice. Where the chat has not verified
        it, a stranger may have made the account: all ways into it but the new token are taken away. The token
        before this one is no longer taken, but a chat session that began with it goes on.
        """
        address = self._stored_address(user.email)
        token = secrets.token_urlsafe(32)
        with self._connection.users(deadline) as users:
            user_id = self._entrance.set_token(users, self._spellings(user.email), token)
            if user_id is None and create:
                user_id = self._create(users, user, address, {"iframe": {"token": token}})
                if user_id is None:
                    user_id = self._entrance.set_token(users, self._spellings(user.email), token)
        if user_id is None:
            raise Rejected(
                self._provider,
                "nobody in the chat has this address" + ("" if create else ", and create_users is off"),
            )
        return user_id, token

    def is_current(self, user_id: str, token: str, deadline: float) -> bool:
        """Whether the chat would log in the user `user_id` by `token` now."""
        wanted = {
            "_id": check_text("user_id", user_id),
            "services.iframe.token": check_text("token", token),
            "active": True,
        }
        if not token:  # it would match a document in which somebody else left an empty one
            return False
        with self._connection.users(deadline) as users:
            return users.find_one(wanted, {"_id": True}) is not None

    def close_session(self, user_id: str, deadline: float) -> None:
        """Take the token away, and what the chat gave out for it: everywhere this user is logged out."""
        self._update({"_id": check_text("user_id", user_id)}, _END_OF_SESSIONS, deadline)

    def end_sessions(self, address: str, deadline: float) -> str | None:
        """As `close_session`, for whoever has `address`; gives the chat's id of him, or `None` for nobody."""
        condition = self._person(address)
        update = _END_OF_SESSIONS | {"$set": {"_updatedAt": now()}}
        with self._connection.users(deadline) as users:
            found = users.find_one_and_update(condition, update, {"_id": True})
        return None if found is None else str(found["_id"])

    def apply(self, change: AccountChange, *, create: bool, deadline: float) -> None:
        """Bring `change` into the database; what is there already counts as done.

        A registration makes the account if `create`. An edit changes address and user name. Passwords and
        avatars cannot be set here. A deletion takes the personal data, ends the sessions and leaves an
        account that is switched off: what the user wrote stays, under the user name, which stays too, and so
        does the file of his avatar. A service account at the REST API deletes for good (``users.delete``).
        """
        if isinstance(change, Register):
            if create:
                self._register(change.user, deadline)
        elif isinstance(change, Edit):
            self._edit(change, deadline)
        else:
            self._delete(change, deadline)

    def ping(self, deadline: float) -> str:
        """Read, and write to nobody, and say in a sentence what was found. Changes nothing."""
        with self._connection.users(deadline) as users:
            version = users.database.command("buildInfo")["version"]
            database = users.database.name
            if users.find_one({}, {"_id": True}) is None:
                raise Rejected(
                    self._provider,
                    f"the database {database} of MongoDB holds no users, so it is not the one of a chat;"
                    " mongodb_url shall name the one that stands in the chat's MONGO_URL",
                )
            self._check_unique_addresses(users)
            users.update_one({"_id": ""}, _END_OF_SESSIONS)  # nobody has an empty id
        return (
            f"MongoDB {version} answers; the chat's users in its database {database} can be read and written"
        )

    def close(self) -> None:
        """Close the connections of this process. A later call opens new ones."""
        self._connection.close()

    def _create(
        self, users: Collection[Document], user: ChatUser, address: str, services: dict[str, Any]
    ) -> str | None:
        """Make the account and give its id, or `None` where somebody else made it at the same time."""
        from pymongo.errors import DuplicateKeyError

        self._check_unique_addresses(users)
        for username in possible_usernames(user):
            if self._name_is_taken(users, username, ()):
                continue
            document = new_document(user, address, username, services)
            try:
                users.insert_one(document)
            except DuplicateKeyError:
                # Older servers do not say of which index: the address's, or the user name's.
                if users.find_one({"emails.address": address}, {"_id": True}) is not None:
                    return None
            else:
                return str(document["_id"])
        raise Rejected(self._provider, "every user name tried for the new account belongs to somebody else")

    def _name_is_taken(self, users: Collection[Document], username: str, own: Sequence[str]) -> bool:
        """Whether anybody but who has an address of `own` has the name, in whatever case.

        The chat takes Ann and ann for one name, and its index does not: mentions and links would lead to one
        of the two.
        """
        same = {"$regex": f"^{re.escape(username)}$", "$options": "i"}
        condition = {"username": same, "emails.address": {"$nin": list(own)}}
        return users.find_one(condition, {"_id": True}) is not None

    def _check_unique_addresses(self, users: Collection[Document]) -> None:
        """Refuse a collection in which an account could be made twice.

        It is not the chat's either: MongoDB makes a collection that is missing, in any database, unasked.
        """
        for index in users.index_information().values():
            if index.get("unique") and [name for name, _ in index["key"]] == ["emails.address"]:
                return
        raise Rejected(
            self._provider,
            f"the collection users in the database {users.database.name} of MongoDB has no unique index on"
            " emails.address, as that of a chat has; mongodb_url shall name the one of the chat's MONGO_URL",
        )

    def _register(self, user: ChatUser, deadline: float) -> None:
        spellings = self._spellings(user.email)
        with self._connection.users(deadline) as users:
            if users.find_one({"emails.address": {"$in": spellings}}, {"_id": True}) is None:
                self._create(users, user, spellings[0], {})

    def _edit(self, change: Edit, deadline: float) -> None:
        from pymongo.errors import DuplicateKeyError

        fields: dict[str, Any] = {"_updatedAt": now()}
        if change.email is not None:
            fields["emails.$.address"] = self._stored_address(change.email)
            fields["emails.$.verified"] = True
        candidates: Sequence[Document] = [fields]
        if change.username is not None:
            user = ChatUser(change.address, username=change.username)
            candidates = [fields | {"username": username} for username in possible_usernames(user)]
        elif change.email is None:
            return
        with self._connection.users(deadline) as users:
            for values in candidates:
                name = values.get("username")
                if name is not None and self._name_is_taken(users, name, self._spellings(change.address)):
                    continue
                # Older servers do not say of which index a duplicate is: the address's, or the user name's.
                with suppress(DuplicateKeyError):
                    users.update_one(self._person(change.address), {"$set": values})
                    return
        reason = "no edit: another account in the chat has the new address, or every user name tried"
        raise Rejected(self._provider, reason)

    def _delete(self, change: Delete, deadline: float) -> None:
        update = {"$set": {"active": False}, "$unset": dict.fromkeys(_PERSONAL_FIELDS, True)}
        for address in change.addresses_given:
            self._update(self._person(address), update, deadline)

    def _update(self, condition: Document, update: Document, deadline: float) -> None:
        fields = update.get("$set", {}) | {"_updatedAt": now()}
        with self._connection.users(deadline) as users:
            users.update_one(condition, update | {"$set": fields})

    def _person(self, address: str) -> Document:
        return {"emails.address": {"$in": self._spellings(address)}, **self._entrance.people}

    def _spellings(self, address: str) -> list[str]:
        """How `address` may stand in a document: in lower case first, which is how it is written."""
        return list(dict.fromkeys((self._stored_address(address), address)))

    def _stored_address(self, address: str) -> str:
        return stored_address(self._provider, check_address("email", address))

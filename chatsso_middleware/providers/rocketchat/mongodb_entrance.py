"""Mode ``mongodb``: how a token gets into the document of a user, and into whose it does not."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ...errors import Rejected
from .mongodb_documents import now

if TYPE_CHECKING:
    from pymongo.collection import Collection

    from .mongodb_connection import Document

__all__ = ["Entrance"]

logger = logging.getLogger(__name__)

_PERSON: Final = {"type": {"$in": ["user", None]}}
"""A bot or an app is no user of the site, whatever address it has. Old documents have no type."""


class Entrance:
    """Sets tokens. Raises what pymongo does."""

    def __init__(self, provider: str, left_alone: str | None) -> None:
        """`left_alone` is the id of an account that nobody enters or changes."""
        self._provider = provider
        self._left_alone = left_alone

    @property
    def people(self) -> Document:
        """The condition that a document is of somebody whom the site may enter and change."""
        return dict(_PERSON) if self._left_alone is None else {"_id": {"$ne": self._left_alone}, **_PERSON}

    def set_token(self, users: Collection[Document], spellings: Sequence[str], token: str) -> str | None:
        """Set `token` for the person who has an address of `spellings`, and give the chat's id of him.

        `None` where nobody has it. Raises `Rejected` for whoever shall not be entered.
        """
        proven = {"$elemMatch": {"address": {"$in": list(spellings)}, "verified": True}}
        while True:
            found = users.find_one_and_update(
                {"emails": proven, "active": True, **self.people},
                {"$set": {"services.iframe.token": token, "_updatedAt": now()}},
                {"_id": True},
            )
            if found is not None:
                return str(found["_id"])
            other = users.find_one(
                {"emails.address": {"$in": list(spellings)}}, {"active": True, "type": True, "emails": True}
            )
            if other is None:
                return None
            self._check_enterable(other)
            if self._take_over(users, other, spellings, token):
                return str(other["_id"])
            # It came into being, was verified, or was switched on, between the two calls.

    def _check_enterable(self, document: Document) -> None:
        reason = None
        if document["_id"] == self._left_alone:
            reason = "the address is that of the service account, which nobody enters"
        elif document.get("type") not in ("user", None):
            reason = "the account with this address in the chat is no person's"
        elif document.get("active") is not True:
            reason = "the account with this address is switched off in the chat"
        if reason is not None:
            raise Rejected(self._provider, reason)

    def _take_over(
        self, users: Collection[Document], document: Document, spellings: Sequence[str], token: str
    ) -> bool:
        """Take every way into an account whose address nobody has proven, and set `token` in their place.

        Whoever made it may have been a stranger. `False` where it is another account by now.
        """
        proven = {entry.get("address") for entry in document["emails"] if entry.get("verified") is True}
        if proven & set(spellings):
            return False
        if proven:
            reason = "the account with this address belongs to whoever verified its other one"
            raise Rejected(self._provider, reason)
        taken = users.update_one(
            {"_id": document["_id"], "active": True, "emails": document["emails"], **_PERSON},
            {
                "$set": {
                    # Password, tokens, second factor and the logins of other services, all at once.
                    "services": {"iframe": {"token": token}},
                    "emails": [{"address": spellings[0], "verified": True}],
                    "_updatedAt": now(),
                }
            },
        )
        if not taken.matched_count:
            return False
        logger.warning(
            "%s: an account had the address of a user of the site without having verified it, so it may have"
            " been a stranger's: every way into it was taken away, and it is the user's now",
            self._provider,
        )
        return True

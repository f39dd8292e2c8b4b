"""Finding a user's account in the chat, and making the one that is missing, by the service account.

A user is who his email address says he is. A user name alone never counts: whoever has it in the chat may be
somebody else.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from ...errors import ProviderError, Rejected, Unavailable
from ...users import ChatUser
from ..alarm import Alarm
from .addresses import stored_address
from .replies import Account, Reply, read_account
from .service_account import ServiceAccount
from .usernames import known_usernames, possible_usernames

__all__ = ["Accounts"]

logger = logging.getLogger(__name__)


class Accounts:
    """The accounts of a chat. Every method may be called in any thread. *Network.*"""

    def __init__(self, service: ServiceAccount, *, create_users: bool) -> None:
        """`create_users` says whether an account that is missing is made."""
        self.service = service
        self.creates = create_users
        # The chat fetches a picture from the site while we wait: a slow one must not close the way to tokens.
        self._pictures = service.beside()
        self._no_search = Alarm(logger)
        self._addresses_hidden = Alarm(logger)

    @property
    def provider(self) -> str:
        """The name that stands in errors."""
        return self.service.provider

    def find(self, address: str, usernames: Iterable[str] = ()) -> Account | None:
        """The account that has `address`, or `None`.

        Servers from 8.4 find it by the address, those from 7.0 by a search, for which the service account
        needs the permissions view-d-room and view-outside-room. On older ones it is found if it has one of
        `usernames`.
        """
        wanted = stored_address(self.provider, address)
        reply = self._info(email=wanted)
        if reply.success:
            return self._read_found_by_address(reply.body.get("user"), wanted)
        if reply.no_such_account:
            return None
        reply = self.service.ask("GET", "users.listByStatus", {"searchTerm": wanted, "count": "50"})
        if reply.success:
            self._no_search.rest()
            return self._among(reply.body.get("users"), wanted)
        self._no_search.sound(
            "%s: the chat does not find accounts by their address for the service account, so one whose user"
            " name is another than the site's is neither entered nor edited nor deleted. Servers from 8.4 on"
            " do; those from 7.0 on do if its role has the permissions view-d-room and view-outside-room.",
            self.provider,
        )
        for username in usernames:
            reply = self._info(username=username)
            account = read_account(self.provider, reply.body.get("user")) if reply.success else None
            if account is not None and account.has_address(wanted):
                return account
        return None

    def find_or_create(self, user: ChatUser, password: str | None = None) -> Account:
        """The account of `user`, who may enter the chat with it; a missing one is made where that is wanted.

        `password` is for the new account alone; without it, the account gets one that nobody knows.
        """
        account = self.find(user.email, known_usernames(user))
        if account is None:
            account = self.create(user, password)
        if not account.active:
            raise Rejected(self.provider, "the account is deactivated in the chat")
        if account.kind != "user":
            raise Rejected(self.provider, f"the account is none of a person in the chat ({account.kind})")
        return account

    def create(self, user: ChatUser, password: str | None = None) -> Account:
        """Make the account of `user`, or give the one that was made in the same moment."""
        if not self.creates:
            raise Rejected(self.provider, "nobody in the chat has this address, and create_users is off")
        for username in possible_usernames(user):
            reply = self.service.call("POST", "users.create", _new_account(user, username, password))
            if reply.success:
                account = read_account(self.provider, reply.body.get("user"))
                if user.avatar_url:
                    self._set_first_avatar(account.id, user.avatar_url)
                return account
            if not (reply.taken or reply.name_refused):
                raise reply.refusal(self.provider, "no account")
            # Another request was faster, or an answer of ours was lost; or somebody else has the user name.
            found = self.find(user.email, known_usernames(user))
            if found is not None:
                return found
        raise Rejected(
            self.provider,
            "the chat has an account with this address that it does not show us, or every user name for a new"
            " one belongs to somebody else; on a server before 8.4 the service account needs the permissions"
            " view-full-other-user-info, view-d-room and view-outside-room",
        )

    def set_avatar(self, account_id: str, avatar_url: str) -> None:
        """Give the account a picture, which the chat fetches from `avatar_url`; a blank one takes it away."""
        path, fields = "users.setAvatar", {"userId": account_id, "avatarUrl": avatar_url}
        if not avatar_url:
            path, fields = "users.resetAvatar", {"userId": account_id}
        reply = self._pictures.call("POST", path, fields)
        if not (reply.success or reply.no_such_account):
            raise reply.refusal(self.provider, "no avatar")

    def _set_first_avatar(self, account_id: str, avatar_url: str) -> None:
        try:
            self.set_avatar(account_id, avatar_url)
        except ProviderError as error:
            logger.warning("%s: a new account got no picture: %s", self.provider, error.reason)

    def _info(self, **wanted: str) -> Reply:
        return self.service.call("GET", "users.info", wanted)

    def _read_found_by_address(self, value: object, address: str) -> Account | None:
        """The account in a reply, if it has `address`: an older server may ignore what it was asked for."""
        account = read_account(self.provider, value)
        if account.addresses is None:
            self._addresses_hidden.sound(
                "%s: the chat does not show the service account the addresses of others: give its role the"
                " permission view-full-other-user-info.",
                self.provider,
            )
            reason = "the service account lacks the permission view-full-other-user-info"
            raise Rejected(self.provider, reason, credentials=True)
        self._addresses_hidden.rest()
        return account if account.has_address(address) else None

    def _among(self, values: object, address: str) -> Account | None:
        """The account that has `address`, of those that a search brought: it looks for parts of texts."""
        if not isinstance(values, list):
            raise Unavailable(self.provider, "answered a search without users")
        found = (read_account(self.provider, value) for value in values)
        return next((account for account in found if account.has_address(address)), None)


def _new_account(user: ChatUser, username: str, password: str | None) -> Mapping[str, Any]:
    """What ``users.create`` is sent: it refuses keys that it does not know."""
    return {
        "email": user.email,
        "name": user.name or user.username or username,
        "username": username,
        # 192 random bits; the end holds a sign of each kind, which the chat's password policy may ask for.
        "password": password or f"{secrets.token_urlsafe(24)}-aA1",
        "verified": True,
        "joinDefaultChannels": True,
        "requirePasswordChange": False,
        "sendWelcomeEmail": False,
    }

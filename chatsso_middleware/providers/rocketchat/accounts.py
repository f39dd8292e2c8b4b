"""Finding a user's account in the chat, and making the one that is missing, by the service account.

A user is who his email address says he is. A user name alone never counts: whoever has it in the chat may be
somebody else.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ...errors import ProviderError, Rejected, Unavailable
from ...users import ChatUser
from ..alarm import Alarm
from .addresses import stored_address
from .passwords import new_password
from .replies import Account, Reply, read_account
from .service_account import ServiceAccount
from .usernames import known_usernames, possible_usernames

__all__ = ["Accounts", "AddressTaken", "CannotLookUp"]

logger = logging.getLogger(__name__)

_PAGE: Final = 50
"""Users that a search brings at once: the chat's own default."""
_MOST_PAGES: Final = 10

_TO_SEE_MORE: Final = (
    "; on a server before 8.4 the service account needs the permissions view-full-other-user-info,"
    " view-d-room and view-outside-room"
)


class CannotLookUp(Rejected):
    """The chat does not tell the service account whether anybody has an address."""

    def __init__(self, provider: str) -> None:
        reason = (
            "the chat does not find accounts by their address for the service account, so it is not known"
            " whether there is one; servers from 7.0 on do if its role has the permissions view-d-room and"
            " view-outside-room"
        )
        super().__init__(provider, reason, credentials=True)


class AddressTaken(Rejected):
    """There is an account with the address already, and the chat does not show it."""


class Accounts:
    """The accounts of a chat. Every method may be called in any thread. *Network.*"""

    def __init__(self, service: ServiceAccount, *, create_users: bool) -> None:
        """`create_users` says whether an account that is missing is made."""
        self.service = service
        self.creates = create_users
        # The chat fetches a picture from the site while we wait: a slow one must not close the way to tokens.
        self._pictures = service.beside()
        # Nor may what fails on the way to tokens keep a session open that shall end.
        self._logouts = service.beside()
        self._no_search = Alarm(logger)
        self._addresses_hidden = Alarm(logger)

    @property
    def provider(self) -> str:
        """The name that stands in errors."""
        return self.service.provider

    def find(self, address: str, usernames: Iterable[str] = ()) -> Account | None:
        """The account that has `address`, or `None` where nobody has it.

        Servers from 8.4 find it by the address, those from 7.0 by a search, for which the service account
        needs the permissions view-d-room and view-outside-room. On older ones, and without these, it is found
        if it has one of `usernames`; else `CannotLookUp` is raised.
        """
        wanted = stored_address(self.provider, address)
        reply = self._info(email=wanted)
        if reply.success:
            return self._read_found_by_address(reply.body.get("user"), wanted)
        if reply.no_such_account:
            return None
        try:
            return self._search(wanted)
        except CannotLookUp:
            found = self._find_by_name(usernames, wanted)
            if found is None:
                raise
            return found

    def find_or_create(self, user: ChatUser, password: str | None = None) -> Account:
        """The account of `user`, who may enter the chat with it; a missing one is made where that is wanted.

        `password` is for the new account alone; without it, the account gets one that nobody knows.
        """
        account = self._find_if_possible(user)
        if account is None:
            account = self.create(user, password)
        if account.id == self.service.id:
            raise Rejected(self.provider, "the address is that of the service account, which nobody enters")
        if not account.active:
            raise Rejected(self.provider, "the account is deactivated in the chat")
        if account.kind != "user":
            raise Rejected(self.provider, f"the account is none of a person in the chat ({account.kind})")
        return account

    def create(self, user: ChatUser, password: str | None = None) -> Account:
        """Make the account of `user`, or give the one that was made in the same moment.

        Raises `AddressTaken` where there is one that cannot be found.
        """
        if not self.creates:
            raise Rejected(self.provider, "nobody in the chat has this address, and create_users is off")
        address = stored_address(self.provider, user.email)
        for username in possible_usernames(user):
            fields = _new_account(user, address, username, password)
            reply = self.service.call("POST", "users.create", fields)
            if reply.success:
                account = read_account(self.provider, reply.body.get("user"))
                if user.avatar_url:
                    self._set_first_avatar(account.id, user.avatar_url)
                return account
            if not (reply.taken or reply.name_refused):
                raise reply.refusal(self.provider, "no account")
            # Another request was faster, or an answer of ours was lost; or somebody else has the user name.
            found = self._find_if_possible(user)
            if found is not None:
                return found
            if reply.takes_address(address):
                hidden = "the chat has an account with this address that it does not show us"
                raise AddressTaken(self.provider, hidden + _TO_SEE_MORE)
        raise Rejected(
            self.provider,
            "the chat has an account with this address that it does not show us, or every user name for a new"
            " one belongs to somebody else" + _TO_SEE_MORE,
        )

    def log_out(self, account_id: str) -> None:
        """End every session of the account `account_id`; see `ServiceAccount.log_out`."""
        self._logouts.log_out(account_id)

    def log_out_whoever_has(self, address: str) -> None:
        """End every session of the account that has `address`, if there is one. May raise `CannotLookUp`."""
        account = self.find(address, known_usernames(ChatUser(address)))
        if account is not None:
            self.log_out(account.id)

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

    def _find_if_possible(self, user: ChatUser) -> Account | None:
        """The account of `user`; `None` also where that cannot be known, since making one will tell."""
        try:
            return self.find(user.email, known_usernames(user))
        except CannotLookUp:
            return None

    def _find_by_name(self, usernames: Iterable[str], address: str) -> Account | None:
        for username in usernames:
            reply = self._info(username=username)
            account = read_account(self.provider, reply.body.get("user")) if reply.success else None
            if account is not None and account.has_address(address):
                return account
        return None

    def _search(self, address: str) -> Account | None:
        """The account that has `address`, of those that a search brings: it looks for parts of texts."""
        seen = 0
        for _ in range(_MOST_PAGES):
            fields = {"searchTerm": address, "count": str(_PAGE), "offset": str(seen)}
            reply = self.service.ask("GET", "users.listByStatus", fields)
            if not reply.success:
                self._no_search.sound(
                    "%s: the chat does not find accounts by their address for the service account, so one"
                    " whose user name is another than the site's is neither entered nor edited nor deleted"
                    " nor logged out. Servers from 8.4 on do; those from 7.0 on do if its role has the"
                    " permissions view-d-room and view-outside-room.",
                    self.provider,
                )
                break
            self._no_search.rest()
            users, total = reply.body.get("users"), reply.body.get("total")
            if not isinstance(users, list):
                raise Unavailable(self.provider, "answered a search without users")
            found = (read_account(self.provider, user) for user in users)
            account = next((each for each in found if each.has_address(address)), None)
            seen += len(users)
            all_seen = seen >= total if isinstance(total, int) else len(users) < _PAGE
            if account is not None or all_seen or not users:
                return account
        raise CannotLookUp(self.provider)

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


def _new_account(user: ChatUser, address: str, username: str, password: str | None) -> Mapping[str, Any]:
    """What ``users.create`` is sent: it refuses keys that it does not know."""
    return {
        "email": address,  # a server looks for what was lower-cased, and stores what it is sent
        "name": user.name or user.username or username,
        "username": username,
        "password": password or new_password(),
        "verified": True,
        "joinDefaultChannels": True,
        "requirePasswordChange": False,
        "sendWelcomeEmail": False,
    }

"""Account changes of the site, brought to the chat by the service account; done already counts as done."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from ...changes import AccountChange, Edit, Register
from ...errors import Rejected
from ...users import ChatUser
from .accounts import Accounts, AddressTaken, CannotLookUp
from .addresses import stored_address
from .replies import Account
from .usernames import known_usernames, possible_usernames

__all__ = ["AccountChanges"]

logger = logging.getLogger(__name__)


class AccountChanges:
    """Delivers changes. Every method may be called in any thread. *Network.*"""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._service = accounts.service
        self._provider = accounts.provider

    def deliver(self, change: AccountChange) -> None:
        """Bring `change` to the chat."""
        if isinstance(change, Register):
            self._register(change)
        elif isinstance(change, Edit):
            self._edit(change)
        else:
            for address in change.addresses_given:
                self._delete(address)

    def _register(self, change: Register) -> None:
        if not self._accounts.creates:
            return
        with suppress(CannotLookUp):
            if self._accounts.find(change.user.email, known_usernames(change.user)) is not None:
                return
        with suppress(AddressTaken):  # there is one
            self._accounts.create(change.user, change.password)

    def _edit(self, change: Edit) -> None:
        account = self._edited_account(change)
        if account is None or self._is_service_account(account):
            return
        fields: dict[str, str | bool] = {}
        if change.email is not None and not account.has_address(change.email):
            fields |= {"email": stored_address(self._provider, change.email), "verified": True}
        if change.password is not None:
            fields["password"] = change.password
        usernames: tuple[str, ...] = ()
        if change.username is not None:
            user = ChatUser(change.email or change.address, username=change.username)
            usernames = possible_usernames(user)
        if usernames and account.username not in usernames:
            self._update(account, [{**fields, "username": username} for username in usernames])
        elif fields:
            self._update(account, [fields])
        if change.avatar_url is not None:
            self._set_avatar(account, change.avatar_url)

    def _edited_account(self, change: Edit) -> Account | None:
        """The account that `change` speaks of; it has the new address, if this edit was delivered before."""
        unknown: CannotLookUp | None = None
        for address in filter(None, (change.address, change.email)):
            usernames = known_usernames(ChatUser(address))
            if change.username is not None:
                usernames = (*known_usernames(ChatUser(address, username=change.username)), *usernames)
            try:
                account = self._accounts.find(address, usernames)
            except CannotLookUp as error:
                unknown = error
            else:
                if account is not None:
                    return account
        if unknown is not None:
            raise unknown
        return None

    def _is_service_account(self, account: Account) -> bool:
        if account.id != self._service.id:
            return False
        logger.warning(
            "%s: a change to a user who has the address of the service account, which is left alone",
            self._provider,
        )
        return True

    def _update(self, account: Account, attempts: Sequence[Mapping[str, Any]]) -> None:
        """Send the first of `attempts`; each further one where the chat does not take the user name."""
        for fields in attempts:
            reply = self._service.call("POST", "users.update", {"userId": account.id, "data": fields})
            if reply.success or reply.no_such_account:
                return
            address_taken = "email" in fields and reply.takes_address(fields["email"])
            if address_taken or not (reply.taken or reply.name_refused):
                break
        raise reply.refusal(self._provider, "no edit")

    def _set_avatar(self, account: Account, avatar_url: str) -> None:
        try:
            self._accounts.set_avatar(account.id, avatar_url)
        except Rejected as refusal:
            if refusal.credentials:
                raise
            # A picture that the chat cannot fetch shall not keep back what changes after it.
            logger.warning("%s: an account got no new picture: %s", self._provider, refusal.reason)

    def _delete(self, address: str) -> None:
        account = self._accounts.find(address, known_usernames(ChatUser(address)))
        if account is None or self._is_service_account(account):
            return
        fields = {"userId": account.id, "confirmRelinquish": True}
        reply = self._service.ask("POST", "users.delete", fields)
        if not (reply.success or reply.no_such_account):
            refusal = reply.refusal(self._provider, "no deletion")
            logger.warning("%s: %s; the account is deactivated instead", self._provider, refusal.reason)
            self._deactivate(account)

    def _deactivate(self, account: Account) -> None:
        fields = {"userId": account.id, "activeStatus": False, "confirmRelinquish": True}
        reply = self._service.call("POST", "users.setActiveStatus", fields)
        if not (reply.success or reply.no_such_account):
            raise reply.refusal(self._provider, "neither deleted nor deactivated")

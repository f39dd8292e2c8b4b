"""Making sure that an account is the user's alone, where the chat has not verified the address that it has.

Whoever registers in the chat may give any address. An account that a stranger made with the address of a user
of the site, before that user came, would let the stranger read along.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from ...errors import Rejected
from .accounts import Accounts
from .passwords import new_password
from .replies import Account
from .user_logins import LoginBlocked, UserLogins

__all__ = ["take_over"]

logger = logging.getLogger(__name__)


def take_over(account: Account, address: str, accounts: Accounts, logins: UserLogins) -> None:
    """Shut out everybody who could enter `account` until now, and let `address` be the verified one.

    The address is verified last, so that a takeover that fails on the way begins anew at the next login.
    Raises `Rejected` where the account has an address that was verified, and so an owner, and where the
    service account may not do it. *Network.*
    """
    provider = accounts.provider
    if account.verified:
        raise Rejected(provider, "the account with this address belongs to whoever verified its other one")
    password = new_password()
    _update(accounts, account, {"password": password})
    _check_password(logins, address, password)
    accounts.log_out(account.id)
    # A chat that is told the address anew drops all others.
    others = account.addresses != frozenset({address})
    _update(accounts, account, {"verified": True} | ({"email": address} if others else {}))
    logger.warning(
        "%s: an account had the address of a user of the site without having verified it, so it may have been"
        " a stranger's: its password is a new one, its sessions have ended, and it is the user's now",
        provider,
    )


def _update(accounts: Accounts, account: Account, fields: Mapping[str, Any]) -> None:
    reply = accounts.service.call("POST", "users.update", {"userId": account.id, "data": dict(fields)})
    if not reply.success:
        raise reply.refusal(
            accounts.provider, "the account with this address may be a stranger's, and stays his"
        )


def _check_password(logins: UserLogins, address: str, password: str) -> None:
    """Raise `Rejected` unless the chat has taken the new password.

    Without the permission for it, ``users.update`` leaves the old one and says that all went well (observed).
    """
    try:
        logins.log_in(address, password)
    except LoginBlocked:
        return  # what is asked for beyond the password is asked after it
    except Rejected:
        raise Rejected(
            logins.provider,
            "the account with this address may be a stranger's, since the chat has not verified it, and its"
            " password cannot be changed: give the role of the service account the permission"
            " edit-other-user-password, or verify the address in the chat",
            credentials=True,
        ) from None

"""How often one address, and how often one account, may be tried before the external system is asked."""

from __future__ import annotations

import hashlib
import hmac
import math
import unicodedata
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address

from ..secret import Secret
from .addresses import network_of
from .outcome import Limited
from .rate_limits import RateLimit
from .windows import Windows

__all__ = ["AttemptLimits"]


class AttemptLimits:
    """Counts attempts, not failures: of many at once, none must slip through before the first has failed.

    The store gets neither addresses nor logins, only digests of them that need the key.
    """

    def __init__(
        self,
        windows: Windows,
        *,
        by_address: Sequence[RateLimit],
        by_account: Sequence[RateLimit],
        key: Secret,
    ) -> None:
        """`key` must be the same in all workers; it is used for nothing else but what it is derived for."""
        self._windows = windows
        self._by_address = by_address
        self._by_account = by_account
        self._key = hmac.digest(key.reveal().encode(), b"chatsso-middleware.signin.limits", "sha256")

    def admit(self, address: IPv4Address | IPv6Address | None, login: Secret) -> Limited | None:
        """Count an attempt; say how long to wait where it is one too many.

        The address comes first, so that who is stopped by it uses up nobody's account.
        """
        if address is not None:
            waiting = self._hit(self._by_address, self._digest("address", network_of(address)))
            if waiting:
                return Limited(math.ceil(waiting), "address")
        waiting = self._hit(self._by_account, self._account(login))
        return Limited(math.ceil(waiting), "account") if waiting else None

    def forget(self, login: Secret) -> None:
        """The attempts at this account are those of its owner: he is in."""
        for limit in self._by_account:
            self._windows.clear(limit, self._account(login))

    def close(self) -> None:
        """Close the connections that are kept open. A later attempt opens new ones."""
        self._windows.close()

    def _hit(self, limits: Iterable[RateLimit], subject: str) -> float:
        return max((self._windows.hit(limit, subject) for limit in limits), default=0.0)

    def _account(self, login: Secret) -> str:
        return self._digest("account", _folded(login.reveal()))

    def _digest(self, kind: str, subject: str) -> str:
        return hmac.digest(self._key, f"{kind}:{subject}".encode(), hashlib.sha256).hex()


def _folded(login: str) -> str:
    """`login` without what an external system may not tell apart: case, accents, width, white space.

    Logins that differ and share a limit harm nobody much; spellings that each have a limit of their own
    would multiply it.
    """
    decomposed = unicodedata.normalize("NFKD", login.casefold())
    return "".join(
        character for character in decomposed if unicodedata.category(character) not in {"Mn", "Cf", "Zs"}
    )

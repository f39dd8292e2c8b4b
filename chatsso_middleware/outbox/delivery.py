"""Bringing the changes to the chats, and what follows from each answer."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..changes import Change
from ..errors import Rejected, Unavailable
from .codec import decode
from .encryption import Keyring, UnreadableChange
from .reasons import fault_reason, presentable_reason
from .retries import ProviderPauses, retry_delay
from .tables import CHANGES

if TYPE_CHECKING:
    from .leases import Lease, Leases

__all__ = ["Deliver", "Delivery"]

logger = logging.getLogger(__name__)

Deliver = Callable[[str, Change], None]
"""Brings a change to the chat of the provider that is named, or raises `Unavailable` or `Rejected`."""


class Delivery:
    """Takes changes from the queue, one at a time, and brings them to the chats."""

    def __init__(self, leases: Leases, keyring: Keyring, clock: Callable[[], float]) -> None:
        self._leases = leases
        self._keyring = keyring
        self._clock = clock
        self._pauses = ProviderPauses()

    def deliver_due(self, deliver: Deliver, limit: int) -> int:
        """Try up to `limit` changes that are due, and give the number of those that were delivered."""
        delivered = 0
        for _ in range(limit):
            now = self._clock()
            lease = self._leases.take(now, self._pauses.at(now))
            if lease is None:
                break
            delivered += self._attempt(lease, deliver)
        return delivered

    def next_due(self) -> float | None:
        """Seconds until there is something to try, never negative; `None` when nothing can be tried."""
        now = self._clock()
        paused = self._pauses.at(now)
        moments = [self._leases.first_due(CHANGES.c.provider.not_in(paused))]
        for provider, until in paused.items():
            due = self._leases.first_due(CHANGES.c.provider == provider)
            moments.append(None if due is None else max(due, until))
        first = min((moment for moment in moments if moment is not None), default=None)
        return None if first is None else max(0.0, first - now)

    def _attempt(self, lease: Lease, deliver: Deliver) -> bool:
        try:
            change = decode(self._keyring.decrypt(lease.payload))
        except UnreadableChange as error:
            # Not dead: during a change of secrets or versions, another process can read it.
            self._postpone(lease, str(error), None)
            return False
        try:
            deliver(lease.provider, change)
        except Unavailable as error:
            self._pauses.failed(lease.provider, self._clock(), error.retry_after)
            self._postpone(lease, presentable_reason(error.reason, change), error.retry_after)
        except Rejected as error:
            reason = presentable_reason(error.reason, change)
            if error.credentials:
                self._pauses.failed(lease.provider, self._clock(), None)
                self._postpone(lease, reason, None)
            else:
                self._pauses.answered(lease.provider)
                self._bury(lease, reason)
        except Exception as error:  # a fault in one provider must not keep the others' changes back
            self._postpone(lease, fault_reason(error), None)
        else:
            self._pauses.answered(lease.provider)
            self._complete(lease)
            return True
        return False

    def _complete(self, lease: Lease) -> None:
        if self._leases.complete(lease):
            logger.debug("%s: %s delivered at attempt %d", lease.provider, lease.kind, lease.attempt)
        else:
            logger.warning(
                "%s: %s delivered at attempt %d took longer than its lease and may be delivered twice",
                lease.provider,
                lease.kind,
                lease.attempt,
            )

    def _postpone(self, lease: Lease, reason: str, retry_after: float | None) -> None:
        delay = retry_delay(lease.attempt, retry_after)
        self._leases.postpone(lease, self._clock() + delay, reason)
        logger.warning(
            "%s: %s not delivered at attempt %d, next in %.0f s: %s",
            lease.provider,
            lease.kind,
            lease.attempt,
            delay,
            reason,
        )

    def _bury(self, lease: Lease, reason: str) -> None:
        self._leases.bury(lease, self._clock(), reason)
        logger.error(
            "%s: %s refused at attempt %d, it and later changes of the account wait for a person "
            "(outbox entry %d): %s",
            lease.provider,
            lease.kind,
            lease.attempt,
            lease.change_id,
            reason,
        )

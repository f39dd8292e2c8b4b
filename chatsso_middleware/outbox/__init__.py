"""Account changes on their way to the chats: kept in a database until the chat has them.

`Outbox` keeps them, `Worker` delivers them in the background of a server process.
"""

from __future__ import annotations

from .entries import Counts, Entry
from .store import Outbox
from .worker import Worker

__all__ = ["Counts", "Entry", "Outbox", "Worker"]

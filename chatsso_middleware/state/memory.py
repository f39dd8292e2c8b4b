"""The store `memory:`: a dogpile.cache backend for one process that never grows past its bound."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

from dogpile.cache.api import NO_VALUE, CacheBackend

__all__ = ["BoundedMemoryBackend"]

MOST_ENTRIES: Final = 10_000


class BoundedMemoryBackend(CacheBackend):
    """Keeps the entries that were used last. `arguments["most"]` says how many.

    There is no lock, since one that another thread holds during a fork stays locked for ever in the child.
    Each step is one operation of a dictionary with `str` keys, which CPython does not interrupt.
    """

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self._most: int = arguments.get("most", MOST_ENTRIES)
        self._entries: OrderedDict[str, Any] = OrderedDict()

    def get(self, key: str) -> Any:
        """The entry, or dogpile's `NO_VALUE`."""
        try:
            self._entries.move_to_end(key)
            return self._entries[key]
        except KeyError:  # not there, or dropped by another thread between the two steps
            return NO_VALUE

    def set(self, key: str, value: Any) -> None:
        """Keep `value`, and drop what was not used for longest."""
        self._entries[key] = value
        while len(self._entries) > self._most:
            self._entries.popitem(last=False)

    def delete(self, key: str) -> None:
        """Forget the entry; one that is not there is fine."""
        self._entries.pop(key, None)

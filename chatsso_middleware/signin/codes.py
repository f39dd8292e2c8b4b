"""One-time codes: what a page in a frame or a web view hands over in place of a login.

A code is 256 random bits. The store has its digest alone, so that nobody who reads there can use one, and
gives what it stands for to the first who asks.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from ..errors import ChatSSOError
from ..users import ChatUser

__all__ = ["LIFETIME", "Grant", "OneTimeCodes", "StoreUnavailable"]

log = logging.getLogger(__name__)

LIFETIME: Final = 60
"""Seconds."""
CODE_BYTES: Final = 32
MOST_IN_MEMORY: Final = 10_000
STORE_TIMEOUT: Final = 1.0
"""Seconds that a visitor may wait for the store."""

_PREFIX: Final = "chatsso:signin:code:"
_FIELDS: Final = ("email", "id", "username", "name", "avatar_url")
_JSON_SCALARS: Final = (str, int, float, bool, type(None))


class StoreUnavailable(ChatSSOError):
    """The store that all workers share cannot be reached, so no code can be made or taken."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code stands for."""

    user: ChatUser
    audience: str
    """Whom it was made for: an origin, or the word for a web view. Nobody else may use it."""


class _Store(Protocol):
    def put(self, key: str, value: bytes) -> None: ...
    def take(self, key: str) -> bytes | None: ...
    def close(self) -> None: ...


class OneTimeCodes:
    """Makes codes and takes them back. Every method may be called in any thread."""

    def __init__(self, url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`url`: the setting `store`. With ``memory:`` only the process that made a code can take it."""
        self._store: _Store = _Memory(clock) if url == "memory:" else _Valkey(url)

    def issue(self, user: ChatUser, audience: str) -> str:
        """A code for `audience`. Raises `StoreUnavailable`."""
        code = secrets.token_urlsafe(CODE_BYTES)
        content = {name: getattr(user, name) for name in _FIELDS}
        extra = {name: value for name, value in user.extra.items() if isinstance(value, _JSON_SCALARS)}
        record = {"audience": audience, "user": content | {"extra": extra}}
        self._store.put(_key(code), json.dumps(record).encode())
        return code

    def redeem(self, code: str, audience: str) -> Grant | None:
        """What `code` stands for, if it was made for `audience`, not long ago, and was not taken yet.

        Whoever asks with it uses it up. Raises `StoreUnavailable`.
        """
        content = self._store.take(_key(code))
        if content is None:
            return None
        record = json.loads(content)
        if record["audience"] != audience:
            log.warning("A one-time code was shown by another site or app than it was made for")
            return None
        return Grant(ChatUser(**record["user"]), audience)

    def close(self) -> None:
        """Close the connections that are kept open. A later code opens new ones."""
        self._store.close()


class _Memory:
    """The codes of one process. Each step is one operation that CPython does not interrupt, so no lock."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._entries: OrderedDict[str, tuple[float, bytes]] = OrderedDict()

    def put(self, key: str, value: bytes) -> None:
        self._entries[key] = self._clock() + LIFETIME, value
        while len(self._entries) > MOST_IN_MEMORY:
            self._entries.popitem(last=False)

    def take(self, key: str) -> bytes | None:
        expires, value = self._entries.pop(key, (0.0, b""))
        return value if self._clock() < expires else None

    def close(self) -> None:
        """Nothing is open."""


class _Valkey:
    """A Valkey or Redis that all workers share; GETDEL needs version 6.2 of either."""

    def __init__(self, url: str) -> None:
        from valkey import Valkey  # an extra: not there where nobody asked for a shared store
        from valkey.exceptions import ValkeyError

        self._client: Any = Valkey.from_url(
            url, socket_timeout=STORE_TIMEOUT, socket_connect_timeout=STORE_TIMEOUT
        )
        self._failures = (ValkeyError, OSError)

    def put(self, key: str, value: bytes) -> None:
        self._ask(lambda client: client.set(key, value, ex=LIFETIME))

    def take(self, key: str) -> bytes | None:
        found: bytes | None = self._ask(lambda client: client.getdel(key))
        return found

    def close(self) -> None:
        self._client.close()

    def _ask(self, question: Callable[[Any], Any]) -> Any:
        try:
            return question(self._client)
        except self._failures as error:
            log.error("The store cannot be reached (%s): no login can be handed over", type(error).__name__)
            raise StoreUnavailable(type(error).__name__) from None


def _key(code: str) -> str:
    return _PREFIX + hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()

"""HTTP connections that keep one deadline for a whole exchange, and keep the query out of every log.

The timeouts of requests and urllib3 are for one read from the socket each, so a server that sends a byte a
second is never late. Here every wait on the socket (for the name, the connection, the handshake, each piece
sent and received) gets what is left of one deadline, with TLS and without.

urllib3 writes the address of each request to its log at DEBUG and into its exceptions, and with the method
GET the key stands in the query. So the query is not part of the address that requests and urllib3 are given:
the connection adds it when it writes the request line.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from .name_lookup import Address, resolve

__all__ = ["DeadlineAdapter", "Exchange"]

_PIECE = 16384
"""Bytes sent at once: a TLS record. The deadline is looked at between two."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, on whatever connection it travels."""

    deadline: float
    """By `time.monotonic`."""
    query: str = field(default="", repr=False)
    """What follows the question mark in the request line."""

    def seconds_left(self) -> float:
        """What is left; raises `TimeoutError` when nothing is (a timeout of 0 would mean "do not wait")."""
        seconds = self.deadline - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("the deadline has passed")
        return seconds

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """What this thread (or greenlet) sends through a `DeadlineAdapter` inside is this exchange."""
        mark = _exchange.set(self)
        try:
            yield
        finally:
            _exchange.reset(mark)


_exchange: ContextVar[Exchange] = ContextVar("chatsso_exchange")


class _DeadlineReader(io.RawIOBase):
    """Reads from a socket; each single read waits for no more than what is left."""

    def __init__(self, connection: socket.socket, raw: io.RawIOBase, exchange: Exchange) -> None:
        self._connection = connection
        self._raw = raw
        self._exchange = exchange

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._connection.settimeout(self._exchange.seconds_left())
        count: int | None = self._raw.readinto(buffer)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _DeadlineResponse(http.client.HTTPResponse):
    def __init__(
        self, sock: socket.socket, debuglevel: int = 0, method: str | None = None, url: str | None = None
    ) -> None:
        super().__init__(sock, debuglevel, method, url)
        self.fp = io.BufferedReader(_DeadlineReader(sock, self.fp.detach(), _exchange.get()))


class _DeadlineConnection(HTTPConnection):
    response_class = _DeadlineResponse

    def _new_conn(self) -> socket.socket:
        exchange = _exchange.get()
        try:
            addresses = resolve(self.host.strip("[]"), self.port, exchange.seconds_left())
        except (socket.gaierror, UnicodeError) as error:  # the second for a label of more than 63 characters
            raise NameResolutionError(self.host, self, socket.gaierror("no such name")) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "no address in time") from error
        failure: OSError | None = None
        for number, address in enumerate(addresses):
            try:
                # An address that swallows everything must leave time for those after it.
                seconds = exchange.seconds_left() / (len(addresses) - number)
                return _connect(address, seconds, self.socket_options or ())
            except OSError as error:
                failure = error
        if isinstance(failure, TimeoutError):
            raise ConnectTimeoutError(self, "no connection in time") from failure
        raise NewConnectionError(self, "no connection") from failure

    def putrequest(
        self, method: str, url: str, skip_host: bool = False, skip_accept_encoding: bool = False
    ) -> None:
        query = _exchange.get().query
        if query:
            url = f"{url}{'&' if '?' in url else '?'}{query}"
        super().putrequest(method, url, skip_host=skip_host, skip_accept_encoding=skip_accept_encoding)

    def send(self, data: Any) -> None:
        exchange = _exchange.get()
        if self.sock is None:
            self.connect()
        for start in range(0, len(data), _PIECE):
            self.sock.settimeout(exchange.seconds_left())
            super().send(data[start : start + _PIECE])


class _DeadlineTLSConnection(_DeadlineConnection, HTTPSConnection):
    """The handshake waits on the socket that `_new_conn` gave, with what was left then, and for no longer."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _DeadlineConnection


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _DeadlineTLSConnection


class DeadlineAdapter(HTTPAdapter):
    """A requests adapter whose connections keep the deadline of the `Exchange` that is under way."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Make the pools of urllib3, with the connections above."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}


def _connect(address: Address, seconds: float, options: Any) -> socket.socket:
    family, kind, protocol, _, where = address
    connection = socket.socket(family, kind, protocol)
    try:
        for option in options:
            connection.setsockopt(*option)
        connection.settimeout(seconds)
        connection.connect(where)
    except BaseException:
        connection.close()
        raise
    return connection

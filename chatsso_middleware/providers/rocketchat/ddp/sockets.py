"""A TCP or TLS connection, with one deadline for the name, every address of it, and the handshake."""

from __future__ import annotations

import socket
import ssl
import time
from functools import lru_cache
from typing import Literal

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from ....errors import Rejected, Unavailable
from ...name_lookup import resolve
from .errors import NoConnection

__all__ = ["connect", "encrypt", "seconds_left"]


def seconds_left(deadline: float) -> float:
    """Seconds until `deadline`, which is by `time.monotonic`. Raises `TimeoutError` when none are left."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:  # a socket would take it for "do not wait", or refuse it
        raise TimeoutError("the deadline has passed")
    return seconds


def connect(provider: str, host: str, port: int, deadline: float) -> socket.socket:
    """A TCP connection. Raises `NoConnection`, or `TimeoutError` after the deadline."""
    try:
        addresses = resolve(host, port, seconds_left(deadline))
    except (socket.gaierror, UnicodeError):  # the second for a label of more than 63 characters
        raise NoConnection(provider, "has a host name that cannot be resolved") from None
    for number, (family, kind, protocol, _, where) in enumerate(addresses):
        connection = socket.socket(family, kind, protocol)
        try:
            # An address that swallows everything must leave time for those after it.
            connection.settimeout(seconds_left(deadline) / (len(addresses) - number))
            connection.connect(where)
        except OSError:
            connection.close()
        else:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connection
    seconds_left(deadline)
    raise NoConnection(provider, "cannot be reached: no connection")


def encrypt(
    provider: str, connection: socket.socket, host: str, deadline: float, verify: Literal[True] | str
) -> ssl.SSLSocket:
    """`connection` with TLS, whose certificate is for `host` and vouched for by `verify`.

    Raises `Unavailable` for a certificate that is not, `NoConnection` where the handshake breaks off,
    `Rejected` where `verify` cannot be read, and `TimeoutError` after the deadline.
    """
    try:
        context = _context(verify)
    except OSError:  # of OpenSSL too
        raise Rejected(provider, "needs a file of certificate authorities that can be read") from None
    connection.settimeout(seconds_left(deadline))  # OpenSSL's handshake as a whole takes no longer than this
    try:
        return context.wrap_socket(connection, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        reason = f"showed a certificate that cannot be trusted: {error.verify_message}"
        raise Unavailable(provider, reason) from None
    except TimeoutError:
        raise
    except OSError:
        raise NoConnection(provider, "failed in the TLS handshake") from None


@lru_cache(maxsize=8)
def _context(verify: Literal[True] | str) -> ssl.SSLContext:
    """Reading some 140 authorities takes 20 ms, so it is done once. The usual ones are those of requests."""
    return ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH if verify is True else verify)

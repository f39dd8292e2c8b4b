"""The chat's own database: one client a process, one deadline an operation, and nothing of ours in a log.

Imports pymongo, which is an extra; `mongodb` imports this module when it is needed.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

import pymongo
from bson.errors import BSONError
from pymongo.collection import Collection
from pymongo.errors import (
    AutoReconnect,
    ConfigurationError,
    NotPrimaryError,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)
from pymongo.uri_parser import parse_uri

from ...errors import Rejected, Unavailable
from ...secret import Secret

__all__ = ["DEFAULT_DATABASE", "Connection", "Document", "UnusableURL"]

DEFAULT_DATABASE: Final = "rocketchat"
"""Where the URL names none: what Rocket.Chat's own deployment files use. A chat that was started by Meteor
itself, in development, has ``meteor``."""

_CONNECT_TIMEOUT: Final = 5000
"""Milliseconds for what goes on beside the operations, and for the names behind a mongodb+srv URL."""

_WRONG_CREDENTIALS: Final = frozenset({11, 18, 8000})
"""UserNotFound, AuthenticationFailed, and Atlas's own code for the second (MongoDB manual, "Error Codes")."""
_NOT_ALLOWED: Final = 13
"""Unauthorized: logged in, but without the right to do this."""

Document = dict[str, Any]


class UnusableURL(ValueError):
    """The URL is none that pymongo can use. Holds no part of it."""


class Connection:
    """The way to the collection ``users``, shared by all threads of a process; a forked child gets its own.

    Only the lookup of a host's name by the operating system can outlast a deadline, where the name server is
    silent. The client's monitors look up each name first, so this takes a name server that fell silent later.
    """

    def __init__(self, url: Secret, provider: str) -> None:
        """`url` is ``mongodb://user:password@host/database?options``. Raises `UnusableURL`; opens nothing."""
        self._url = url
        self._provider = provider
        self._clients: dict[int, pymongo.MongoClient[Document]] = {}
        try:
            self._check_url()
        except (PyMongoError, ValueError, TypeError):  # the last two for options with values of another type
            raise UnusableURL from None  # pymongo quotes what it could not read
        _COMMAND_LOGGER.addFilter(_WITHOUT_OURS)

    def __repr__(self) -> str:
        return f"Connection({self._provider})"

    @contextmanager
    def users(self, deadline: float) -> Iterator[Collection[Document]]:
        """The collection, for one call or several that end by `deadline` (by `time.monotonic`).

        Raises `Unavailable`, or `Rejected` where MongoDB refuses the user of the URL. The errors of pymongo
        quote addresses and documents, so none of them goes on as a cause.
        """
        seconds = deadline - time.monotonic()
        if seconds <= 0:
            raise Unavailable(self._provider, "the time for MongoDB to answer was over before it was asked")
        mark = _ours.set(True)
        try:
            with pymongo.timeout(seconds):
                yield self._users()
        except (PyMongoError, BSONError) as error:
            raise self._failure(error) from None
        finally:
            _ours.reset(mark)

    def close(self) -> None:
        """Close this process's connections. A later operation opens new ones."""
        client = self._clients.pop(os.getpid(), None)
        if client is not None:
            client.close()

    def _check_url(self) -> None:
        url = self._url.reveal()
        if not url.startswith("mongodb+srv://"):  # which would be looked up
            parse_uri(
                url, warn=False
            )  # a client only warns of what it does not understand, and leaves it out
        if not self._client_of_this_process().write_concern.acknowledged:
            raise ConfigurationError("with w=0 nobody would hear that a write has failed")

    def _users(self) -> Collection[Document]:
        database = self._client_of_this_process().get_default_database(DEFAULT_DATABASE)
        # A secondary, which the URL may prefer, could still show a token that is no longer there.
        return database.get_collection("users", read_preference=pymongo.ReadPreference.PRIMARY)

    def _client_of_this_process(self) -> pymongo.MongoClient[Document]:
        # A child must not use its parent's sockets and locks, nor finalize them: so the parent's client stays
        # referenced. Without a lock, since one that is held during a fork stays locked in the child: threads
        # that ask first at the same moment get the same client, and one that lost was never opened.
        process = os.getpid()
        if process in self._clients:
            return self._clients[process]
        return self._clients.setdefault(process, self._new_client())

    def _new_client(self) -> pymongo.MongoClient[Document]:
        return pymongo.MongoClient(
            self._url.reveal(),
            connect=False,
            appname="chatsso-middleware",
            connectTimeoutMS=_CONNECT_TIMEOUT,
        )

    def _failure(self, error: Exception) -> Rejected | Unavailable:
        if isinstance(error, OperationFailure) and error.code in _WRONG_CREDENTIALS:
            reason = "MongoDB refuses the user name or the password that stands in mongodb_url"
            return Rejected(self._provider, reason, credentials=True)
        if isinstance(error, OperationFailure) and error.code == _NOT_ALLOWED:
            reason = "MongoDB does not let the user of mongodb_url read and write the chat's users"
            return Rejected(self._provider, reason, credentials=True)
        return Unavailable(self._provider, _reason(error))


def _reason(error: Exception) -> str:
    if isinstance(error, ServerSelectionTimeoutError):
        return "MongoDB cannot be reached, or has no primary"
    if isinstance(error, PyMongoError) and error.timeout:
        return "MongoDB did not answer in time"
    if isinstance(error, NotPrimaryError):
        return "MongoDB is changing its primary"
    if isinstance(error, AutoReconnect):
        return "MongoDB broke off the connection"
    if isinstance(error, OperationFailure):
        return f"MongoDB answered with error {error.code}"
    if isinstance(error, ConfigurationError):
        return "MongoDB's servers cannot be used as mongodb_url asks for, or its name cannot be resolved"
    return f"MongoDB cannot be used ({type(error).__name__})"


_ours: ContextVar[bool] = ContextVar("chatsso_mongodb_operation", default=False)


class _WithoutOurs(logging.Filter):
    """Drops the commands of our operations: pymongo logs them whole at DEBUG, tokens and addresses included.

    It takes the contents away from a few commands of its own choice alone, such as ``saslStart``, and logs in
    the thread that runs the command.
    """

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002 - logging's signature
        return not _ours.get()


_COMMAND_LOGGER: Final = logging.getLogger("pymongo.command")
_WITHOUT_OURS: Final = _WithoutOurs()

"""A MongoDB for tests: stock pymongo speaks to it over TCP, and mongomock keeps its documents.

It shows itself as the primary of a replica set of one, which is how a Rocket.Chat needs its MongoDB. Beyond
mongomock it keeps the unique indexes of the chat's collection ``users``, of fields inside arrays too. Users
and passwords (every login fails), sessions, transactions and cursors of more than one batch are left out.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import bson
import mongomock

Document = dict[str, Any]

OP_REPLY: Final = 1
OP_QUERY: Final = 2004
OP_MSG: Final = 2013
"""https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/"""

UNIQUE: Final = ("username", "emails.address", "services.resume.loginTokens.hashedToken")
"""By which Meteor's accounts-base makes unique sparse indexes."""

DUPLICATE_KEY: Final = 11000
COMMAND_NOT_FOUND: Final = 59
AUTHENTICATION_FAILED: Final = 18
NOT_PRIMARY: Final = 10107
_GREETINGS: Final = frozenset({"hello", "ismaster", "isMaster"})


class CommandFailed(Exception):
    """What a command answers instead of its result."""

    def __init__(self, code: int, message: str, **facts: Any) -> None:
        self.code = code
        self.answer: Document = {"ok": 0.0, "code": code, "errmsg": message, **facts}
        super().__init__(message)


class MongoServer:
    """One server, on a port that stays the same when it is stopped and started again."""

    def __init__(self, database: str = "rocketchat") -> None:
        self._client: mongomock.MongoClient = mongomock.MongoClient()
        self._lock = threading.Lock()
        self._failures: list[int] = []
        self._swallowed: Callable[[str], bool] = lambda name: False
        self._listener: _Listener | None = None
        self._port = 0
        self.database = database
        self.indexes: set[str] = set(UNIQUE)
        """The fields of ``users`` whose values are unique."""
        self.received: list[Document] = []
        """Every command, greetings aside, in the order in which they came."""
        self.before: dict[str, Callable[[], object]] = {}
        """By a command's name: called when one has come, before it is carried out."""
        self.wire_version = 25
        """The newest protocol that it claims to speak."""
        self.largest_document = 16 * 1024 * 1024
        """Octets that it claims to take."""
        self.start()

    @property
    def url(self) -> str:
        return f"mongodb://127.0.0.1:{self._port}/{self.database}"

    @property
    def users(self) -> Any:
        """The collection itself, past the wire."""
        return self._client[self.database]["users"]

    def start(self) -> None:
        self._listener = _Listener(("127.0.0.1", self._port), self)
        self._port = self._listener.server_address[1]

    def stop(self) -> None:
        """Cut every connection and take no new ones; the documents stay."""
        if self._listener is not None:
            self._listener.stop()
            self._listener = None

    def fail_with(self, *codes: int) -> None:
        """Answer the next commands, greetings aside, with these errors, one each."""
        self._failures.extend(codes)

    def swallow(self, *names: str) -> None:
        """Never answer the commands of these names; without a name none, so that even a greeting hangs."""
        self._swallowed = (lambda name: name in names) if names else (lambda name: True)

    def answer(self, command: Document) -> Document | None:
        """What `command` answers, or `None` for silence."""
        name = next(iter(command))
        if self._swallowed(name):
            return None
        if name in _GREETINGS:
            return self._greeting()
        with self._lock:
            self.received.append(command)
            failure = self._failures.pop(0) if self._failures else None
        if failure is not None:
            labels = ["RetryableWriteError"] if failure == NOT_PRIMARY and "txnNumber" in command else []
            return CommandFailed(failure, "as the test wants it", errorLabels=labels).answer
        self.before.get(name, lambda: None)()
        with self._lock:
            try:
                return {"ok": 1.0, **self._carry_out(name, command)}
            except CommandFailed as failed:
                return failed.answer

    def _greeting(self) -> Document:
        host = f"127.0.0.1:{self._port}"
        return {
            "ok": 1.0,
            "helloOk": True,
            "isWritablePrimary": True,
            "ismaster": True,
            "setName": "rs0",
            "setVersion": 1,
            "hosts": [host],
            "me": host,
            "primary": host,
            "maxBsonObjectSize": self.largest_document,
            "maxMessageSizeBytes": 48_000_000,
            "maxWriteBatchSize": 100_000,
            "logicalSessionTimeoutMinutes": 30,
            "minWireVersion": 0,
            "maxWireVersion": self.wire_version,
        }

    def _carry_out(self, name: str, command: Document) -> Document:
        if name in ("ping", "endSessions"):
            return {}
        if name == "buildInfo":
            return {"version": "8.0.0"}
        if name == "saslStart":
            raise CommandFailed(AUTHENTICATION_FAILED, "Authentication failed.")
        commands = {
            "find": self._find,
            "insert": self._insert,
            "update": self._update,
            "findAndModify": self._find_and_modify,
            "listIndexes": self._list_indexes,
        }
        if name not in commands:
            raise CommandFailed(COMMAND_NOT_FOUND, f"no such command: '{name}'")
        return commands[name](self._client[command["$db"]][command[name]], command)

    def _find(self, collection: Any, command: Document) -> Document:
        found = collection.find(command["filter"], command.get("projection"), limit=command.get("limit", 0))
        return _only_batch(collection, list(found))

    def _insert(self, collection: Any, command: Document) -> Document:
        with _errors_of_a_write() as errors, self._uniqueness(collection):
            for document in command["documents"]:
                collection.insert_one(document)
        return {"n": 0, **errors} if errors else {"n": len(command["documents"])}

    def _update(self, collection: Any, command: Document) -> Document:
        matched = modified = 0
        with _errors_of_a_write() as errors, self._uniqueness(collection):
            for update in command["updates"]:
                write = collection.update_many if update.get("multi") else collection.update_one
                result = write(update["q"], update["u"])
                matched += result.matched_count
                modified += result.modified_count
        return {"n": 0, "nModified": 0, **errors} if errors else {"n": matched, "nModified": modified}

    def _find_and_modify(self, collection: Any, command: Document) -> Document:
        with self._uniqueness(collection):
            found = collection.find_one_and_update(command["query"], command["update"], command.get("fields"))
        return {"value": found, "lastErrorObject": {"n": int(found is not None)}}

    def _list_indexes(self, collection: Any, command: Document) -> Document:
        indexes: list[Document] = [{"v": 2, "key": {"_id": 1}, "name": "_id_"}]
        if collection.name == "users":
            indexes += [
                {"v": 2, "key": {field: 1}, "name": f"{field}_1", "unique": True, "sparse": True}
                for field in sorted(self.indexes)
            ]
        return _only_batch(collection, indexes)

    @contextmanager
    def _uniqueness(self, collection: Any) -> Iterator[None]:
        """Undo what a write did where two documents have the same value afterwards."""
        before = list(collection.find())
        try:
            yield
            if collection.name == "users":
                for field in self.indexes:
                    _check_unique(field, collection.find())
        except (CommandFailed, mongomock.DuplicateKeyError) as failure:
            collection.delete_many({})
            if before:
                collection.insert_many(before)
            if isinstance(failure, CommandFailed):
                raise
            raise CommandFailed(DUPLICATE_KEY, str(failure)) from failure


@contextmanager
def serving_mongo(database: str = "rocketchat") -> Iterator[MongoServer]:
    """A server with an empty collection ``users``, until the block ends."""
    server = MongoServer(database)
    try:
        yield server
    finally:
        server.stop()


def _only_batch(collection: Any, documents: list[Document]) -> Document:
    namespace = f"{collection.database.name}.{collection.name}"
    return {"cursor": {"id": bson.Int64(0), "ns": namespace, "firstBatch": documents}}


@contextmanager
def _errors_of_a_write() -> Iterator[Document]:
    """``insert`` and ``update`` succeed as commands, and tell a duplicate beside their counts."""
    errors: Document = {}
    try:
        yield errors
    except CommandFailed as failed:
        errors["writeErrors"] = [{"index": 0, "code": failed.code, "errmsg": str(failed)}]


def _check_unique(field: str, documents: Any) -> None:
    owners: dict[Any, Any] = {}
    for document in documents:
        for value in _values(document, field.split(".")):
            if owners.setdefault(value, document["_id"]) != document["_id"]:
                # The real one quotes the value too, in the message and in keyValue.
                raise CommandFailed(
                    DUPLICATE_KEY, f"E11000 duplicate key error index: {field}_1 dup key: {{ {value!r} }}"
                )


def _values(value: Any, path: list[str]) -> Iterator[Any]:
    if isinstance(value, list):
        for element in value:
            yield from _values(element, path)
    elif not path:
        yield value
    elif isinstance(value, Mapping) and path[0] in value:
        yield from _values(value[path[0]], path[1:])


class _Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = False  # so that stopping waits for every thread

    def __init__(self, address: tuple[str, int], mongo: MongoServer) -> None:
        self.mongo = mongo
        self._connections: list[socket.socket] = []
        super().__init__(address, _Connection)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), name="mongo-server")
        self._thread.start()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.append(request)
        super().process_request(request, client_address)

    def stop(self) -> None:
        self.shutdown()
        self._thread.join()
        for connection in self._connections:
            with contextlib.suppress(OSError):  # closed by its thread already
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()


class _Connection(socketserver.BaseRequestHandler):
    server: _Listener

    def handle(self) -> None:
        with contextlib.suppress(EOFError, ConnectionError):
            while True:
                self._exchange()

    def _exchange(self) -> None:
        length, request_id, _, operation = struct.unpack("<iiii", self._receive(16))
        body = self._receive(length - 16)
        command = _query(body) if operation == OP_QUERY else _message(body)
        answer = self.server.mongo.answer(command)
        if answer is None:
            return
        if operation == OP_QUERY:
            self._send(OP_REPLY, request_id, struct.pack("<iqii", 0, 0, 0, 1) + bson.encode(answer))
        else:
            self._send(OP_MSG, request_id, struct.pack("<IB", 0, 0) + bson.encode(answer))

    def _receive(self, count: int) -> bytes:
        received = b""
        while len(received) < count:
            piece = self.request.recv(count - len(received))
            if not piece:
                raise EOFError
            received += piece
        return received

    def _send(self, operation: int, answer_to: int, body: bytes) -> None:
        self.request.sendall(struct.pack("<iiii", 16 + len(body), 0, answer_to, operation) + body)


def _query(body: bytes) -> Document:
    """The command in an OP_QUERY, in which a driver's first greeting comes."""
    end_of_name = body.index(b"\0", 4)
    return bson.decode(body[end_of_name + 9 :])


def _message(body: bytes) -> Document:
    """The command in an OP_MSG: a document, and the sequences of documents that belong into it."""
    command: Document = {}
    position = 4
    while position < len(body):
        kind, size = struct.unpack_from("<Bi", body, position)
        section = body[position + 1 : position + 1 + size]
        if kind == 0:
            command = {**bson.decode(section), **command}
        else:
            name, _, documents = section[4:].partition(b"\0")
            command[name.decode()] = bson.decode_all(documents)
        position += 1 + size
    return command

"""A WSGI server without a socket that does what PEP 3333 says, to the letter, and remembers all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any
from wsgiref.util import setup_testing_defaults

Headers = list[tuple[str, str]]
ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


class StrictServer:
    """One request to `app`."""

    def __init__(self, app: Callable[..., Iterable[bytes]], **environ: Any) -> None:
        self._app = app
        self.environ: dict[str, Any] = {"REQUEST_METHOD": "GET"}
        setup_testing_defaults(self.environ)
        self.environ.update(environ)
        self.status = ""
        self.headers: Headers = []
        self.started = 0
        """How often `start_response` was called."""
        self.headers_sent = False
        """Whether a chunk that is not empty has come."""
        self.chunks: list[bytes] = []
        """What the application gave, by ``write()`` and as its body."""
        self.result: Iterable[bytes] = ()

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)

    def header(self, name: str) -> str | None:
        """The value of the only header called `name`, or `None`."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(values) < 2
        return values[0] if values else None

    def run(self) -> StrictServer:
        """Call the application, take all that it gives, and close it."""
        with self.running() as chunks:
            for _ in chunks:
                pass
        return self

    @contextmanager
    def running(self) -> Iterator[Iterator[bytes]]:
        """The application's chunks, taken one by one; closed at the end of the block."""
        self.result = self._app(self.environ, self.start_response)
        try:
            yield self._chunks()
        finally:
            if hasattr(self.result, "close"):
                self.result.close()

    def start_response(
        self, status: str, headers: Headers, exc_info: ExcInfo | None = None
    ) -> Callable[[bytes], object]:
        self.started += 1
        assert isinstance(headers, list)
        if exc_info is None:
            assert self.started == 1, "start_response was called twice without exc_info"
        elif self.headers_sent:
            raise exc_info[1].with_traceback(exc_info[2])
        self.status, self.headers = status, list(headers)
        return self._take

    def _chunks(self) -> Iterator[bytes]:
        for chunk in self.result:
            self._take(chunk)
            yield chunk
        assert self.started, "the application never called start_response"

    def _take(self, chunk: bytes) -> None:
        assert isinstance(chunk, bytes)
        assert self.started, "a chunk came before start_response was called"
        self.headers_sent = self.headers_sent or bool(chunk)
        self.chunks.append(chunk)

"""A shared cache as RFC 9111 describes it, kept small: it stores what it may and answers from it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any, Self

import requests


class SharedCache:
    """A WSGI application in front of `origin`. It keys by path alone, as many do."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.cookies.set_policy(_NoCookies())
        self._stored: dict[str, tuple[str, list[tuple[str, str]], bytes]] = {}
        self._lock = threading.Lock()
        self.hits = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"] + ("?" + environ["QUERY_STRING"] if environ["QUERY_STRING"] else "")
        with self._lock:
            stored = self._stored.get(path) if environ["REQUEST_METHOD"] == "GET" else None
            if stored is not None:
                self.hits += 1
                start_response(stored[0], list(stored[1]))
                return [stored[2]]
            answer = self._session.request(
                environ["REQUEST_METHOD"],
                self._origin + path,
                headers={
                    name[5:].replace("_", "-"): value
                    for name, value in environ.items()
                    if name.startswith("HTTP_") and name not in ("HTTP_HOST", "HTTP_ACCEPT_ENCODING")
                }
                | {"Accept-Encoding": "identity", "Content-Type": environ.get("CONTENT_TYPE", "")},
                data=environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)),
                allow_redirects=False,
                timeout=20,
            )
            status = f"{answer.status_code} {answer.reason}"
            headers = [
                (name, value)
                for name, value in answer.raw.headers.items()
                if name.lower() not in ("connection", "transfer-encoding", "date", "server", "via")
            ]
            control = answer.headers.get("Cache-Control", "")
            if answer.status_code in (200, 404) and not any(
                word in control for word in ("no-store", "private")
            ):
                self._stored[path] = (status, headers, answer.content)
            start_response(status, headers)
            return [answer.content]


class _NoCookies(requests.cookies.cookielib.DefaultCookiePolicy):  # type: ignore[misc,name-defined]
    """A cache passes cookies on and keeps none."""

    def set_ok(self, *_: Any) -> bool:
        return False

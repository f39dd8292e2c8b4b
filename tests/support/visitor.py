"""A visitor of a WSGI application without a socket between them: keeps cookies, and sees every chunk."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from .strict_server import StrictServer

NAVIGATION = {
    "HTTP_ACCEPT": "text/html,application/xhtml+xml,*/*;q=0.8",
    "HTTP_SEC_FETCH_DEST": "document",
}


class Visitor:
    """One person's browser. The paths of cookies are kept, and do not matter."""

    def __init__(self, app: Callable[..., Iterable[bytes]], **environ: Any) -> None:
        self.app = app
        self.environ = environ
        """What every request has."""
        self.cookies: dict[str, str] = {}

    def get(self, address: str = "/", **environ: Any) -> StrictServer:
        """Go to `address`, as a link leads there; `environ` makes it another request."""
        request = self.request(address, **environ).run()
        self.keep_cookies(request)
        return request

    def request(self, address: str = "/", **environ: Any) -> StrictServer:
        """The request, not yet made."""
        path, _, query = address.partition("?")
        cookie = {}
        if self.cookies:
            cookie["HTTP_COOKIE"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return StrictServer(
            self.app,
            **{"PATH_INFO": path, "QUERY_STRING": query, **NAVIGATION, **cookie, **self.environ, **environ},
        )

    def keep_cookies(self, answer: StrictServer) -> None:
        """Take the cookies of `answer`, and drop those that it ends."""
        for value in set_cookies(answer):
            name, _, rest = value.partition("=")
            content, _, attributes = rest.partition(";")
            if "Max-Age=0" in attributes:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = content


def set_cookies(answer: StrictServer) -> list[str]:
    """The values of Set-Cookie, in their order."""
    return [value for name, value in answer.headers if name == "Set-Cookie"]


def location(answer: StrictServer) -> str:
    """Where a redirect leads."""
    address = answer.header("Location")
    assert address is not None
    assert urlsplit(address).path.startswith("/")
    return address

"""A site whose login is the hosted page, with a room of Website Toolbox; on a socket of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from chatsso_middleware import ChatSSOMiddleware
from chatsso_middleware.errors import Unavailable
from chatsso_middleware.sandbox.website_toolbox import serve
from chatsso_middleware.signin.outcome import Refused
from chatsso_middleware.users import ChatUser

from .servers import serving
from .settings import settings_for

ANN = ChatUser("ann@example.com", username="ann", name="Ann Example", id="4711")
PASSWORD = "correct horse"


@dataclass
class People:
    """Who has an account, and what was asked: the setting ``signin.verify``."""

    down: bool = False
    refusal: Refused | None = None
    asked: list[str] = field(default_factory=list)
    user: ChatUser = ANN

    def __call__(self, fields: Mapping[str, str]) -> ChatUser | Refused | None:
        self.asked.append(fields["login"])
        if self.down:
            raise Unavailable("people", "they are asleep", retry_after=7)
        if self.refusal is not None:
            return self.refusal
        known = fields["login"] in ("ann", "ann@example.com") and fields["password"] == PASSWORD
        return self.user if known else None


@dataclass
class SignInSite:
    """The running site."""

    url: str
    app: Any
    """What is served there, for requests without a server."""
    people: People
    chat_url: str

    @property
    def page(self) -> str:
        """The address of the hosted page."""
        return f"{self.url}/chatsso/signin"


def host(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """A site that says who is logged in, and has a way to its chat."""
    if environ["PATH_INFO"] == "/to-the-chat":
        start_response("302 Found", [("Location", environ["chatsso"].chat("website_toolbox").provider.url)])
        return []
    user = environ["chatsso"].user
    who = "nobody" if user is None else user.email
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
    path = escape(environ["PATH_INFO"].encode("latin-1").decode())
    page = f'<!doctype html><title>The site</title><h1 id="path">{path}</h1><p id="who">{escape(who)}</p>'
    return [page.encode()]


@contextmanager
def running_site(folder: Path, *, store: str = "memory:", **written: Any) -> Iterator[SignInSite]:
    """The site with these keys of ``signin.``, until the block ends."""
    people = People()
    with serve() as room:
        settings = settings_for(room, folder, identity="signin", store=store)
        settings |= {"signin.verify": people, **{f"signin.{key}": value for key, value in written.items()}}
        app = ChatSSOMiddleware(host, settings)
        try:
            with serving(app) as url:
                yield SignInSite(url, app, people, room.url)
        finally:
            app.site.stop()

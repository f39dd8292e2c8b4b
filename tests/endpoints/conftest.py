from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chatsso_middleware import ChatSSOMiddleware
from chatsso_middleware.assembly import Site
from chatsso_middleware.sandbox.website_toolbox import RunningSandbox, serve
from tests.support.settings import settings_for
from tests.support.visitor import Visitor

ANN = "ann@example.com"


def host(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """A site that logs in, logs out or deletes whom its query names."""
    handle, address = environ["chatsso"], environ["QUERY_STRING"] or ANN
    if environ["PATH_INFO"] == "/login":
        handle.log_in(email=address)
    elif environ["PATH_INFO"] == "/logout":
        handle.log_out()
    elif environ["PATH_INFO"] == "/delete":
        handle.delete(address)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"the site"]


@pytest.fixture
def room() -> Iterator[RunningSandbox]:
    with serve() as sandbox:
        yield sandbox


Visit = Callable[..., Visitor]


@pytest.fixture
def visit(room: RunningSandbox, tmp_path: Path) -> Iterator[Visit]:
    """Gives a visitor of a site with the settings that a test changes, who is logged in if it says so."""
    sites: list[Site] = []

    def arrive(*, as_user: str | None = None, script_name: str = "", **changed: Any) -> Visitor:
        settings = {"login_url": "/login?came_from={next}"} | changed
        middleware = ChatSSOMiddleware(host, settings_for(room, tmp_path, **settings))
        sites.append(middleware.site)
        visitor = Visitor(middleware, SCRIPT_NAME=script_name, HTTP_HOST="attacker.example")
        if as_user is not None:
            visitor.get(f"/login?{as_user}")
        return visitor

    yield arrive
    for site in sites:
        site.stop()

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from chatsso_middleware.sandbox.publica_la import RunningSandbox, serve
from tests.support.flow import Clock
from tests.support.form_browser import FormBrowser
from tests.support.member_site import site_behind
from tests.support.servers import serving

BOOK = "/reader/night-trains?page=2"
ANN, BOB = "ann@example.com", "bob@example.com"

StartSite = Callable[..., FormBrowser]
Another = Callable[[FormBrowser], FormBrowser]


@pytest.fixture
def clock() -> Clock:
    """The store's own."""
    return Clock()


@pytest.fixture
def store(clock: Clock) -> Iterator[RunningSandbox]:
    with serve(clock=clock) as sandbox:
        yield sandbox


@pytest.fixture
def settings(store: RunningSandbox, tmp_path: Path) -> dict[str, Any]:
    """What the owner of a site with users of its own writes."""
    return {
        "providers": "publica_la",
        "identity": "events",
        "secret": secrets.token_urlsafe(32),
        "outbox": f"sqlite:///{tmp_path}/outbox.sqlite3",
        "login_url": "/log-in-here?back={next}",
        "logout_url": "/log-out-here",
        "publica_la.url": store.url,
        "publica_la.issuer": store.issuer,
        "publica_la.key": store.key,
    }


@pytest.fixture
def start_site(store: RunningSandbox, settings: dict[str, Any], tmp_path: Path) -> Iterator[StartSite]:
    """Serves the site, and gives a browser that is about to visit it; ``publica_la_`` is the provider's."""
    with ExitStack() as stack:

        def start(entrance: str = "python", **changed: Any) -> FormBrowser:
            changed = {name.replace("publica_la_", "publica_la."): value for name, value in changed.items()}
            links = {
                "book": store.url + BOOK,
                "shelf": f"{store.url}/",
                "elsewhere": "https://elsewhere.example/",
            }
            app, site = site_behind(entrance, settings | changed, links, tmp_path)
            stack.callback(site.stop)
            browser = FormBrowser(stack.enter_context(serving(app)))
            stack.callback(browser.close)
            return browser

        yield start


@pytest.fixture
def another() -> Iterator[Another]:
    """Gives another browser that is about to visit the site of the first."""
    with ExitStack() as stack:

        def visit(browser: FormBrowser) -> FormBrowser:
            second = FormBrowser(browser.site)
            stack.callback(second.close)
            return second

        yield visit


def log_in(browser: FormBrowser, email: str = ANN, **facts: str) -> None:
    """Log in on the site; Ann's id there is u-4711."""
    ids = {ANN: "u-4711", BOB: "u-4712"}
    browser.post("/enter", images=False, **{"email": email, "id": ids.get(email, email)} | facts)


def reader(browser: FormBrowser, store: RunningSandbox) -> str:
    """Whom the store greets in this browser."""
    return browser.get(f"{store.url}/", images=False).user

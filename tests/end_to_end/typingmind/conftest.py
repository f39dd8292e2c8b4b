from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from chatsso_middleware.sandbox.typingmind import RunningSandbox, serve
from tests.support.form_browser import FormBrowser
from tests.support.member_site import site_behind
from tests.support.servers import serving

ANN, BOB = "ann@example.com", "bob@example.com"
ATTRIBUTE = "data-external-auth-code"
LINK = "externalAuthCode"
HOUR = 3600.0

StartSite = Callable[..., FormBrowser]
Another = Callable[[FormBrowser], FormBrowser]


@pytest.fixture
def instance() -> Iterator[RunningSandbox]:
    with serve() as sandbox:
        yield sandbox


@pytest.fixture
def settings(instance: RunningSandbox, tmp_path: Path) -> dict[str, Any]:
    """What the owner of a site with users of its own writes."""
    return {
        "providers": "typingmind",
        "identity": "events",
        "secret": secrets.token_urlsafe(32),
        "outbox": f"sqlite:///{tmp_path}/outbox.sqlite3",
        "login_url": "/log-in-here?back={next}",
        "page_wait": "5",  # a loaded machine may be slow
        "typingmind.url": instance.url,
        "typingmind.secret": instance.secret,
        "typingmind.api_url": instance.url,
    }


@pytest.fixture
def start_site(instance: RunningSandbox, settings: dict[str, Any], tmp_path: Path) -> Iterator[StartSite]:
    """Serves the site, and gives a browser that is about to visit it. ``typingmind_form`` is the provider's.

    `widget` is the address of the widget's script that stands on the site's pages.
    """
    with ExitStack() as stack:

        def start(entrance: str = "python", *, widget: str | None = None, **changed: Any) -> FormBrowser:
            changed = {name.replace("typingmind_", "typingmind."): value for name, value in changed.items()}
            links = {"chat": f"{instance.url}/", "elsewhere": "https://elsewhere.example/widget.js"}
            if widget is not None:
                links["widget"] = widget
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
    """Log in on the site, and be on its front page. Ann's id there is u-4711."""
    ids = {ANN: "u-4711", BOB: "u-4712"}
    browser.post("/enter", images=False, **{"email": email, "id": ids.get(email, "")} | facts)


def who(browser: FormBrowser, instance: RunningSandbox) -> str:
    """Whom the chat's own page greets in this browser, when it is opened without a token."""
    return browser.get(f"{instance.url}/", images=False).user


def claims_of(token: str, instance: RunningSandbox) -> dict[str, Any]:
    """What a token says, by a library that had no part in writing it."""
    decoded = jwt.decode(token, OctKey.import_key(instance.secret), algorithms=["HS256"])
    assert decoded.header == {"alg": "HS256", "typ": "JWT"}
    return dict(decoded.claims)

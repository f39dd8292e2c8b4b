from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from paste.deploy import loadapp

from chatsso_middleware import ChatSSOMiddleware
from chatsso_middleware.sandbox.website_toolbox import RunningSandbox, serve
from tests.support.browser import Browser
from tests.support.pyramid_site import make_pyramid_site
from tests.support.servers import serving
from tests.support.site import SmallSite

ENTRANCES = ("python", "paste", "pyramid")


@pytest.fixture
def room() -> Iterator[RunningSandbox]:
    with serve() as sandbox:
        yield sandbox


@pytest.fixture
def settings(room: RunningSandbox, tmp_path: Path) -> dict[str, str]:
    """The ten lines of an ini, for the room of this test."""
    return {
        "providers": "website_toolbox",
        "secret": secrets.token_urlsafe(32),
        "login_url": "/login?came_from={next}",
        "logout_url": "/logout",
        "register_url": "/signup",
        "outbox": f"sqlite:///{tmp_path}/outbox.sqlite3",
        "page_wait": "5",  # a loaded machine may be slow, and the tests of the wait set their own
        "website_toolbox.url": room.url,
        "website_toolbox.api_key": room.api_key,
    }


StartSite = Callable[..., Browser]


@pytest.fixture
def start_site(room: RunningSandbox, settings: dict[str, str], tmp_path: Path) -> Iterator[StartSite]:
    """Serves the site through one of its entrances, and gives a browser that is about to visit it."""
    with ExitStack() as stack:

        def start(entrance: str = "python", **changed: Any) -> Browser:
            app, site = _app(entrance, settings | _keys(changed), room.url, tmp_path)
            stack.callback(site.stop)
            browser = Browser(stack.enter_context(serving(app)))
            stack.callback(browser.close)
            return browser

        yield start


def _keys(changed: dict[str, Any]) -> dict[str, Any]:
    return {name.replace("website_toolbox_", "website_toolbox."): value for name, value in changed.items()}


def _app(entrance: str, settings: dict[str, Any], chat: str, folder: Path) -> tuple[Any, Any]:
    if entrance == "python":
        middleware = ChatSSOMiddleware(SmallSite(chat), settings)
        return middleware, middleware.site
    if entrance == "paste":
        ini = folder / "site.ini"
        lines = "\n".join(f"{name} = {value}" for name, value in settings.items())
        ini.write_text(
            f"[filter:chatsso]\nuse = egg:chatsso-middleware\n{lines}\n\n"
            f"[app:site]\npaste.app_factory = tests.support.site:app_factory\nchat = {chat}\n\n"
            "[pipeline:main]\npipeline = chatsso site\n"
        )
        app = loadapp(f"config:{ini}")
        return app, app.site
    return make_pyramid_site({f"chatsso.{name}": value for name, value in settings.items()}, chat)

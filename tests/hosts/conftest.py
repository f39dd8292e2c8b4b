from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from chatsso_middleware import ChatSSOMiddleware
from chatsso_middleware.sandbox.website_toolbox import RunningSandbox, serve
from tests.support.browser import Browser
from tests.support.flow import SECRET
from tests.support.servers import serving


@pytest.fixture
def room() -> Iterator[RunningSandbox]:
    with serve() as sandbox:
        yield sandbox


StartSite = Callable[..., Browser]


@pytest.fixture
def start_site(room: RunningSandbox, tmp_path: Path) -> Iterator[StartSite]:
    """Puts the middleware around an application, serves it, and gives a browser that is about to visit it."""
    with ExitStack() as stack:

        def start(
            app: Any, identity: str, *, outside: Callable[[Any], Any] | None = None, **settings: Any
        ) -> Browser:
            middleware = ChatSSOMiddleware(
                app,
                {
                    "providers": "website_toolbox",
                    "secret": SECRET,
                    "identity": identity,
                    "outbox": f"sqlite:///{tmp_path}/outbox.sqlite3",
                    "page_wait": "10",
                    "website_toolbox.url": room.url,
                    "website_toolbox.api_key": room.api_key,
                }
                | settings,
            )
            stack.callback(middleware.site.stop)
            browser = Browser(stack.enter_context(serving(outside(middleware) if outside else middleware)))
            stack.callback(browser.close)
            return browser

        yield start

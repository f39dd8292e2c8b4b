from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from chatsso_middleware import ChatSSOMiddleware
from chatsso_middleware.sandbox.rocketchat import RunningSandbox, serve
from tests.support.browser import Browser
from tests.support.chat_page import ChatPage
from tests.support.servers import serving
from tests.support.site import SmallSite

StartChat = Callable[..., RunningSandbox]
StartSite = Callable[..., Browser]
OpenChat = Callable[[Browser], ChatPage]


@pytest.fixture
def start_chat() -> Iterator[StartChat]:
    """Starts a chat with the options of `serve`; it is stopped after the test."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(serve(**options))


@pytest.fixture
def chat(start_chat: StartChat) -> RunningSandbox:
    """A chat of the newest version."""
    return start_chat()


@pytest.fixture
def start_site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StartSite]:
    """Serves a site, and gives a browser that is about to visit it.

    `of` is its chat, if it is not the fixture's; settings have ``rocketchat_`` for the dot of the provider's
    keys, and those whose value is `None` are left out.
    """
    with ExitStack() as stack:

        def start(of: RunningSandbox | None = None, site: Any = None, **changed: Any) -> Browser:
            chat = of or request.getfixturevalue("chat")
            settings = settings_for(chat, tmp_path, **changed)
            middleware = ChatSSOMiddleware(site or SmallSite(chat.url), settings)
            stack.callback(middleware.site.stop)
            browser = Browser(stack.enter_context(serving(middleware)))
            stack.callback(browser.close)
            return browser

        yield start


@pytest.fixture
def another(start_site: StartSite) -> Iterator[Callable[[Browser], Browser]]:
    """Gives another browser that is about to visit the site of the first."""
    with ExitStack() as stack:

        def visit(browser: Browser) -> Browser:
            second = Browser(browser.site)
            stack.callback(second.close)
            return second

        yield visit


def settings_for(chat: RunningSandbox, folder: Path, **changed: Any) -> dict[str, Any]:
    """What the owner of a site writes who lets the service account make the tokens."""
    settings = {
        "providers": "rocketchat",
        "secret": secrets.token_urlsafe(32),
        "login_url": "/login?came_from={next}",
        "logout_url": "/landing",  # a page that asks first; the small site's own ends the session at once
        "outbox": f"sqlite:///{folder}/outbox.sqlite3",
        "page_wait": "5",  # a loaded machine may be slow
        "rocketchat.url": chat.url,
        "rocketchat.admin_user_id": chat.admin_user_id,
        "rocketchat.admin_token": chat.admin_token,
        "rocketchat.token_secret": chat.token_secret if chat.chat.version >= (8, 0) else None,
    }
    prefix = "rocketchat_"
    for name, value in changed.items():
        settings[f"rocketchat.{name.removeprefix(prefix)}" if name.startswith(prefix) else name] = value
    return {name: value for name, value in settings.items() if value is not None}

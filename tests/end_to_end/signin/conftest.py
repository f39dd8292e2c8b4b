from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from chatsso_middleware.sandbox.directory import SETTINGS, RunningSandbox, serve
from tests.support.form_browser import FormBrowser
from tests.support.member_site import site_behind
from tests.support.servers import serving

from .chats import LinkedChat, running

ANN, BOB = "ann@example.com", "bob@example.com"
PASSWORDS = {"ann": "correct horse/+&", "bob": "battery staple"}
IDS = {ANN: "u-4711", BOB: "u-4712"}


@pytest.fixture
def directory() -> Iterator[RunningSandbox]:
    """The external system, which knows Ann and Bob."""
    with serve() as sandbox:
        for login, password in PASSWORDS.items():
            email = f"{login}@example.com"
            sandbox.people.add(login, password, id=IDS[email], email=email, name=f"{login.title()} Example")
        yield sandbox


StartChat = Callable[[str], LinkedChat]
StartSite = Callable[..., FormBrowser]
Another = Callable[[FormBrowser], FormBrowser]


@pytest.fixture
def start_chat() -> Iterator[StartChat]:
    """Starts one of `CHATS`."""
    with ExitStack() as stack:
        yield lambda name: stack.enter_context(running(name))


@pytest.fixture
def start_site(directory: RunningSandbox, tmp_path: Path) -> Iterator[StartSite]:
    """Serves a site without users of its own for a chat, and gives a browser that is about to visit it.

    Settings have ``signin__`` for the prefix of the section's keys.
    """
    with ExitStack() as stack:

        def start(
            chat: LinkedChat, entrance: str = "python", *, serve: Any = serving, **changed: Any
        ) -> FormBrowser:
            changed = {name.replace("signin__", "signin."): value for name, value in changed.items()}
            settings = {
                "providers": chat.provider,
                "identity": "signin",
                "secret": secrets.token_urlsafe(32),
                "outbox": f"sqlite:///{tmp_path}/outbox.sqlite3",
                "page_wait": "5",  # a loaded machine may be slow
                "signin.url": directory.login_url,
                **SETTINGS["plain"],
                **chat.settings,
                **changed,
            }
            app, site = site_behind(entrance, settings, {"chat": chat.url + chat.path}, tmp_path)
            stack.callback(site.stop)
            browser = FormBrowser(stack.enter_context(serve(app)))
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


def sign_in(browser: FormBrowser, login: str, **more: str) -> None:
    """Fill in the form that is shown."""
    browser.send(login=login, password=PASSWORDS[login], **more)

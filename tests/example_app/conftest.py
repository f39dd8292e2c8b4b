from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import html5lib
import pytest
import webtest
from sqlalchemy import select
from sqlalchemy.orm import Session

from chatsso_middleware.pyramid_addon import REGISTRY_KEY
from chatsso_middleware.sandbox.website_toolbox import RunningSandbox, serve
from example_app.database import User, open_database
from example_app.demo import SITE_SECRETS, Demo, demo_secrets
from tests.support.browser import Browser, Page
from tests.support.servers import serving

PASSWORD = "three odd words"


class Visitor:
    """Somebody on the site, without a socket in between. The chat is at the end of a real one."""

    def __init__(self, application: Any, database: str, room: RunningSandbox) -> None:
        self.application = application
        self.database = database
        self.room = room
        self.app = webtest.TestApp(application, extra_environ={"HTTP_ACCEPT": "text/html"})

    def another(self) -> Visitor:
        """Another person at another device."""
        return Visitor(self.application, self.database, self.room)

    def get(self, path: str, status: int = 200) -> Any:
        return self.app.get(path, status=status)

    def form(self, path: str) -> Any:
        """The form of the page that is sent to the page itself."""
        page = self.get(path)
        return next(form for form in page.forms.values() if form.action == path.partition("?")[0])

    def send(self, path: str, status: int | None = None, **fields: Any) -> Any:
        """Fill in the form at `path` and send it; no redirect is followed."""
        form = self.form(path)
        for name, value in fields.items():
            form[name] = value
        return form.submit(status=status)

    def sign_up(self, username: str = "Ann", email: str = "ann@example.com", password: str = PASSWORD) -> Any:
        return self.send("/signup", status=303, username=username, email=email, password=password)

    def log_in(self, email: str = "ann@example.com", password: str = PASSWORD, **fields: Any) -> Any:
        return self.send("/login", status=303, email=email, password=password, **fields)

    def log_out(self) -> Any:
        return self.send("/logout", status=303)

    def is_logged_in(self) -> bool:
        return bool(self.app.get("/profile").status_int == 200)

    def row(self, email: str = "ann@example.com") -> User | None:
        """What the database holds."""
        with Session(open_database(self.database)) as db:
            return db.scalar(select(User).where(User.email == email))


class Member(Browser):
    """Somebody in a browser, with real sockets to the site and to the chat."""

    def __init__(self, site: str, room: RunningSandbox) -> None:
        super().__init__(site)
        self.room = room

    def send(self, path: str, **fields: str) -> Page:
        """Fill in the form at `path`, send it and follow where it leads."""
        filled: dict[str, Any] = self.hidden(path) | fields
        return self.post(path.partition("?")[0], **filled)

    def hidden(self, path: str) -> dict[str, str]:
        """The hidden fields of the page's last form, its CSRF token among them."""
        document = html5lib.parse(self.get(path).source, namespaceHTMLElements=False)
        form = document.findall(".//form")[-1]
        found = [element for element in form.iter("input") if element.get("type") == "hidden"]
        return {element.get("name"): element.get("value") for element in found}

    def link(self, path: str, text: str) -> str:
        """Where the link with this text leads to from the page at `path`."""
        document = html5lib.parse(self.get(path, images=False).source, namespaceHTMLElements=False)
        [address] = [link.get("href") for link in document.iter("a") if link.text == text]
        return str(address)

    def in_chat_as(self) -> str:
        """Whom the chat takes this browser for; empty for nobody."""
        return self.get(f"{self.room.url}/").user


@pytest.fixture
def room() -> Iterator[RunningSandbox]:
    with serve() as sandbox:
        yield sandbox


@pytest.fixture
def make_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """The site as the ini of a chat configures it, with an empty database."""
    for name, value in demo_secrets(tmp_path, SITE_SECRETS).items():
        monkeypatch.setenv(name, value)
    with ExitStack() as stack:

        def make(addresses: dict[str, str], environment: dict[str, str], **options: Any) -> Any:
            for name, value in environment.items():
                monkeypatch.setenv(name, value)
            demo = Demo(var=tmp_path, **options)
            application = demo.application(addresses)
            middleware = application.registry[REGISTRY_KEY] if demo.noticed else application.site
            stack.callback(middleware.stop)
            return application

        yield make


@pytest.fixture
def make_application(make_site: Callable[..., Any], room: RunningSandbox) -> Callable[..., Any]:
    """The site with this test's chat room."""
    return partial(make_site, {"chat_address": room.url}, {"WEBSITE_TOOLBOX_API_KEY": room.api_key})


@pytest.fixture
def visitor(make_application: Callable[..., Any], room: RunningSandbox, tmp_path: Path) -> Visitor:
    return Visitor(make_application(), f"sqlite:///{tmp_path}/site.sqlite3", room)


@pytest.fixture(params=["explicit", "noticed"])
def either_visitor(
    request: pytest.FixtureRequest,
    make_application: Callable[..., Any],
    room: RunningSandbox,
    tmp_path: Path,
) -> Visitor:
    """A visitor of each variant of the site in turn."""
    application = make_application(noticed=request.param == "noticed")
    return Visitor(application, f"sqlite:///{tmp_path}/site.sqlite3", room)


@pytest.fixture(
    params=[
        pytest.param((noticed, delivery), id=f"{'noticed' if noticed else 'explicit'}-{delivery}")
        for noticed in (False, True)
        for delivery in ("direct", "gateway")
    ]
)
def member(
    request: pytest.FixtureRequest, make_application: Callable[..., Any], room: RunningSandbox
) -> Iterator[Member]:
    """A browser in front of each variant, with each delivery in turn."""
    noticed, delivery = request.param
    with serving(make_application(noticed=noticed, delivery=delivery)) as site:
        browser = Member(site, room)
        yield browser
        browser.close()

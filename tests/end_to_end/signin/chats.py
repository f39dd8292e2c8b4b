"""The chats that a login on the hosted page leads to: how each is set up, and asked who is in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from chatsso_middleware.sandbox import publica_la, rocketchat, typingmind, website_toolbox
from tests.support.chat_page import ChatPage, facts_of
from tests.support.form_browser import FormBrowser


class LinkedChat:
    """A chat that sends whoever wants to log in to an address of ours, and is entered by a link."""

    def __init__(
        self,
        provider: str,
        sandbox: Any,
        settings: Mapping[str, str],
        *,
        path: str = "/",
        shows: str = "email",
    ) -> None:
        """`path`: a page in the chat; `shows`: the field of the user that its pages show."""
        self.provider = provider
        self.sandbox = sandbox
        self.settings = {f"{provider}.{name}": value for name, value in settings.items()}
        self.path = path
        self.shows = shows

    @property
    def url(self) -> str:
        return str(self.sandbox.url)

    @property
    def destination(self) -> str:
        """Where a login ends."""
        return self.url + self.path

    def ask_for_login(self, browser: FormBrowser) -> None:
        """Do what the chat's pages do with whoever wants to log in."""
        browser.get(f"/chatsso/login?to={quote(self.path, safe='')}&provider={self.provider}", images=False)

    def enter(self, browser: FormBrowser) -> None:
        """Do what the page does that the login has led to."""

    def who(self, browser: FormBrowser) -> str:
        """Whom the chat's own page greets in this browser, when it is opened without a token."""
        return browser.get(f"{self.url}/", images=False).user


class FramedChat(LinkedChat):
    """A chat that shows our login in a frame of its own page, which a message then logs in."""

    def __init__(self, provider: str, sandbox: Any, settings: Mapping[str, str]) -> None:
        super().__init__(provider, sandbox, settings)
        self._pages: dict[FormBrowser, ChatPage] = {}

    def ask_for_login(self, browser: FormBrowser) -> None:
        self._page(browser).frame()

    def enter(self, browser: FormBrowser) -> None:
        message = facts_of(browser.shown)["message"]
        assert message["event"] == "login-with-token"
        self._page(browser).log_in({"loginToken": message["loginToken"]})

    @property
    def destination(self) -> str:
        return "/chatsso/rocketchat/frame?came_back=1"

    def who(self, browser: FormBrowser) -> str:
        page = self._page(browser)
        return page.resume() if page.kept_token else ""

    def _page(self, browser: FormBrowser) -> ChatPage:
        return self._pages.setdefault(browser, ChatPage(self.sandbox, browser))


CHATS = ("publica_la GET", "publica_la POST", "typingmind", "website_toolbox", "rocketchat")


@contextmanager
def running(name: str) -> Iterator[LinkedChat]:
    """One of `CHATS`, until the block ends."""
    provider, _, method = name.partition(" ")
    match provider:
        case "publica_la":
            with publica_la.serve() as store:
                settings = {
                    "url": store.url,
                    "issuer": store.issuer,
                    "key": store.key,
                    "method": method or "GET",
                }
                yield LinkedChat(provider, store, settings, path="/reader/night-trains?page=2", shows="id")
        case "typingmind":
            with typingmind.serve() as instance:
                yield LinkedChat(provider, instance, {"url": instance.url, "secret": instance.secret})
        case "website_toolbox":
            with website_toolbox.serve() as room:
                settings = {"url": room.url, "api_key": room.api_key}
                yield LinkedChat(provider, room, settings, path="/room/garden")
        case _:
            with rocketchat.serve() as chat:
                settings = {
                    "url": chat.url,
                    "admin_user_id": chat.admin_user_id,
                    "admin_token": chat.admin_token,
                    "token_secret": str(chat.token_secret),
                }
                yield FramedChat(provider, chat, settings)

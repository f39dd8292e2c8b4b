"""The page of a stand-in Rocket.Chat in one person's browser, without a window.

It does what published clients do with the network: it asks the API URL with the browser's cookies, logs in by
the realtime protocol with what it gets, and keeps the login token that it was given.
"""

from __future__ import annotations

import json
from typing import Any

import html5lib
import requests

from chatsso_middleware.sandbox.rocketchat import RunningSandbox
from tests.sandbox.rocketchat.clients import RealtimeClient

from .browser import Browser, Page

TOKEN = "/chatsso/rocketchat/token"
FRAME = "/chatsso/rocketchat/frame"
NOBODY = ""


class ChatPage:
    """The chat in the browser that visits the site as `browser`."""

    def __init__(self, chat: RunningSandbox, browser: Browser) -> None:
        self.chat = chat
        self.browser = browser
        self.kept_token = ""

    def ask(
        self, method: str = "POST", origin: str | None = None, path: str = TOKEN, **headers: str
    ) -> requests.Response:
        """One request to the API URL, from a page of the chat unless another `origin` is named."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.browser.session.request(
            method,
            self.browser.site + path,
            headers={"Origin": self.chat.url if origin is None else origin, "Accept": "*/*"} | named,
            timeout=20,
            allow_redirects=False,
        )

    def token(self) -> str:
        """The token that the API URL gives; empty for 401, and nothing else is right."""
        answer = self.ask()
        if answer.status_code == 401:
            assert answer.content == b""
            return ""
        assert answer.status_code == 200
        ((name, token),) = answer.json().items()
        assert name in ("loginToken", "token")
        assert isinstance(token, str)
        assert token
        return token

    def open(self) -> str:
        """The address of whoever is logged in once the page has done all that it does by itself."""
        if self.kept_token:
            return self.resume()
        answer = self.ask()
        return self.log_in(answer.json()) if answer.status_code == 200 else NOBODY

    def log_in(self, answer: dict[str, Any]) -> str:
        """Log in with what the API URL answered; gives the user's address, or nobody's if it is refused."""
        if "loginToken" in answer:
            return self._log_in({"resume": answer["loginToken"]})
        return self._log_in({"iframe": True, "token": answer["token"]})

    def resume(self) -> str:
        """Log in again with the token of the last login, as after a reload."""
        return self._log_in({"resume": self.kept_token})

    def log_out(self) -> None:
        """Log out in the chat, and run the script that its owner pasted there (`Custom_Script_On_Logout`)."""
        self.chat.chat.log_out(self.kept_token)
        self.kept_token = ""
        self.browser.get("/chatsso/logout?provider=rocketchat", images=False)

    def frame(self, query: str = "") -> Page:
        """What the chat shows in its frame."""
        return self.browser.get(FRAME + query, images=False, Sec_Fetch_Dest="iframe")

    def _log_in(self, how: dict[str, Any]) -> str:
        with RealtimeClient(self.chat) as client:
            answer = client.call("login", how)
        if "error" in answer:
            return NOBODY
        self.kept_token = answer["result"]["token"]
        user = self.chat.chat.user(answer["result"]["id"])
        assert user is not None
        return user.email


def facts_of(page: Page) -> dict[str, Any]:
    """What a frame's page tells its script."""
    document = html5lib.parse(page.source, namespaceHTMLElements=False)
    (element,) = (each for each in document.iter("script") if each.get("id") == "facts")
    facts: dict[str, Any] = json.loads(element.text)
    return facts


def title_of(page: Page) -> str:
    """The first heading of a page."""
    document = html5lib.parse(page.source, namespaceHTMLElements=False)
    return str(document.find(".//h1").text)


def form_fields(page: Page) -> dict[str, str]:
    """The hidden fields of the forms on a page."""
    document = html5lib.parse(page.source, namespaceHTMLElements=False)
    return {each.get("name"): each.get("value") for each in document.iter("input") if each.get("name")}

"""What `chatsso snippet rocketchat` prints, at work in the page of a chat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from webob import Request, Response

from chatsso_middleware.providers import SiteFacts
from chatsso_middleware.providers.rocketchat.snippets import logout_script
from chatsso_middleware.sandbox.rocketchat import ChatSettings, serve
from tests.support.servers import serving
from tests.support.window_waiting import wait_until

pytestmark = pytest.mark.browser


class Site:
    """Gives a token to whoever asks for one, and notes who leaves."""

    def __init__(self) -> None:
        self.token = ""
        self.left: list[str] = []

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        request = Request(environ)
        response = Response("<!DOCTYPE html><title>Site</title><h1>Goodbye</h1>")
        if request.path_info == "/chatsso/rocketchat/token":
            response = Response(json_body={"loginToken": self.token})
            response.headers["Access-Control-Allow-Origin"] = request.headers.get("Origin", "")
            response.headers["Access-Control-Allow-Credentials"] = "true"
        elif request.path_info == "/chatsso/logout":
            self.left.append(request.params.get("provider", ""))
        return response(environ, start_response)


def test_who_logs_out_in_the_chat_comes_to_the_sites_logout(chromium: webdriver.Chrome) -> None:
    site = Site()
    with serving(site) as site_url, serve(site_url=site_url) as sandbox:
        facts = SiteFacts(
            site_url=site_url, mount="/chatsso", login_url=None, logout_url=None, cookie_samesite="lax"
        )
        snippet = logout_script(facts, "rocketchat").text
        settings = ChatSettings.of_site(site_url)
        sandbox.chat.settings = replace(settings, script_on_logout=snippet)
        ann = sandbox.chat.add_user("ann")
        site.token = sandbox.chat.mint_token(ann).token
        chromium.get(f"{sandbox.url}/home")
        whoami = chromium.find_element(By.ID, "whoami")
        wait_until(chromium, lambda: whoami.get_attribute("data-user") == "ann")
        chromium.find_element(By.ID, "log-out").click()
        address = f"{site_url}/chatsso/logout?provider=rocketchat"
        wait_until(chromium, lambda: chromium.current_url == address)
        assert site.left == ["rocketchat"]
        assert sandbox.chat.tokens_of(ann) == ()

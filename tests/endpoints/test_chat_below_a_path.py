"""A chat that is not alone on its host: what else lives there gets no token."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.flow import World, make_world
from tests.support.provider_pages import BrowserAtPages, Pages

ANN = "ann@example.com"
HOST = "https://tagless.example"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with make_world(tmp_path, Pages()) as world:
        yield world


@pytest.fixture
def browser(world: World) -> BrowserAtPages:
    browser = BrowserAtPages(world.flow(), world.outbox)
    browser.log_in(ANN)
    return browser


def way(browser: BrowserAtPages, to: str, path: str = "/go") -> str:
    answer = browser.get(f"{path}?to={quote(to, safe='')}&provider=pages")
    assert answer.status == "302 Found"
    return answer.header("Location") or ""


@pytest.mark.parametrize("path", ["/go", "/login"])
@pytest.mark.parametrize("to", ["/base", "/base/", "/base/channel?a=b", "/elsewhere/../base/x"])
def test_its_own_pages_get_a_token(browser: BrowserAtPages, path: str, to: str) -> None:
    assert way(browser, to, path).startswith(HOST + to)
    assert f"key={quote(ANN)}" in way(browser, to, path)


@pytest.mark.parametrize("path", ["/go", "/login"])
@pytest.mark.parametrize(
    "to", ["/", "/elsewhere", "/based", "/base/../x", "/base/%2e%2E/x", "/base/..?/base/"]
)
def test_another_page_of_the_host_is_reached_without_one(
    browser: BrowserAtPages, world: World, path: str, to: str
) -> None:
    assert way(browser, to, path) == HOST + to


def test_without_a_path_the_way_leads_to_the_chat_itself(browser: BrowserAtPages) -> None:
    assert (browser.get("/go?provider=pages").header("Location") or "").startswith(f"{HOST}/base/?key=")

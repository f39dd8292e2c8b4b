"""A click, and where it leads: the provider's entrance in a browser's hands, at the stand-in store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import requests

from chatsso_middleware.providers.base import Entrance
from chatsso_middleware.providers.publica_la import PublicaLa
from chatsso_middleware.sandbox.publica_la import RunningSandbox, serve
from chatsso_middleware.secret import Secret
from chatsso_middleware.users import ChatUser
from tests.sandbox.chat_client import Page

MakeStore = Callable[..., PublicaLa]

ANN = ChatUser("ann@example.com", id="4711", avatar_url="https://site.test/ann.png")


@pytest.fixture
def sandbox(hand_clock: Callable[[], float]) -> Iterator[RunningSandbox]:
    with serve(issuer="my-site", clock=hand_clock) as running:
        yield running


@pytest.fixture
def browser() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


def follow(browser: requests.Session, entrance: Entrance) -> requests.Response:
    """As a browser does: to the address by GET, or with the fields by POST; and on where it leads."""
    if entrance.fields:
        return browser.post(entrance.address, data=dict(entrance.fields), timeout=10)
    return browser.get(entrance.address, timeout=10)


def whoami(browser: requests.Session, sandbox: RunningSandbox) -> str:
    return Page(browser.get(sandbox.url, timeout=10).text).user


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_click_logs_the_right_user_in_where_the_link_leads(
    make_store: MakeStore, sandbox: RunningSandbox, browser: requests.Session, method: str
) -> None:
    store = make_store(
        url=sandbox.url, key=Secret(sandbox.key), method=method, exit_url="https://site.test/my-books"
    )
    page = follow(browser, store.entrance(ANN, "/reader/night-trains?page=2", remember=False))
    assert page.url == f"{sandbox.url}/reader/night-trains?page=2"
    assert Page(page.text).one(".//*[@id='exit']").get("href") == "https://site.test/my-books"
    assert whoami(browser, sandbox) == "4711"
    user = sandbox.store.user("4711")
    assert user is not None
    assert (user.email, user.picture_url) == ("ann@example.com", "https://site.test/ann.png")


def test_an_entrance_works_once_and_the_next_click_again(
    make_store: MakeStore, sandbox: RunningSandbox, browser: requests.Session
) -> None:
    store = make_store(url=sandbox.url, key=Secret(sandbox.key))
    entrance = store.entrance(ANN, "/", remember=False)
    follow(browser, entrance)
    browser.cookies.clear()
    assert follow(browser, entrance).status_code == 403
    assert whoami(browser, sandbox) == ""
    follow(browser, store.entrance(ANN, "/", remember=False))
    assert whoami(browser, sandbox) == "4711"


def test_the_longest_life_is_taken_from_its_first_second_on(
    make_store: MakeStore, sandbox: RunningSandbox, browser: requests.Session
) -> None:
    store = make_store(url=sandbox.url, key=Secret(sandbox.key), expires=timedelta(hours=1))
    follow(browser, store.entrance(ANN, "/", remember=False))
    assert whoami(browser, sandbox) == "4711"


def test_an_entrance_that_waited_too_long_leads_nowhere(
    make_store: MakeStore, sandbox: RunningSandbox, browser: requests.Session, hand_clock: object
) -> None:
    store = make_store(url=sandbox.url, key=Secret(sandbox.key))
    entrance = store.entrance(ANN, "/", remember=False)
    hand_clock.now += 60  # type: ignore[attr-defined]  # the fixture's class lives in a conftest
    assert follow(browser, entrance).status_code == 403
    assert sandbox.calls[-1].outcome == "Nobody was logged in: the token has expired."


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [
        ("issuer", "another-site", "iss is not \u201cmy-site\u201d"),
        ("key", Secret("another-key-of-more-than-32-characters"), "the token is signed with another key"),
    ],
)
def test_an_entrance_of_another_site_leads_nowhere(
    make_store: MakeStore,
    sandbox: RunningSandbox,
    browser: requests.Session,
    option: str,
    value: object,
    reason: str,
) -> None:
    store = make_store(**{"url": sandbox.url, "key": Secret(sandbox.key), option: value})
    assert follow(browser, store.entrance(ANN, "/", remember=False)).status_code == 403
    assert sandbox.calls[-1].outcome == f"Nobody was logged in: {reason}."
    assert sandbox.store.users == ()


def test_the_check_of_the_settings_finds_the_store_and_logs_nobody_in(
    make_store: MakeStore, hand_clock: Callable[[], float]
) -> None:
    with serve(site_url="http://127.0.0.1:6543", clock=hand_clock) as sandbox:
        found = make_store(url=sandbox.url).probe()
        assert found.startswith("the store answered with a redirect to 127.0.0.1 (status 302)")
        assert sandbox.store.users == ()


def test_a_key_that_is_short_works_at_both_ends(
    make_store: MakeStore, hand_clock: Callable[[], float], browser: requests.Session
) -> None:
    with serve(issuer="my-site", key="sixteen-octets!!", clock=hand_clock) as sandbox:
        store = make_store(url=sandbox.url, key=Secret("sixteen-octets!!"))
        follow(browser, store.entrance(ANN, "/", remember=False))
        assert whoami(browser, sandbox) == "4711"

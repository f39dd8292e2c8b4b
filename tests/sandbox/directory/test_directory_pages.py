from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from chatsso_middleware.sandbox.directory import RunningSandbox, serve


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with serve() as running:
        yield running


def get(sandbox: RunningSandbox, path: str) -> requests.Response:
    return requests.get(sandbox.url + path, timeout=10)


def test_its_people_are_shown_without_their_passwords(sandbox: RunningSandbox) -> None:
    assert "Nobody yet" in get(sandbox, "/").text
    sandbox.people.add("ann", "canary", name="Ann <b>Example</b>", state="locked")
    page = get(sandbox, "/").text
    assert "Ann &lt;b&gt;Example&lt;/b&gt;" in page
    assert "ann@example.com" in page
    assert "locked" in page
    assert "canary" not in page
    assert "nobody's product" in page


def test_its_calls_are_shown_the_newest_first(sandbox: RunningSandbox) -> None:
    assert "No call has come yet" in get(sandbox, "/sandbox/calls").text
    for login in ("ann", "bob"):
        requests.post(sandbox.login_url, data={"login": login, "password": "canary"}, timeout=10)
    page = get(sandbox, "/sandbox/calls").text
    assert 0 < page.index("bob") < page.index("ann")
    assert "canary" not in page
    assert [call["success"] for call in get(sandbox, "/sandbox/calls.json").json()["calls"]] == [False, False]


def test_pages_load_nothing_but_the_stylesheet(sandbox: RunningSandbox) -> None:
    page = get(sandbox, "/")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert get(sandbox, "/sandbox/style.css").headers["Content-Type"] == "text/css; charset=utf-8"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("POST", "/", 405), ("GET", "/%ff", 400), ("HEAD", "/", 200)],
)
def test_other_addresses_and_methods_have_their_statuses(
    sandbox: RunningSandbox, method: str, path: str, status: int
) -> None:
    answer = requests.request(method, sandbox.url + path, timeout=10)
    assert answer.status_code == status
    assert answer.headers.get("Allow") == ("GET" if status == 405 else None)


def test_a_directory_that_was_stopped_starts_again_on_its_port(sandbox: RunningSandbox) -> None:
    sandbox.stop()
    with pytest.raises(requests.ConnectionError):
        get(sandbox, "/")
    sandbox.start()
    assert get(sandbox, "/").status_code == 200

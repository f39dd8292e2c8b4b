from __future__ import annotations

import json
import statistics
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from chatsso_middleware.sandbox.directory import RunningSandbox, serve


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with serve() as running:
        running.people.add("ann", "sesame", id="u-1", email="ann@example.com", name="Ann Example")
        yield running


def log_in(sandbox: RunningSandbox, login: str = "ann", password: str = "sesame") -> requests.Response:
    return requests.post(sandbox.login_url, json={"login": login, "password": password}, timeout=10)


ANN = {"id": "u-1", "email": "ann@example.com", "username": "ann", "name": "Ann Example"}
WRONG = {"error": "INVALID_CREDENTIALS", "message": "No account has this login and password."}


def test_a_login_is_taken_as_json_as_a_form_in_the_query_and_by_basic(sandbox: RunningSandbox) -> None:
    fields = {"login": "ann", "password": "sesame"}
    answers = [
        requests.post(sandbox.login_url, json=fields, timeout=10),
        requests.post(sandbox.login_url, data=fields, timeout=10),
        requests.get(sandbox.login_url, params=fields, timeout=10),
        requests.get(sandbox.login_url, auth=("ann", "sesame"), timeout=10),
    ]
    assert [(answer.status_code, answer.json()) for answer in answers] == [(200, ANN)] * 4
    assert {str(call.parameters) for call in sandbox.calls} == {"{'login': 'ann', 'password': '***'}"}
    assert {call.outcome for call in sandbox.calls} == {"Accepted."}


@pytest.mark.parametrize(
    ("login", "password"), [("ann", "wrong"), ("nobody", "sesame"), ("nobody", ""), ("ann", "")]
)
def test_a_wrong_password_and_an_unknown_login_are_answered_alike(
    sandbox: RunningSandbox, login: str, password: str
) -> None:
    answer = log_in(sandbox, login, password)
    assert (answer.status_code, answer.json()) == (401, WRONG)


def test_an_unknown_login_takes_as_long_as_a_wrong_password(sandbox: RunningSandbox) -> None:
    taken: dict[str, list[float]] = {"ann": [], "nobody": []}
    for _ in range(50):
        for login, seconds in taken.items():
            started = time.perf_counter()
            assert sandbox.people.verify(login, "wrong") is None
            seconds.append(time.perf_counter() - started)
    known, unknown = (statistics.median(seconds) for seconds in taken.values())
    assert 0.2 < known / unknown < 5


@pytest.mark.parametrize(("state", "code"), [("locked", "LOCKED"), ("expired", "EXPIRED")])
def test_states_have_codes_which_only_the_right_password_learns(
    sandbox: RunningSandbox, state: Any, code: str
) -> None:
    sandbox.people.change("ann", state=state)
    answer = log_in(sandbox)
    assert (answer.status_code, answer.json()["error"]) == (403, code)
    assert log_in(sandbox, password="wrong").json() == WRONG
    sandbox.directory.shape = "nested"
    answer = log_in(sandbox)
    assert (answer.status_code, answer.json()["status"], answer.json()["error"]["code"]) == (
        200,
        "error",
        code,
    )


def test_the_nested_shape_has_the_facts_deep_inside(sandbox: RunningSandbox) -> None:
    sandbox.directory.shape = "nested"
    sandbox.people.change("ann", avatar_url="https://example.com/ann.png")
    assert log_in(sandbox).json() == {
        "status": "ok",
        "data": {
            "user": {
                "uuid": "u-1",
                "contact": {"email": "ann@example.com"},
                "names": {"full": "Ann Example", "login": "ann"},
                "picture": "https://example.com/ann.png",
            }
        },
    }


@pytest.mark.parametrize("identifier", [None, 17, True, ["u-1"], {"value": 1}, ""])
def test_an_identifier_may_be_missing_or_of_any_type(sandbox: RunningSandbox, identifier: Any) -> None:
    sandbox.people.change("ann", id=identifier)
    assert log_in(sandbox).json().get("id") == identifier
    assert ("id" in log_in(sandbox).json()) is (identifier is not None)


def test_an_account_without_facts_gets_some_of_its_own(sandbox: RunningSandbox) -> None:
    assert sandbox.people.add("bob", "open").email == "bob@example.com"
    assert sandbox.people.add("eve@example.org", "open").email == "eve@example.org"
    assert [person.id for person in sandbox.people] == ["u-1", "1002", "1003"]
    assert sandbox.people["bob"].login == "bob"
    sandbox.people.add("bob", "shut", id="u-2")
    assert log_in(sandbox, "bob", "open").status_code == 401
    assert log_in(sandbox, "bob", "shut").json()["id"] == "u-2"


@pytest.mark.parametrize(("login", "password"), [("", "x"), ("x", "")])
def test_an_account_needs_a_login_and_a_password(sandbox: RunningSandbox, login: str, password: str) -> None:
    with pytest.raises(ValueError, match="needs a login and a password"):
        sandbox.people.add(login, password)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b'{"login": "ann", "password": 7}', "application/json"),
        (b'{"login": "ann"}', "application/json"),
        (b"\xff", "application/json"),
        (b"[" * 5_000, "application/json"),
        (b"login=ann", "application/x-www-form-urlencoded"),
        (b"login=ann&password=sesame", "text/plain"),
        (b"a=1&" * 200, "application/x-www-form-urlencoded"),
        (b"", ""),
    ],
)
def test_other_bodies_are_malformed(sandbox: RunningSandbox, body: bytes, content_type: str) -> None:
    answer = requests.post(sandbox.login_url, data=body, headers={"Content-Type": content_type}, timeout=10)
    assert (answer.status_code, answer.json()["error"]) == (400, "MALFORMED")
    assert sandbox.calls[-1].outcome == "The fields login and password are asked for."


@pytest.mark.parametrize("credentials", ["%%%", "YW5u", "/w=="])
def test_a_basic_header_that_cannot_be_read_is_malformed(sandbox: RunningSandbox, credentials: str) -> None:
    headers = {"Authorization": f"Basic {credentials}"}
    assert requests.get(sandbox.login_url, headers=headers, timeout=10).json()["error"] == "MALFORMED"


def test_a_key_may_be_asked_for_and_fields_may_have_other_names() -> None:
    with serve(api_key="k-1", login_field="mail", password_field="pass") as sandbox:
        sandbox.people.add("ann", "sesame")
        fields = {"mail": "ann", "pass": "sesame"}
        for key, status in (("", 403), ("k-2", 403), ("k-1", 200)):
            headers = {"X-Api-Key": key}
            assert (
                requests.post(sandbox.login_url, json=fields, headers=headers, timeout=10).status_code
                == status
            )
        assert [call.parameters for call in sandbox.calls] == [{"mail": "ann", "pass": "***"}] * 3


def test_a_password_under_a_wrong_name_is_not_shown_either(sandbox: RunningSandbox) -> None:
    requests.post(sandbox.login_url, json={"login": "ann", "pwd": "canary"}, timeout=10)
    shown = requests.get(f"{sandbox.url}/sandbox/calls.json", timeout=10).text
    assert json.loads(shown)["calls"][0]["parameters"] == {"login": "ann", "pwd": "***"}


def test_other_methods_are_refused(sandbox: RunningSandbox) -> None:
    answer = requests.put(sandbox.login_url, json={}, timeout=10)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")


def test_it_misbehaves_on_demand_and_recovers(sandbox: RunningSandbox) -> None:
    sandbox.directory.fail_with(status=503, headers=(("Retry-After", "7"),), times=1)
    answer = log_in(sandbox)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "7")
    assert sandbox.calls[-1].outcome == "Misbehaved, as fail_with asked for."
    assert log_in(sandbox).status_code == 200
    sandbox.directory.fail_with(delay=0.01)
    assert log_in(sandbox).status_code == 200


def test_a_shape_that_is_not_known_is_refused() -> None:
    with pytest.raises(ValueError, match="plain or nested"), serve(shape="round"):  # type: ignore[arg-type]
        pass

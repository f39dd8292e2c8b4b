"""The call itself: what is sent, and what becomes of an external system that fails."""

from __future__ import annotations

import json
import logging
import ssl
import threading
from typing import Any

import pytest
import trustme
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from chatsso_middleware.providers import ChatAPI
from chatsso_middleware.providers.breaker import FAILURES_IN_A_ROW, SECONDS_BETWEEN_PROBES
from chatsso_middleware.sandbox.directory import SETTINGS, RunningSandbox, serve
from chatsso_middleware.secret import Secret
from chatsso_middleware.signin import Accepted, Down, Refused, make_sign_in
from chatsso_middleware.users import ChatUser
from tests.signin.conftest import MakeSignIn
from tests.signin.written import SITE_KEY, attempt, read, said

ANN = ChatUser(email="ann@example.com", username="ann", name="Ann Example", id="u-1")
CANARY = "canary-5e5ame"
OK = {"user": {"id": "u-1", "email": "ann@example.com"}}


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def sent(server: HTTPServer) -> Request:
    """The one request that came."""
    [(request, _)] = server.log
    return request


@pytest.mark.parametrize("body", ["json", "form"])
@pytest.mark.parametrize("shape", ["plain", "nested"])
def test_whoever_the_directory_knows_gets_in(make: MakeSignIn, body: str, shape: Any) -> None:
    with serve(shape=shape) as sandbox:
        sandbox.people.add("ann", "sesame", id="u-1", name="Ann Example")
        settings = {
            key.removeprefix("signin."): value for key, value in SETTINGS[sandbox.directory.shape].items()
        }
        sign_in = make({**settings, "url": sandbox.login_url, "body": body})
        assert attempt(sign_in) == Accepted(ANN)
        wrong, nobody = attempt(sign_in, password="wrong"), attempt(sign_in, login="nobody")
        assert wrong == nobody
        assert isinstance(wrong, Refused)
        assert [call.parameters for call in sandbox.calls] == [
            {"login": "ann", "password": "***"},
            {"login": "ann", "password": "***"},
            {"login": "nobody", "password": "***"},
        ]


def test_json_values_are_always_strings(
    make: MakeSignIn, httpserver: HTTPServer, scripted: dict[str, Any]
) -> None:
    httpserver.expect_request("/login").respond_with_json(OK)
    sign_in = make({**scripted, "field.tenant": "7", "header.Accept": "application/vnd.example+json"})
    login, password = '17", "admin": "1', '{"$ne": null}'
    assert isinstance(attempt(sign_in, login, password), Accepted)
    request = sent(httpserver)
    assert json.loads(request.data) == {"mail": login, "pass": password, "tenant": "7"}
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Accept"] == "application/vnd.example+json"


def test_a_form_carries_any_character(
    make: MakeSignIn, httpserver: HTTPServer, scripted: dict[str, Any]
) -> None:
    httpserver.expect_request("/login").respond_with_json(OK)
    password = "ä&pass=x=1;\x00\r\n+%41 "
    assert isinstance(attempt(make({**scripted, "body": "form"}), "ann&admin=1", password), Accepted)
    assert sent(httpserver).form.to_dict() == {"mail": "ann&admin=1", "pass": password}


def test_with_get_the_fields_stand_behind_the_query_of_the_address(
    make: MakeSignIn, httpserver: HTTPServer, scripted: dict[str, Any]
) -> None:
    httpserver.expect_request("/login").respond_with_json(OK)
    url = httpserver.url_for("/login?do=verify")
    assert isinstance(attempt(make({**scripted, "method": "GET", "url": url}), "ann&do=x"), Accepted)
    request = sent(httpserver)
    assert request.args.to_dict(flat=False) == {"do": ["verify"], "mail": ["ann&do=x"], "pass": ["sesame"]}
    assert request.data == b""


def test_headers_carry_keys_and_what_was_entered_in_utf_8(
    make: MakeSignIn, httpserver: HTTPServer, scripted: dict[str, Any]
) -> None:
    httpserver.expect_request("/login").respond_with_json(OK)
    headers = {
        "header.X-Api-Key": "k{{1}}",
        "header.X-User": "{login}",
        "header.Authorization": "Basic {basic}",
    }
    assert isinstance(attempt(make({**scripted, **headers}), "änn", "ses:äme"), Accepted)
    request = sent(httpserver)
    assert request.headers["X-Api-Key"] == "k{1}"
    assert request.headers["X-User"].encode("latin-1").decode() == "änn"
    assert request.authorization is not None
    assert (request.authorization.username, request.authorization.password) == ("änn", "ses:äme")


@pytest.mark.parametrize("password", ["a\r\nX-Admin: 1", "a\nb", "a\x00b", " starts", "ends ", "a\x7fb"])
def test_what_no_header_can_carry_is_wrong_without_a_call(
    make: MakeSignIn, httpserver: HTTPServer, scripted: dict[str, Any], password: str
) -> None:
    httpserver.expect_request("/login").respond_with_json(OK)
    sign_in = make({**scripted, "header.X-Password": "{password}", "message.401": "Wrong."})
    assert attempt(sign_in, password=password) == Refused("Wrong.", "401", "credentials")
    assert httpserver.log == []


def test_a_colon_in_the_login_cannot_shift_the_border_in_a_basic_header(
    make: MakeSignIn, httpserver: HTTPServer, scripted: dict[str, Any]
) -> None:
    httpserver.expect_request("/login").respond_with_json(OK)
    sign_in = make({**scripted, "header.Authorization": "Basic {basic}"})
    assert isinstance(attempt(sign_in, "ann:se", "same"), Refused)
    assert httpserver.log == []


def test_the_sandbox_takes_a_basic_header_and_asks_for_its_key(make: MakeSignIn) -> None:
    with serve(api_key="k-1") as sandbox:
        sandbox.people.add("ann", "sesame", id="u-1", name="Ann Example")
        settings = {
            "url": sandbox.login_url,
            "method": "GET",
            "header.Authorization": "Basic {basic}",
            "user.id": "id",
            "user.email": "email",
        }
        assert isinstance(attempt(make(settings)), Refused)
        assert isinstance(attempt(make({**settings, "header.X-Api-Key": "k-1"})), Accepted)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"delay": 30}, "gave no whole answer within"),
        ({"status": 503}, "answered with status 503"),
        ({"status": 500}, "answered with status 500"),
        (
            {"body": "<!DOCTYPE html><h1>Maintenance</h1>"},
            "answered HTML instead of a JSON object (status 200)",
        ),
        ({"body": "", "content_type": "application/json"}, "answered nothing instead of a JSON object"),
        ({"body": '["u-1"]', "content_type": "application/json"}, "answered a bare JSON value"),
        ({"body": '{"id": "u-1",', "content_type": "application/json"}, "answered malformed JSON"),
        ({"body": b"\xff{}", "content_type": "application/json"}, "answered something else"),
        ({"body": "{" + " " * 70_000 + "}"}, "answered more than 65536 bytes"),
        (
            {"status": 302, "headers": (("Location", "https://evil.example/?p=1"),)},
            "a redirect to evil.example",
        ),
        ({"refuse": True}, "answered HTML instead of a JSON object (status 403)"),
        ({"status": 404}, "answered HTML instead of a JSON object (status 404)"),
        ({"status": 405, "body": "{}"}, "does not take the call (status 405)"),
        ({"status": 415, "body": "{}"}, "does not take the call (status 415)"),
        ({"status": 429, "headers": (("Retry-After", "7"),)}, "limits our calls (429)"),
    ],
)
def test_a_directory_that_fails_is_not_the_visitors_fault(
    make: MakeSignIn,
    sandbox: RunningSandbox,
    settings: dict[str, Any],
    fault: dict[str, Any],
    words: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    sign_in = make({**settings, "message.unavailable": "Come back later."}, timeout=1)
    sandbox.directory.fail_with(**fault)
    with caplog.at_level(logging.WARNING):
        outcome = attempt(sign_in)
    assert isinstance(outcome, Down)
    assert outcome.message == "Come back later."
    assert outcome.retry_after == (7 if fault.get("status") == 429 else None)
    [line] = said(caplog)
    assert words in line
    sandbox.directory.recover()
    assert isinstance(attempt(sign_in), Accepted)


def test_a_directory_that_is_not_there_is_down(
    make: MakeSignIn, sandbox: RunningSandbox, settings: dict[str, Any]
) -> None:
    sign_in = make(settings)
    sandbox.stop()
    assert attempt(sign_in) == Down(None, None)
    sandbox.start()
    assert isinstance(attempt(sign_in), Accepted)


def test_a_status_of_a_failure_may_have_a_message_of_its_own(
    make: MakeSignIn, sandbox: RunningSandbox, settings: dict[str, Any]
) -> None:
    sign_in = make({**settings, "message.503": "We are moving house.", "message.unavailable": "Later."})
    sandbox.directory.fail_with(status=503, headers=(("Retry-After", "120"),))
    assert attempt(sign_in) == Down("We are moving house.", 120)
    assert attempt(sign_in) == Down("Later.", 120)  # it was not asked again, so it said nothing


def test_a_login_is_sent_once_however_it_fails(
    make: MakeSignIn, sandbox: RunningSandbox, settings: dict[str, Any]
) -> None:
    sign_in = make(settings)
    sandbox.directory.fail_with(status=502)
    assert isinstance(attempt(sign_in), Down)
    assert len(sandbox.calls) == 1


def test_a_directory_that_is_down_is_left_alone_and_found_again(
    make: MakeSignIn, sandbox: RunningSandbox, settings: dict[str, Any]
) -> None:
    clock = Clock()
    sign_in = make(settings, clock=clock)
    sandbox.directory.fail_with(status=503)
    for _ in range(FAILURES_IN_A_ROW + 5):
        assert isinstance(attempt(sign_in), Down)
    assert len(sandbox.calls) == FAILURES_IN_A_ROW
    sandbox.directory.recover()
    down = attempt(sign_in)
    assert isinstance(down, Down)
    assert down.retry_after == SECONDS_BETWEEN_PROBES
    clock.now += SECONDS_BETWEEN_PROBES
    assert isinstance(attempt(sign_in), Accepted)


@pytest.mark.parametrize("status", [429, 500])
def test_what_may_concern_one_login_keeps_nobody_else_out(
    make: MakeSignIn, httpserver: HTTPServer, scripted: dict[str, Any], status: int
) -> None:
    def answer(request: Request) -> Response:
        if request.get_json()["mail"] == "attacker":
            return Response("{}", status, {"Retry-After": "300"})
        return Response(json.dumps(OK))

    httpserver.expect_request("/login").respond_with_handler(answer)
    sign_in = make(scripted)
    for _ in range(2 * FAILURES_IN_A_ROW):
        assert attempt(sign_in, "attacker") == Down(None, 300)
    assert isinstance(attempt(sign_in), Accepted)


@pytest.mark.parametrize("trusted", [True, False])
def test_certificates_are_verified(
    make: MakeSignIn, scripted: dict[str, Any], trusted: bool, tmp_path: Any, caplog: pytest.LogCaptureFixture
) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with HTTPServer(host="127.0.0.1", ssl_context=context) as server:
        server.expect_request("/login").respond_with_json(OK)
        api = ChatAPI("signin", timeout=5, verify=str(tmp_path / "ca.pem") if trusted else True)
        options = read({**scripted, "url": server.url_for("/login")})
        sign_in = make_sign_in(options, api, store="memory:", key=Secret(SITE_KEY))
        outcome = attempt(sign_in)
        sign_in.close()
    assert isinstance(outcome, Accepted if trusted else Down)
    assert trusted or "certificate that cannot be trusted" in caplog.text


def test_many_attempts_at_once_all_get_their_own_answer(
    make: MakeSignIn, sandbox: RunningSandbox, settings: dict[str, Any]
) -> None:
    people = [f"person{number}" for number in range(24)]
    for login in people:
        sandbox.people.add(login, f"secret of {login}", id=login)
    sign_in = make(settings, timeout=20)
    found: dict[str, object] = {}

    def try_one(login: str) -> None:
        found[login] = attempt(sign_in, login, f"secret of {login}")

    threads = [threading.Thread(target=try_one, args=(login,)) for login in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(isinstance(outcome, Accepted) and outcome.user.id == login for login, outcome in found.items())
    assert len(found) == len(people)


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_neither_login_nor_password_nor_key_stands_in_any_log_line(
    make: MakeSignIn,
    sandbox: RunningSandbox,
    settings: dict[str, Any],
    method: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    sign_in = make(
        {**settings, "method": method, "header.X-Api-Key": f"{CANARY}-key", "header.X-Pass": "{password}"}
    )
    faults: list[dict[str, Any]] = [
        {},
        {"status": 500, "body": CANARY},
        {"body": CANARY},
        {"body": json.dumps({"error": CANARY}), "status": 403},
        {"body": json.dumps({"error": f"no {CANARY} here"}), "status": 401},
        {"body": json.dumps({"id": [CANARY]})},
        {"body": json.dumps({"id": "1", "email": CANARY})},
        {"body": json.dumps({"id": "1", "email": "a@example.com", "name": [CANARY]})},
        {"status": 302, "headers": (("Location", f"/{CANARY}"),)},
    ]
    for fault in faults:
        sandbox.directory.fail_with(**fault)
        attempt(sign_in, CANARY, CANARY)
        attempt(sign_in, "ann\n", f"{CANARY}\r\n")
    sandbox.stop()
    attempt(sign_in, CANARY, CANARY)
    assert len(caplog.records) > len(faults)
    written = "\n".join(f"{record.getMessage()} {record.args} {record.exc_text}" for record in caplog.records)
    assert CANARY not in written

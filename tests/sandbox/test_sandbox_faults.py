from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest
import requests

if TYPE_CHECKING:
    from tests.sandbox.chat_client import ChatClient

GENERATE = "/sso/token/generate"


def generate(client: ChatClient) -> requests.Response:
    form = {"apikey": client.sandbox.api_key, "email": "ann@example.com"}
    return requests.post(client.sandbox.url + GENERATE, data=form, timeout=30)


def test_a_message_is_well_formed_json_without_success(client: ChatClient) -> None:
    client.sandbox.room.fail_with(message="Not today")
    response = generate(client)
    assert response.status_code == 200
    assert response.json() == {"success": False, "message": "Not today"}
    assert client.sandbox.room.accounts == ()
    assert client.sandbox.calls[-1].success is False
    assert client.sandbox.calls[-1].parameters["email"] == "ann@example.com"


def test_a_body_can_be_anything(client: ChatClient) -> None:
    client.sandbox.room.fail_with(body="<h1>Oops</h1>")
    response = generate(client)
    assert (response.status_code, response.text) == (200, "<h1>Oops</h1>")
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    client.sandbox.room.fail_with(body=b'{"success": "true"', content_type="application/json", status=201)
    response = generate(client)
    assert (response.status_code, response.content) == (201, b'{"success": "true"')
    assert response.headers["Content-Type"] == "application/json"


def test_a_refusal_is_a_403_with_a_page(client: ChatClient) -> None:
    client.sandbox.room.fail_with(refuse=True)
    response = generate(client)
    assert response.status_code == 403
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert client.sandbox.calls[-1].status == 403


def test_a_status_can_come_with_headers(client: ChatClient) -> None:
    client.sandbox.room.fail_with(status=429, headers=(("Retry-After", "7"),))
    response = generate(client)
    assert (response.status_code, response.headers["Retry-After"]) == (429, "7")


def test_a_delay_alone_gives_the_true_answer_late(client: ChatClient) -> None:
    client.sandbox.room.fail_with(delay=0.2)
    begun = time.monotonic()
    response = generate(client)
    assert time.monotonic() - begun >= 0.2
    assert response.json()["success"] is True


def test_recovering_lets_go_of_answers_that_are_held_back(client: ChatClient) -> None:
    client.sandbox.room.fail_with(delay=60, status=503)
    answers: list[int] = []
    waiting = threading.Thread(target=lambda: answers.append(generate(client).status_code))
    waiting.start()
    client.sandbox.room.faults.wait_until_held_back()
    assert answers == []
    client.sandbox.room.recover()
    waiting.join(timeout=30)
    assert answers == [503]
    assert generate(client).json()["success"] is True


def test_waiting_for_a_request_that_does_not_come_ends_with_an_error(client: ChatClient) -> None:
    client.sandbox.room.fail_with(delay=60)
    with pytest.raises(TimeoutError, match="0 of 1 answers"):
        client.sandbox.room.faults.wait_until_held_back(timeout=0.01)


def test_a_new_fault_takes_the_place_of_the_one_before(client: ChatClient) -> None:
    client.sandbox.room.fail_with(status=503)
    client.sandbox.room.fail_with(status=500)
    assert generate(client).status_code == 500


def test_a_fault_can_be_counted(client: ChatClient) -> None:
    client.sandbox.room.fail_with(status=503, times=2)
    assert [generate(client).status_code for _ in range(3)] == [503, 503, 200]


def test_a_fault_holds_for_the_api_and_the_tags_unless_told_otherwise(client: ChatClient) -> None:
    token = client.token()
    client.sandbox.room.fail_with(status=503)
    assert client.load_login_tag(token).status_code == 503
    assert client.get("/").status_code == 200
    client.sandbox.room.fail_with(status=503, on="/")
    assert client.get("/").status_code == 503
    client.sandbox.room.fail_with(status=503, on="/sso/user/")
    assert client.load_login_tag(token).status_code == 200


def test_two_kinds_of_answer_at_once_are_a_mistake(client: ChatClient) -> None:
    with pytest.raises(ValueError, match="exclude each other"):
        client.sandbox.room.fail_with(refuse=True, message="no")
    assert generate(client).json()["success"] is True


def test_a_misbehaving_api_hides_its_secrets_as_well(client: ChatClient) -> None:
    client.sandbox.room.fail_with(body="nonsense")
    generate(client)
    assert client.sandbox.calls[-1].parameters["apikey"] == "***"

from __future__ import annotations

import ssl
import threading
from io import BytesIO
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
import requests
import trustme
from PIL import Image

from chatsso_middleware.sandbox.website_toolbox import Room, create_app
from chatsso_middleware.sandbox.website_toolbox import room as room_module

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sandbox.chat_client import ChatClient, Clock

DELETE = "/sso/user/delete"


def assert_is_the_pixel(response: requests.Response) -> None:
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "image/gif"
    assert response.headers["Cache-Control"] == "no-store"
    with Image.open(BytesIO(response.content)) as image:
        assert (image.format, image.size) == ("GIF", (1, 1))


def test_the_login_tag_is_a_picture_that_logs_the_browser_in(client: ChatClient) -> None:
    assert client.page().user == ""
    assert_is_the_pixel(client.load_login_tag(client.token()))
    assert client.page().user == "ann@example.com"


def test_a_login_ends_with_the_browser_unless_it_is_remembered(client: ChatClient) -> None:
    brief = client.load_login_tag(client.token(), remember="0").headers["Set-Cookie"]
    kept = client.load_login_tag(client.token(), remember="1").headers["Set-Cookie"]
    assert brief.startswith("sandbox_chatroom=")
    assert "; HttpOnly" in brief
    assert "; SameSite=Lax" in brief
    assert "Secure" not in brief
    assert "Max-Age" not in brief
    assert "; Max-Age=2592000" in kept


@pytest.mark.parametrize("token", ["", "wrong"])
def test_a_bad_token_gets_the_picture_and_logs_nobody_in(client: ChatClient, token: str) -> None:
    response = client.load_login_tag(token)
    assert_is_the_pixel(response)
    assert "Set-Cookie" not in response.headers
    assert client.page().user == ""


def test_an_expired_token_logs_nobody_in_and_leaves_an_older_login_alone(
    client: ChatClient, clock: Clock
) -> None:
    client.log_in("bob@example.com")
    token = client.token("ann@example.com")
    clock.now += 60 * 60
    assert_is_the_pixel(client.load_login_tag(token))
    assert client.page().user == "bob@example.com"


def test_a_login_replaces_the_one_before_and_ends_its_session(client: ChatClient) -> None:
    client.log_in("ann@example.com")
    old = dict(client.jar.cookies)
    client.log_in("bob@example.com")
    assert client.page().user == "bob@example.com"
    client.jar.cookies.update(old)
    assert client.page().user == ""


def test_one_token_logs_in_as_often_as_wanted(client: ChatClient) -> None:
    token = client.token()
    client.load_login_tag(token)
    first = dict(client.jar.cookies)
    client.jar.cookies.clear()
    client.load_login_tag(token)
    assert client.page().user == "ann@example.com"
    assert dict(client.jar.cookies) != first


def test_the_logout_tag_is_a_picture_that_ends_the_session_and_drops_the_cookie(client: ChatClient) -> None:
    token = client.token()
    client.load_login_tag(token)
    old = dict(client.jar.cookies)
    assert_is_the_pixel(client.get("/sso/token/logout", access_token=token))
    assert dict(client.jar.cookies) == {}
    assert client.page().user == ""
    client.jar.cookies.update(old)
    assert client.page().user == ""


def test_a_new_token_of_the_same_user_logs_out_too(client: ChatClient, clock: Clock) -> None:
    client.log_in()
    clock.now += 60 * 60
    client.get("/sso/token/logout", access_token=client.token())
    assert client.page().user == ""


@pytest.mark.parametrize("token", ["", "wrong"])
def test_the_logout_tag_with_a_bad_token_is_a_picture_and_ends_nothing(
    client: ChatClient, token: str
) -> None:
    client.log_in()
    assert_is_the_pixel(client.get("/sso/token/logout", access_token=token))
    assert client.page().user == "ann@example.com"
    assert client.sandbox.calls[-1].success is False


def test_the_logout_tag_of_another_user_ends_nothing(client: ChatClient) -> None:
    client.log_in("ann@example.com")
    assert_is_the_pixel(client.get("/sso/token/logout", access_token=client.token("bob@example.com")))
    assert client.page().user == "ann@example.com"
    assert client.sandbox.calls[-1].success is False


def test_the_logout_tag_in_a_browser_that_is_logged_out_is_fine(client: ChatClient) -> None:
    assert_is_the_pixel(client.get("/sso/token/logout", access_token=client.token()))
    assert client.sandbox.calls[-1].success is True


def test_a_deleted_user_is_logged_out(client: ChatClient) -> None:
    client.log_in()
    client.call(DELETE, emails="ann@example.com")
    assert client.page().user == ""


def test_a_tag_does_nothing_for_any_method_but_get(client: ChatClient) -> None:
    token = client.token()
    for method in ("HEAD", "POST"):
        response = client.jar.request(
            method, client.sandbox.url + "/sso/token/login", params={"access_token": token}, timeout=10
        )
        assert response.status_code == 405
    assert client.page().user == ""


def test_sessions_do_not_pile_up(client: ChatClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room_module, "MOST_SESSIONS", 2)
    room = client.sandbox.room
    token = client.token()
    sessions = [room.log_in(token) for _ in range(3)]
    assert [session is not None and room.session(session.id) is not None for session in sessions] == [
        False,
        True,
        True,
    ]


def test_neither_the_session_nor_its_proof_stands_in_a_repr(client: ChatClient) -> None:
    session = client.sandbox.room.log_in(client.token(password="sesame"))
    assert session is not None
    assert session.id not in repr(session)
    assert session.form_token not in repr(session)
    assert "hash" not in repr(session)


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        pass


def test_over_https_the_cookie_reaches_frames_and_pictures_on_other_sites(tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    room = Room()
    token = room.generate_token("ann@example.com")
    with make_server("127.0.0.1", 0, create_app(room), handler_class=_Quiet) as server:
        server.base_environ["HTTPS"] = "on"
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            response = requests.get(
                f"https://127.0.0.1:{server.server_port}/sso/token/login",
                params={"access_token": token},
                verify=str(tmp_path / "ca.pem"),
                timeout=10,
            )
        finally:
            server.shutdown()
            thread.join()
    assert response.headers["Set-Cookie"].endswith("; Path=/; HttpOnly; SameSite=None; Secure")

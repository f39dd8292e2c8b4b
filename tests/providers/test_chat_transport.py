from __future__ import annotations

import gzip
import ssl
import zlib
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import pytest
import trustme
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from chatsso_middleware.errors import Unavailable
from chatsso_middleware.providers.api import ChatAPI
from chatsso_middleware.providers.transport import LARGEST_ANSWER

MakeAPI = Callable[..., ChatAPI]
RawServer = Callable[..., Any]


def test_a_post_carries_its_fields_in_the_body_alone(httpserver: HTTPServer, make_api: MakeAPI) -> None:
    httpserver.expect_request("/sso").respond_with_data(b"pong", status=404, headers={"X-Answer": "yes"})
    answer = make_api().call(
        "POST", httpserver.url_for("/sso"), {"email": "\u00e4+b@x.org", "n": ""}, headers={"X-Auth": "T"}
    )
    request = httpserver.log[0][0]
    assert (answer.status, answer.body, answer.headers["x-answer"]) == (404, b"pong", "yes")
    assert request.query_string == b""
    assert request.content_type == "application/x-www-form-urlencoded"
    assert parse_qsl(request.get_data(as_text=True), keep_blank_values=True) == [
        ("email", "\u00e4+b@x.org"),
        ("n", ""),
    ]
    assert request.headers["X-Auth"] == "T"


@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("https://other.test/sso?apikey=K3y", "other.test"),
        ("//user:K3y@other.test:99/K3y", "other.test"),
        ("/sso/K3y", "127.0.0.1"),
        ("", "nowhere"),
        ("https://[K3y", "nowhere"),
        ("https://" + "a" * 300, "nowhere"),
        ("https://\u00e4.test/", "nowhere"),
        ("data:,K3y", "nowhere"),
    ],
)
def test_a_redirect_is_not_followed_and_only_its_host_is_named(
    location: str, host: str, raw_server: RawServer, make_api: MakeAPI
) -> None:
    def redirect(wire: Any) -> None:
        wire.request()
        wire.answer(b"", b"Location: " + location.encode(), status=b"302 Found")
        assert wire.request() is None

    server = raw_server(redirect)
    with pytest.raises(Unavailable) as caught:
        make_api().call("POST", server.url, {"apikey": "K3y"})
    assert caught.value.reason == f"answered with a redirect to {host} (status 302)"
    assert server.connections == 1


@pytest.mark.parametrize("status", [b"200 OK", b"302 Found", b"500 Internal Server Error"])
def test_an_endless_body_is_cut_off(status: bytes, raw_server: RawServer, make_api: MakeAPI) -> None:
    def pour(wire: Any) -> None:
        wire.request()
        wire.send(b"HTTP/1.1 " + status + b"\r\nLocation: /\r\n\r\n")
        while True:
            wire.send(b" " * 65536)

    with pytest.raises(Unavailable) as caught:
        make_api().call("POST", raw_server(pour).url, {})
    assert caught.value.reason == "answered more than 65536 bytes"


def test_an_answer_may_be_as_large_as_the_cap(raw_server: RawServer, make_api: MakeAPI) -> None:
    bodies = [b" " * LARGEST_ANSWER, b" " * (LARGEST_ANSWER + 1)]

    def answer(wire: Any) -> None:
        while wire.request() is not None:
            wire.answer(bodies.pop(0))

    server = raw_server(answer)
    api = make_api()
    assert len(api.call("POST", server.url, {}).body) == LARGEST_ANSWER
    with pytest.raises(Unavailable, match="more than 65536 bytes"):
        api.call("POST", server.url, {})


def test_a_compressed_answer_is_read(httpserver: HTTPServer, make_api: MakeAPI) -> None:
    def respond(request: Request) -> Response:
        assert request.headers["Accept-Encoding"] == "identity"
        return Response(gzip.compress(b'{"success": true}'), headers={"Content-Encoding": "gzip"})

    httpserver.expect_request("/").respond_with_handler(respond)
    assert make_api().call("POST", httpserver.url_for("/"), {}).json_object() == {"success": True}


def test_a_small_answer_that_grows_without_end_is_cut_off(httpserver: HTTPServer, make_api: MakeAPI) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    assert len(bomb) < LARGEST_ANSWER
    httpserver.expect_request("/").respond_with_data(bomb, headers={"Content-Encoding": "gzip"})
    with pytest.raises(Unavailable, match="more than 65536 bytes"):
        make_api().call("POST", httpserver.url_for("/"), {})


@pytest.mark.parametrize("body", [b"no gzip", zlib.compress(b"{}")])
def test_a_broken_compression_is_told(body: bytes, httpserver: HTTPServer, make_api: MakeAPI) -> None:
    httpserver.expect_request("/").respond_with_data(body, headers={"Content-Encoding": "gzip"})
    with pytest.raises(Unavailable, match="broken Content-Encoding"):
        make_api().call("POST", httpserver.url_for("/"), {})


def test_no_cookie_of_one_user_travels_with_the_call_for_another(
    httpserver: HTTPServer, make_api: MakeAPI
) -> None:
    httpserver.expect_request("/").respond_with_data(b"{}", headers={"Set-Cookie": "session=ann; Path=/"})
    api = make_api()
    api.call("POST", httpserver.url_for("/"), {})
    api.call("POST", httpserver.url_for("/"), {})
    assert ["Cookie" in request.headers for request, _ in httpserver.log] == [False, False]


def test_the_environment_has_no_say(
    httpserver: HTTPServer, make_api: MakeAPI, monkeypatch: pytest.MonkeyPatch, closed_port: int
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port}")
    monkeypatch.delenv("no_proxy", raising=False)
    httpserver.expect_request("/").respond_with_data(b"{}")
    assert make_api().call("POST", httpserver.url_for("/"), {}).status == 200


def cut_off(wire: Any) -> None:
    wire.request()
    wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")


def say_nothing(wire: Any) -> None:
    wire.request()


def speak_another_protocol(wire: Any) -> None:
    wire.request()
    wire.send(b"220 mail.test ESMTP K3y\r\n")


def send_endless_headers(wire: Any) -> None:
    wire.request()
    wire.send(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n")


def reset(wire: Any) -> None:
    wire.request()
    wire.reset()


@pytest.mark.parametrize(
    "script", [cut_off, say_nothing, speak_another_protocol, send_endless_headers, reset]
)
def test_an_answer_that_is_not_whole_is_told(
    script: Callable[[Any], None], raw_server: RawServer, make_api: MakeAPI
) -> None:
    with pytest.raises(Unavailable) as caught:
        make_api().call("POST", raw_server(script).url, {})
    assert caught.value.reason == "broke off before its answer was whole"


def answer_always(wire: Any) -> None:
    while wire.request() is not None:
        wire.answer(b'{"success": true}')


def test_a_certificate_of_a_known_authority_is_taken_and_the_connection_kept(
    raw_server: RawServer, make_api: MakeAPI, tls: ssl.SSLContext, authority_file: str
) -> None:
    server = raw_server(answer_always, tls)
    api = make_api(verify=authority_file)
    for _ in range(3):
        assert api.call("POST", server.url, {}).json_object() == {"success": True}
    assert server.connections == 1


def test_a_certificate_of_an_unknown_authority_is_refused(
    raw_server: RawServer, make_api: MakeAPI, tls: ssl.SSLContext
) -> None:
    with pytest.raises(Unavailable, match=r"certificate that cannot be trusted: .*certificate"):
        make_api().call("POST", raw_server(answer_always, tls).url, {})


def test_a_certificate_for_another_host_is_refused(
    raw_server: RawServer, make_api: MakeAPI, authority: trustme.CA, authority_file: str
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("other.test").configure_cert(context)
    with pytest.raises(Unavailable, match=r"certificate that cannot be trusted: .*mismatch"):
        make_api(verify=authority_file).call("POST", raw_server(answer_always, context).url, {})


def test_a_server_without_tls_is_told(raw_server: RawServer, make_api: MakeAPI) -> None:
    def greet(wire: Any) -> None:
        wire.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        wire.request()

    url = raw_server(greet).url.replace("http:", "https:")
    with pytest.raises(Unavailable, match="TLS handshake"):
        make_api().call("POST", url, {})


def test_connections_are_kept_between_calls_and_replaced_when_the_server_closed_them(
    raw_server: RawServer, make_api: MakeAPI
) -> None:
    def answer_twice(wire: Any) -> None:
        for _ in range(2):
            wire.request()
            wire.answer()

    server = raw_server(answer_twice)
    api = make_api()
    for _ in range(5):
        assert api.call("POST", server.url, {}, safe_to_retry=True).status == 200
    assert server.connections == 3

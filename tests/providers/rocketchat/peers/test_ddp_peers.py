"""DDP as others wrote it: clients from npm at the server of our tests, our client at a server from npm.

It needs node and the packages of package.json, so it runs on request alone: ``CHATSSO_PEERS=1``.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from chatsso_middleware.providers.rocketchat.ddp import (
    LoginParameters,
    LoginResult,
    OAuthLogin,
    PasswordLogin,
    Realtime,
    ResumeLogin,
    log_in,
    log_out,
)
from tests.providers.rocketchat.ddp.ddp_server import TOKEN, USER, DDPServer, Visitor

HERE = Path(__file__).parent
PASSWORD = PasswordLogin.with_password("username", "ann", "pass")
RESUME = ResumeLogin(TOKEN)
ENDS_AT = 1480377601.0

WAYS: list[LoginParameters] = [
    PASSWORD,
    PasswordLogin.with_password("email", "ann@example.com", "pass"),
    OAuthLogin("T", "S"),
    RESUME,
]


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the scripts of this one, and the packages that they need."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("node or npm is missing")
    folder = tmp_path_factory.mktemp("peers")
    for source in (HERE / "package.json", *HERE.glob("*.cjs")):
        shutil.copy(source, folder)
    install = [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"]
    done = subprocess.run(install, cwd=folder, capture_output=True, text=True, timeout=100, check=False)
    if done.returncode:
        pytest.skip(f"npm cannot install the packages: {done.stderr[-300:]}")
    return folder


@contextmanager
def chat(script: Callable[[Visitor], None]) -> Iterator[DDPServer]:
    server = DDPServer(script)
    try:
        yield server
    finally:
        server.stop()


def let_everybody_in(visitor: Visitor) -> None:
    visitor.say(server_id="0")
    assert visitor.hear()["msg"] == "connect"
    visitor.say(msg="connected", session="s3ssion")
    while True:
        call = visitor.hear()
        if call["msg"] != "method":
            continue
        visitor.say(msg="updated", methods=[call["id"]])
        if call["method"] == "login":
            visitor.let_in(call, expires_at=ENDS_AT)
        else:
            visitor.result(call, None)


def calls(visitor: Visitor) -> list[dict[str, Any]]:
    """The methods that the visitor called, without their ids, which are each client's own affair."""
    named = [message for message in visitor.heard if message["msg"] == "method"]
    assert all(isinstance(message.pop("id"), str) for message in named)
    return named


def printed(folder: Path, script: str, *arguments: str) -> list[Any]:
    done = subprocess.run(
        ["node", script, *arguments], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_rocketchats_own_client_sends_what_ours_sends(packages: Path) -> None:
    with chat(let_everybody_in) as server:
        entered = printed(packages, "rocketchat_client.cjs", server.url, PASSWORD.name, PASSWORD.digest)
        with Realtime(server.url) as realtime:
            realtime.log_in(PASSWORD)
            ours = [realtime.login]
            realtime.log_out()
        theirs, own = server.visitors
        assert calls(theirs) == calls(own)
        assert theirs.path == own.path == "/websocket"
        opening = [visitor.heard[0] for visitor in (theirs, own)]
        assert [message["version"] for message in opening] == ["1", "1"]
        assert "1" in opening[0]["support"]
    assert entered == [{"id": USER, "token": TOKEN, "expires": ENDS_AT}] * 2
    assert ours == [LoginResult(USER, TOKEN, ENDS_AT)]


def test_simpleddp_sends_what_our_client_sends(packages: Path) -> None:
    with chat(let_everybody_in) as server:
        parameters = json.dumps([way.parameter for way in WAYS])
        endpoint = server.url.replace("http", "ws") + "/websocket"
        results = printed(packages, "simpleddp_client.cjs", endpoint, parameters)
        with Realtime(server.url) as realtime:
            for way in WAYS:
                realtime.log_in(way)
        theirs, own = server.visitors
        assert calls(theirs) == calls(own)
    assert [(result["id"], result["token"]) for result in results] == [(USER, TOKEN)] * len(WAYS)


@pytest.fixture
def their_server(packages: Path) -> Iterator[str]:
    with subprocess.Popen(["node", "server.cjs"], cwd=packages, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


@pytest.mark.parametrize("way", WAYS, ids=["username", "email", "oauth", "resume"])
def test_our_client_logs_in_at_a_server_that_others_wrote(their_server: str, way: LoginParameters) -> None:
    login = log_in(their_server, way, deadline=time.monotonic() + 10)
    assert (login.user_id, login.expires_at) == ("u", ENDS_AT)
    padding = "=" * (-len(login.token) % 4)
    assert json.loads(base64.urlsafe_b64decode(login.token + padding)) == way.parameter
    log_out(their_server, login.token, deadline=time.monotonic() + 10)

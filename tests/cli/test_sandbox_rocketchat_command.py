from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
import requests
from click.testing import CliRunner

from chatsso_middleware.cli.commands import chatsso
from chatsso_middleware.sandbox.rocketchat import serve

RUN = [sys.executable, "-c", "from chatsso_middleware.cli import main; main()", "sandbox", "rocketchat"]
QUIET = {"ROCKETCHAT_ADMIN_TOKEN": "", "ROCKETCHAT_TOKEN_SECRET": ""}


class Command:
    """The command in a process of its own, up to the last line of what it says at its start."""

    def __init__(self, *arguments: str, **environment: str) -> None:
        self.process = subprocess.Popen(
            [*RUN, "--port", "0", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **QUIET, **environment},
        )
        self.said = ""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line
            if line.startswith("Ctrl+C"):
                break

    def value(self, name: str) -> str:
        found = re.search(rf"{re.escape(name)} += (.+)", self.said)
        assert found, self.said
        return found[1]

    def end(self, number: int) -> tuple[int, str, str]:
        self.process.send_signal(number)
        rest, errors = self.process.communicate(timeout=30)
        return self.process.returncode, rest, errors


@pytest.fixture
def running() -> Iterator[list[Command]]:
    """Whatever a test started is ended after it."""
    commands: list[Command] = []
    yield commands
    for command in commands:
        if command.process.poll() is None:
            command.process.kill()
            command.process.communicate()


def test_it_runs_a_chat_and_says_what_to_enter_where(running: list[Command]) -> None:
    command = Command("--site-url", "http://127.0.0.1:6543")
    running.append(command)
    url = command.value("rocketchat.url")
    headers = {
        "X-User-Id": command.value("rocketchat.admin_user_id"),
        "X-Auth-Token": command.value("rocketchat.admin_token"),
    }
    body = {
        "userId": headers["X-User-Id"],
        "secret": command.value("rocketchat.token_secret"),
    }
    answer = requests.post(f"{url}/api/v1/users.createToken", json=body, headers=headers, timeout=10)
    assert answer.json()["success"] is True
    for text in (
        f"A stand-in Rocket.Chat 8.4 runs at {url}",
        "http://127.0.0.1:6543/chatsso/rocketchat/frame",
        "http://127.0.0.1:6543/chatsso/rocketchat/token",
        "http://127.0.0.1:6543/chatsso/logout?provider=rocketchat",
        f"{url}/sandbox/calls",
        f"{url}/settings",
    ):
        assert text in command.said
    assert command.end(signal.SIGINT) == (0, "Stopped.\n", "")
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=10)


def test_secrets_that_were_given_are_used_and_not_printed(running: list[Command]) -> None:
    command = Command(ROCKETCHAT_ADMIN_TOKEN="given-token", ROCKETCHAT_TOKEN_SECRET="given-secret")
    running.append(command)
    headers = {"X-User-Id": command.value("rocketchat.admin_user_id"), "X-Auth-Token": "given-token"}
    assert command.value("rocketchat.admin_token") == "(the one you gave)"
    assert command.value("rocketchat.token_secret") == "(the one you gave)"
    assert "try --site-url" in command.said
    body = {"userId": headers["X-User-Id"], "secret": "given-secret"}
    url = f"{command.value('rocketchat.url')}/api/v1/users.createToken"
    assert requests.post(url, json=body, headers=headers, timeout=10).status_code == 200
    code, rest, errors = command.end(signal.SIGTERM)
    assert (code, errors) == (0, "")
    assert "given-token" not in command.said + rest
    assert "given-secret" not in command.said + rest


def test_an_old_server_with_accounts_of_its_own(running: list[Command]) -> None:
    command = Command("--server-version", "7.0", "--account", "ann:sesame", "--account", "bob")
    running.append(command)
    assert "Rocket.Chat 7.0 runs at" in command.said
    assert command.value("rocketchat.token_secret") == "(none before 8.0)"
    url = f"{command.value('rocketchat.url')}/api/v1/login"
    assert requests.post(url, json={"user": "ann", "password": "sesame"}, timeout=10).status_code == 200
    assert requests.post(url, json={"user": "bob", "password": ""}, timeout=10).status_code == 401
    assert command.end(signal.SIGTERM) == (0, "Stopped.\n", "")


def test_a_port_in_use_is_one_plain_line() -> None:
    with serve() as sandbox:
        port = sandbox.url.rpartition(":")[2]
        ended = subprocess.run(
            [*RUN, "--port", port], capture_output=True, text=True, timeout=60, check=False
        )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == f"Error: cannot listen on 127.0.0.1, port {port}: Address already in use\n"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--site-url", "site.test"], "must begin with http:// or https://"),
        (["--server-version", "6.0"], "the server version is one of 7.0, 8.0, 8.4"),
        (["--account", "two words:pw"], "--account: two words is not a valid username"),
        (["--account", "ann", "--account", "Ann"], "Ann is already in use"),
    ],
)
def test_a_mistake_in_the_options_is_told_without_a_traceback(arguments: list[str], reason: str) -> None:
    result = CliRunner().invoke(chatsso, ["sandbox", "rocketchat", "--port", "0", *arguments])
    assert result.exit_code == 2
    assert reason in result.output
    assert "Traceback" not in result.output


def without(module: str) -> subprocess.CompletedProcess[str]:
    code = (
        f"import sys; sys.modules[{module!r}] = None; from chatsso_middleware.cli import main; "
        "sys.argv = ['chatsso', 'sandbox', 'rocketchat']; main()"
    )
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )


def test_without_websockets_the_command_names_the_extra() -> None:
    ended = without("websockets")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        'Error: this sandbox needs the extra "realtime": pip install "chatsso-middleware[realtime]"\n'
    )


def test_another_missing_module_is_not_taken_for_websockets() -> None:
    ended = without("chatsso_middleware.sandbox.rocketchat.rooms")
    assert ended.returncode == 1
    assert "ModuleNotFoundError" in ended.stderr

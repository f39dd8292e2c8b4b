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

from chatsso_middleware.cli.sandboxes.directory import command as directory_command
from chatsso_middleware.sandbox.directory import SETTINGS

RUN = [
    sys.executable,
    "-c",
    "from chatsso_middleware.cli.sandboxes.directory import command; command()",
    "--port",
    "0",
]


class Command:
    """The command in a process of its own, up to the last line of what it says at its start."""

    def __init__(self, *arguments: str, **environment: str) -> None:
        self.process = subprocess.Popen(
            [*RUN, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "DIRECTORY_API_KEY": "", **environment},
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


def log_in(command: Command, login: str, password: str, key: str = "") -> requests.Response:
    fields = {"login": login, "password": password}
    return requests.post(command.value("signin.url"), json=fields, headers={"X-Api-Key": key}, timeout=10)


def test_it_runs_a_directory_that_knows_ann_and_says_what_to_set(running: list[Command]) -> None:
    command = Command()
    running.append(command)
    for key, value in SETTINGS["plain"].items():
        assert command.value(key) == value
    assert "ann, with the password sesame" in command.said
    assert log_in(command, "ann", "sesame").json()["email"] == "ann@example.com"
    code, rest, errors = command.end(signal.SIGINT)
    assert (code, rest, errors) == (0, "Stopped.\n", "")


def test_accounts_shape_and_key_are_options(running: list[Command]) -> None:
    command = Command("--account", "bob:a:b", "--shape", "nested", DIRECTORY_API_KEY="canary")
    running.append(command)
    assert command.value("signin.user.id") == "data.user.uuid"
    assert command.value("signin.header.X-Api-Key") == "(the one you gave)"
    assert "canary" not in command.said
    assert "a:b" not in command.said
    assert log_in(command, "bob", "a:b", "canary").json()["status"] == "ok"
    assert log_in(command, "ann", "sesame", "canary").json()["status"] == "error"
    assert command.end(signal.SIGTERM)[0] == 0


@pytest.mark.parametrize("account", ["ann", "ann:", ":sesame"])
def test_an_account_that_is_written_otherwise_is_refused(account: str) -> None:
    result = CliRunner().invoke(directory_command, ["--port", "0", "--account", account])
    assert result.exit_code == 2
    assert "--account: write it as LOGIN:PASSWORD." in result.output
    assert "sesame" not in result.output

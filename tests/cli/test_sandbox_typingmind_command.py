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
from joserfc import jwt as jose
from joserfc.jwk import OctKey

from chatsso_middleware.cli.sandboxes.typingmind import command as typingmind
from chatsso_middleware.sandbox.typingmind import serve

RUN = [sys.executable, "-c", "from chatsso_middleware.cli.sandboxes.typingmind import command; command()"]
QUIET = {"TYPINGMIND_SECRET": "", "TYPINGMIND_API_KEY": ""}


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

    def follow(self, secret: str, **claims: object) -> int:
        """The status with which a link with such a code is answered."""
        code = jose.encode({"alg": "HS256"}, claims, OctKey.import_key(secret), algorithms=["HS256"])
        address = f"{self.value('typingmind.url')}/?externalAuthCode={code}"
        return requests.get(address, timeout=10, allow_redirects=False).status_code

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


def test_it_runs_an_instance_and_says_what_to_write_where(running: list[Command]) -> None:
    command = Command("--user", "ann@example.com", "--user", "bob@example.com", "--seats", "2")
    running.append(command)
    url = command.value("typingmind.url")
    for text in (
        f"A stand-in TypingMind instance runs at {url}",
        f'<script defer src="{url}/widget.js"></script>',
        f"{url}/sandbox/calls",
        f"{url}/sandbox/users",
    ):
        assert text in command.said
    secret = command.value("typingmind.secret")
    assert command.follow(secret, email="ann@example.com") == 303
    assert command.follow(secret, user={"id": "a third"}) == 403
    headers = {"X-API-KEY": command.value("typingmind.api_key")}
    users = requests.get(f"{command.value('typingmind.api_url')}/api/v2/users", headers=headers, timeout=10)
    assert [user["email"] for user in users.json()["data"]] == ["ann@example.com", "bob@example.com"]
    assert command.end(signal.SIGINT) == (0, "Stopped.\n", "")
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=10)


def test_secrets_that_were_given_are_used_and_not_printed(running: list[Command]) -> None:
    command = Command(TYPINGMIND_SECRET="given secret of many letters", TYPINGMIND_API_KEY="given-key")
    running.append(command)
    assert command.value("typingmind.secret") == command.value("typingmind.api_key") == "(the one you gave)"
    assert command.follow("given secret of many letters", user={"id": "1"}) == 303
    code, rest, errors = command.end(signal.SIGTERM)
    assert (code, errors) == (0, "")
    assert "given secret of many letters" not in command.said + rest
    assert "given-key" not in command.said + rest


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
        (["--user", "ann"], "--user: the email address is not valid."),
        (["--user", "a@b.c", "--user", "a@b.c"], "--user: a user with this email address is there already."),
        (["--user", "a@b.c", "--seats", "0"], "--user: the instance has no seat left."),
    ],
)
def test_a_mistake_in_the_options_is_told_without_a_traceback(arguments: list[str], reason: str) -> None:
    result = CliRunner().invoke(typingmind, ["--port", "0", *arguments])
    assert result.exit_code == 2
    assert reason in result.output
    assert "Traceback" not in result.output

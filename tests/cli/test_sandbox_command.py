from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import requests
from click.testing import CliRunner

from chatsso_middleware.cli.commands import COMMANDS, chatsso
from chatsso_middleware.sandbox.website_toolbox import serve

if TYPE_CHECKING:
    from collections.abc import Iterator

RUN = [sys.executable, "-c", "from chatsso_middleware.cli import main; main()"]


class Command:
    """The command in a process of its own, up to the last line of what it says at its start."""

    def __init__(self, *arguments: str, **environment: str) -> None:
        environ = {**os.environ, "PYTHONUNBUFFERED": "1", **environment}
        self.process = subprocess.Popen(
            [*RUN, "sandbox", "website_toolbox", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environ,
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


def test_it_runs_a_room_and_says_what_to_enter_where(running: list[Command]) -> None:
    command = Command("--port", "0", "--site-url", "http://127.0.0.1:6543", WEBSITE_TOOLBOX_API_KEY="")
    running.append(command)
    url = command.value("website_toolbox.url")
    key = command.value("website_toolbox.api_key")
    answer = requests.post(
        url + "/sso/token/generate", data={"apikey": key, "email": "ann@example.com"}, timeout=10
    )
    assert answer.json()["success"] is True
    for text in (
        f"runs at {url}",
        "http://127.0.0.1:6543/chatsso/login?to={path}",
        "http://127.0.0.1:6543/chatsso/logout",
        "http://127.0.0.1:6543/chatsso/register",
        f"{url}/sandbox/calls",
        f"{url}/settings",
    ):
        assert text in command.said
    assert command.end(signal.SIGINT) == (0, "Stopped.\n", "")
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=10)


def test_a_key_that_was_given_is_used_and_not_printed(running: list[Command]) -> None:
    command = Command("--port", "0", WEBSITE_TOOLBOX_API_KEY="from-the-environment")
    running.append(command)
    url = command.value("website_toolbox.url")
    assert command.value("website_toolbox.api_key") == "(the one you gave)"
    assert "try --site-url" in command.said
    answer = requests.post(
        url + "/sso/token/generate",
        data={"apikey": "from-the-environment", "email": "ann@example.com"},
        timeout=10,
    )
    assert answer.json()["success"] is True
    code, rest, errors = command.end(signal.SIGTERM)
    assert (code, errors) == (0, "")
    assert "from-the-environment" not in command.said + rest


def test_an_address_that_others_can_reach_is_pointed_out(running: list[Command]) -> None:
    command = Command("--port", "0", "--host", "0.0.0.0")
    running.append(command)
    assert command.value("website_toolbox.url").startswith("http://127.0.0.1:")
    assert command.end(signal.SIGTERM) == (
        0,
        "Stopped.\n",
        "Other machines can reach it, and read every page of it.\n",
    )


def test_the_name_of_this_machine_is_no_address_that_others_can_reach(running: list[Command]) -> None:
    command = Command("--port", "0", "--host", "localhost")
    running.append(command)
    assert command.value("website_toolbox.url").startswith("http://localhost:")
    assert command.end(signal.SIGTERM) == (0, "Stopped.\n", "")


def test_a_port_in_use_is_one_plain_line() -> None:
    with serve() as sandbox:
        port = sandbox.url.rpartition(":")[2]
        ended = subprocess.run(
            [*RUN, "sandbox", "website_toolbox", "--port", port],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr == f"Error: cannot listen on 127.0.0.1, port {port}: Address already in use\n"


def test_a_host_that_is_none_is_one_plain_line() -> None:
    ended = subprocess.run(
        [*RUN, "sandbox", "website_toolbox", "--host", "no host"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr == "Error: cannot listen on no host, port 6544: Name or service not known\n"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--site-url", "site.test"], "must begin with http:// or https://"),
        (["--port", "70000"], "70000 is not in the range"),
        (["--port", "x"], "not a valid integer range"),
        (["--colour"], "No such option"),
    ],
)
def test_a_mistake_in_the_options_is_told_without_a_traceback(arguments: list[str], reason: str) -> None:
    result = CliRunner().invoke(chatsso, ["sandbox", "website_toolbox", *arguments])
    assert result.exit_code == 2
    assert reason in result.output
    assert "Traceback" not in result.output


def test_help_lists_every_command() -> None:
    result = CliRunner().invoke(chatsso, ["--help"])
    assert result.exit_code == 0
    for name in COMMANDS:
        assert f"\n  {name} " in result.output


def test_an_unknown_command_is_told() -> None:
    result = CliRunner().invoke(chatsso, ["sandbocks"])
    assert result.exit_code == 2
    assert "No such command 'sandbocks'" in result.output


def test_without_click_the_command_names_the_extra() -> None:
    code = "import sys; sys.modules['click'] = None; from chatsso_middleware.cli import main; main()"
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr == 'chatsso needs the extra "cli": pip install "chatsso-middleware[cli]"\n'


def test_another_missing_module_is_not_taken_for_click() -> None:
    code = (
        "import sys; sys.modules['chatsso_middleware.cli.commands'] = None; "
        "from chatsso_middleware.cli import main; main()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 1
    assert "ModuleNotFoundError" in ended.stderr

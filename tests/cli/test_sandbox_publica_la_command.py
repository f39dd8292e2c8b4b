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

from chatsso_middleware.cli.sandboxes.publica_la import command
from chatsso_middleware.sandbox.publica_la import serve

RUN = [sys.executable, "-c", "from chatsso_middleware.cli.sandboxes.publica_la import command; command()"]


class Command:
    """The command in a process of its own, up to the last line of what it says at its start."""

    def __init__(self, *arguments: str, **environment: str) -> None:
        self.process = subprocess.Popen(
            [*RUN, "--port", "0", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "PUBLICA_LA_KEY": "", **environment},
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

    def refusal_of(self, claims: dict[str, object], key: str) -> str:
        """What the store says of a token with these claims alone, which are too few in any case."""
        token = jose.encode({"alg": "HS256"}, claims, OctKey.import_key(key))
        url = self.value("publica_la.url")
        requests.get(
            f"{url}/auth/token", params={"external-auth-token": token}, timeout=10, allow_redirects=False
        )
        calls = requests.get(f"{url}/sandbox/calls.json", timeout=10).json()["calls"]
        return str(calls[0]["outcome"])

    def end(self, number: int) -> tuple[int, str, str]:
        self.process.send_signal(number)
        rest, errors = self.process.communicate(timeout=30)
        return self.process.returncode, rest, errors


@pytest.fixture
def running() -> Iterator[list[Command]]:
    """Whatever a test started is ended after it."""
    commands: list[Command] = []
    yield commands
    for each in commands:
        if each.process.poll() is None:
            each.process.kill()
            each.process.communicate()


def test_it_runs_a_store_and_says_what_to_enter_where(running: list[Command]) -> None:
    store = Command("--site-url", "http://127.0.0.1:6543")
    running.append(store)
    url = store.value("publica_la.url")
    assert store.value("publica_la.issuer") == "sandbox-site"
    claims: dict[str, object] = {"iss": "sandbox-site", "aud": "farfalla", "sub": "user"}
    assert "user is not there" in store.refusal_of(claims, store.value("publica_la.key"))
    for text in (
        f"A stand-in publica.la store runs at {url}",
        "http://127.0.0.1:6543/chatsso/login?provider=publica_la",
        "http://127.0.0.1:6543/chatsso/logout?provider=publica_la",
        f"{url}/sandbox/calls",
        f"{url}/sandbox/users",
        f"{url}/settings",
    ):
        assert text in store.said
    assert store.end(signal.SIGINT) == (0, "Stopped.\n", "")
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=10)


def test_a_key_that_was_given_is_used_and_not_printed(running: list[Command]) -> None:
    key = "a-key-from-the-environment-of-some-length"
    store = Command("--issuer", "my-site", PUBLICA_LA_KEY=key)
    running.append(store)
    assert store.value("publica_la.issuer") == "my-site"
    assert store.value("publica_la.key") == "(the one you gave)"
    assert "try --site-url" in store.said
    assert "aud is not" in store.refusal_of({"iss": "my-site"}, key)
    code, rest, errors = store.end(signal.SIGTERM)
    assert (code, errors) == (0, "")
    assert key not in store.said + rest


def test_a_port_in_use_is_one_plain_line() -> None:
    with serve() as sandbox:
        port = sandbox.url.rpartition(":")[2]
        ended = subprocess.run(
            [*RUN, "--port", port], capture_output=True, text=True, timeout=60, check=False
        )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == f"Error: cannot listen on 127.0.0.1, port {port}: Address already in use\n"


def test_a_bad_site_url_is_told_without_a_traceback() -> None:
    result = CliRunner().invoke(command, ["--port", "0", "--site-url", "site.test"])
    assert result.exit_code == 2
    assert "must begin with http:// or https://" in result.output
    assert "Traceback" not in result.output

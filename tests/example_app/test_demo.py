"""`python -m example_app`, as a developer meets it."""

from __future__ import annotations

import os
import re
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner, Result
from sqlalchemy import select
from sqlalchemy.orm import Session

from example_app import accounts
from example_app.database import User, open_database
from example_app.demo import INI, SECRETS, Demo, demo_secrets, main
from example_app.first_members import DEMO_EMAIL, DEMO_PASSWORD, MEMBERS, plant

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def ports() -> list[str]:
    """Options that name two free ports."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        return ["--port", str(one.getsockname()[1]), "--chat-port", str(other.getsockname()[1])]


@pytest.fixture
def taken() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield str(listener.getsockname()[1])


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo leaves its secrets in the environment; this takes them out again."""
    for name in SECRETS:
        monkeypatch.setenv(name, "replaced by the demo")


def run(*options: str) -> Result:
    before = signal.getsignal(signal.SIGTERM)
    try:
        return CliRunner().invoke(main, options)
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("options", [[], ["--noticed", "--delivery", "gateway"]], ids=["explicit", "noticed"])
def test_the_demo_says_how_to_try_it_answers_and_ends_quietly(
    ports: list[str], options: list[str], end: signal.Signals, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "example_app", *ports, *options, "--var", str(tmp_path)]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as demo:
        try:
            assert demo.stdout is not None
            said = "".join(iter(demo.stdout.readline, "\n")) + demo.stdout.readline()
            site, chat = re.findall(r"http://127\.0\.0\.1:\d+(?= )", said)
            assert requests.get(site, timeout=10).status_code == 200
            assert "Nobody is logged in" in requests.get(chat, timeout=10).text
            demo.send_signal(end)
            rest, complaints = demo.communicate(timeout=20)
        finally:
            demo.kill()
    assert demo.returncode == 0
    assert complaints == ""
    assert rest.endswith("Good bye.\n")
    assert DEMO_EMAIL in rest + said


@pytest.mark.parametrize("option", ["--port", "--chat-port"])
@pytest.mark.usefixtures("environment")
def test_a_port_in_use_is_said_in_one_line(ports: list[str], option: str, taken: str, tmp_path: Path) -> None:
    result = run(*ports, option, taken, "--var", str(tmp_path))
    assert result.exit_code == 1
    assert result.output == (
        f"Error: Port {taken} of 127.0.0.1 is in use already. Choose another one with {option}.\n"
    )


@pytest.mark.usefixtures("environment")
def test_an_address_of_another_machine_is_said_in_one_line(ports: list[str], tmp_path: Path) -> None:
    result = run(*ports, "--host", "192.0.2.1", "--var", str(tmp_path))
    assert result.exit_code == 1
    assert result.output.startswith("Error: Cannot listen on 192.0.2.1: ")
    assert result.output.count("\n") == 1


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:6543"),
        ("0.0.0.0", "http://127.0.0.1:6543"),
        ("192.0.2.1", "http://192.0.2.1:6543"),
        ("::1", "http://[::1]:6543"),
    ],
)
def test_the_site_s_address_is_one_for_a_browser(host: str, address: str) -> None:
    assert Demo(host=host).site_url == address


@pytest.mark.usefixtures("environment")
def test_the_site_begins_with_members_and_their_pictures(ports: list[str], tmp_path: Path) -> None:
    demo = Demo(port=int(ports[1]), chat_port=int(ports[3]), var=tmp_path)
    with demo.running(), Session(open_database(f"sqlite:///{tmp_path}/site.sqlite3")) as db:
        users = db.scalars(select(User)).all()
        assert len(users) == len(MEMBERS)
        assert sum(user.avatar_name is not None for user in users) == 4
        assert accounts.authenticate(db, DEMO_EMAIL, DEMO_PASSWORD) is not None
        assert plant(db) is False


def test_both_variants_of_the_ini_say_the_same_but_for_who_is_logged_in() -> None:
    ini = ConfigParser(defaults={"here": str(INI.parent)})
    assert ini.read(INI, encoding="utf-8")
    explicit = {key: ini["filter:chatsso"][key] for key in ini["filter:chatsso"]}
    noticed = {key.removeprefix("chatsso."): value for key, value in ini["app:noticed"].items()}
    assert (explicit.pop("identity"), noticed.pop("identity")) == ("events", "pyramid")
    assert {key: noticed.get(key) for key in explicit if key != "use"} == {
        key: value for key, value in explicit.items() if key != "use"
    }


def test_secrets_are_made_once_and_only_their_owner_can_read_them(tmp_path: Path) -> None:
    made = demo_secrets(tmp_path / "var")
    assert sorted(made) == sorted(SECRETS)
    assert len(set(made.values())) == len(SECRETS)
    assert all(len(value) >= 32 for value in made.values())
    assert demo_secrets(tmp_path / "var") == made
    assert stat.S_IMODE((tmp_path / "var").stat().st_mode) == 0o700
    mode = (tmp_path / "var" / "demo.env").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


@pytest.mark.usefixtures("environment")
def test_a_damaged_file_of_secrets_is_said_in_one_line(ports: list[str], tmp_path: Path) -> None:
    (tmp_path / "demo.env").write_text("CHATSSO_SECRET=\n", encoding="ascii")
    result = run(*ports, "--var", str(tmp_path))
    assert result.exit_code == 1
    assert "lacks CHATSSO_SECRET, EXAMPLE_SITE_SECRET, WEBSITE_TOOLBOX_API_KEY" in result.output

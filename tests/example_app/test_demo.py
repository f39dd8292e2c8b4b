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
from contextlib import ExitStack
from itertools import takewhile
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner, Result
from sqlalchemy import select
from sqlalchemy.orm import Session

from chatsso_middleware.cli.check import check
from example_app import accounts
from example_app.database import User, open_database
from example_app.demo import SITE_SECRETS, Demo, demo_secrets, main
from example_app.demo_chats import CHATS, DemoChat
from example_app.first_members import DEMO_EMAIL, DEMO_PASSWORD, MEMBERS, plant
from example_app.first_readers import CARD, PASSWORD
from tests.support.free_ports import free_ports

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def ports() -> list[str]:
    """Options that name free ports for the site and for all sandboxes."""
    site = free_ports(4)
    return ["--port", str(site), "--chat-port", str(site + 1)]


@pytest.fixture
def taken() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield str(listener.getsockname()[1])


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo leaves its secrets in the environment; this takes them out again."""
    for name in (*SITE_SECRETS, *(secret for system in CHATS.values() for secret in system.secrets)):
        monkeypatch.setenv(name, "replaced by the demo")


def run(*options: str) -> Result:
    before = signal.getsignal(signal.SIGTERM)
    try:
        return CliRunner().invoke(main, options)
    finally:
        signal.signal(signal.SIGTERM, before)


VARIANTS = {
    "explicit": [],
    "noticed": ["--noticed", "--delivery", "gateway"],
    "only": ["--delivery", "gateway"],
}


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("chat_system", "variant"),
    [
        (name, variant)
        for name, system in CHATS.items()
        for variant in (("explicit", "noticed") if system.has_members else ("explicit", "only"))
    ],
)
def test_the_demo_says_how_to_try_it_answers_and_ends_quietly(
    ports: list[str], chat_system: str, variant: str, end: signal.Signals, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "example_app", "--chat", chat_system, *ports, *VARIANTS[variant]]
    command += ["--var", str(tmp_path)]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as demo:
        try:
            assert demo.stdout is not None
            said = "".join(takewhile(lambda line: "Ctrl-C" not in line, demo.stdout))
            site, *sandboxes = re.findall(r"http://127\.0\.0\.1:\d+(?= )", said)
            assert requests.get(site, timeout=10).status_code == 200
            for sandbox in sandboxes:
                assert requests.get(f"{sandbox}/sandbox/calls", timeout=10).status_code == 200
            assert "Nobody is logged in" in requests.get(sandboxes[0], timeout=10).text
            demo.send_signal(end)
            rest, complaints = demo.communicate(timeout=20)
        finally:
            demo.kill()
    assert demo.returncode == 0
    assert complaints == ""
    assert rest.endswith("Good bye.\n")
    who, password = (DEMO_EMAIL, DEMO_PASSWORD) if CHATS[chat_system].has_members else (CARD, PASSWORD)
    assert who in said
    assert password in said


@pytest.mark.parametrize("option", ["--port", "--chat-port"])
@pytest.mark.usefixtures("environment")
def test_a_port_in_use_is_said_in_one_line(ports: list[str], option: str, taken: str, tmp_path: Path) -> None:
    result = run(*ports, option, taken, "--var", str(tmp_path))
    assert result.exit_code == 1
    assert result.output == (
        f"Error: Port {taken} of 127.0.0.1 is in use already. Choose another one with {option}.\n"
    )


@pytest.mark.usefixtures("environment")
def test_a_further_sandbox_whose_port_is_in_use_is_said_too(
    ports: list[str], taken: str, tmp_path: Path
) -> None:
    result = run(*ports, "--chat", "signin", "--chat-port", str(int(taken) - 1), "--var", str(tmp_path))
    assert result.exit_code == 1
    assert result.output == (
        f"Error: Port {taken} of 127.0.0.1 is in use already. Choose another one with --chat-port.\n"
    )


def test_a_site_without_logins_of_its_own_has_none_to_notice(ports: list[str], tmp_path: Path) -> None:
    result = run(*ports, "--chat", "signin", "--noticed", "--var", str(tmp_path))
    assert result.exit_code == 2
    assert "--noticed: this site has no logins of its own to notice." in result.output


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


@pytest.mark.parametrize(
    "system", [pytest.param(system, id=name) for name, system in CHATS.items() if system.has_members]
)
def test_both_variants_of_an_ini_say_the_same_but_for_who_is_logged_in(system: DemoChat) -> None:
    ini = ConfigParser(defaults={"here": str(system.ini.parent)})
    assert ini.read(system.ini, encoding="utf-8")
    sites = [dict(ini[f"app:{variant}"]) for variant in ("explicit", "noticed")]
    for site in sites:
        for key in [key for key in site if not key.startswith("site.") or key == "site.hooks"]:
            del site[key]
    assert sites[0] == sites[1]
    explicit = {key: ini["filter:chatsso"][key] for key in ini["filter:chatsso"]}
    noticed = {key.removeprefix("chatsso."): value for key, value in ini["app:noticed"].items()}
    assert (explicit.pop("identity"), noticed.pop("identity")) == ("events", "pyramid")
    assert {key: noticed.get(key) for key in explicit if key != "use"} == {
        key: value for key, value in explicit.items() if key != "use"
    }


@pytest.mark.parametrize("name", CHATS)
def test_chatsso_check_finds_nothing_to_mend_in_an_ini(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = CHATS[name]
    secrets = demo_secrets(tmp_path, (*SITE_SECRETS, *system.secrets))
    text = system.ini.read_text(encoding="utf-8").replace("%(here)s/../var", str(tmp_path))
    text = text.replace("%(here)s", str(system.ini.parent))
    with ExitStack() as stack:
        for start in system.sandboxes:
            sandbox = stack.enter_context(start("127.0.0.1", 0, "http://127.0.0.1:6543", secrets))
            text, count = re.subn(rf"(?m)^{sandbox.key} = .*", f"{sandbox.key} = {sandbox.url}", text)
            assert count == 1
            for variable, value in {**secrets, **sandbox.environment}.items():
                monkeypatch.setenv(variable, value)
        (tmp_path / "site.ini").write_text(text, encoding="utf-8")
        result = CliRunner().invoke(check, [str(tmp_path / "site.ini")])
    assert result.exit_code == 0, result.output
    assert "problem" not in result.output
    assert not any(secret in result.output for secret in secrets.values())


NAMES = ("CHATSSO_SECRET", "ROCKETCHAT_TOKEN_SECRET")


def test_secrets_are_made_once_and_only_their_owner_can_read_them(tmp_path: Path) -> None:
    made = demo_secrets(tmp_path / "var", NAMES)
    assert sorted(made) == sorted(NAMES)
    assert len(set(made.values())) == len(NAMES)
    assert all(len(value) >= 32 for value in made.values())
    assert demo_secrets(tmp_path / "var", NAMES) == made
    assert stat.S_IMODE((tmp_path / "var").stat().st_mode) == 0o700
    mode = (tmp_path / "var" / "demo.env").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


@pytest.mark.parametrize("older", ["CHATSSO_SECRET=kept", "CHATSSO_SECRET=kept\nROCKETCHAT_TOKEN_SECRET=\n"])
def test_an_older_file_of_secrets_gains_those_that_it_lacks(tmp_path: Path, older: str) -> None:
    (tmp_path / "demo.env").write_text(older, encoding="ascii")
    found = demo_secrets(tmp_path, NAMES)
    assert found["CHATSSO_SECRET"] == "kept"
    assert len(found["ROCKETCHAT_TOKEN_SECRET"]) >= 32
    assert demo_secrets(tmp_path, NAMES) == found


def test_a_shell_reads_the_secrets_as_the_demo_does(tmp_path: Path) -> None:
    (tmp_path / "demo.env").write_text("ROCKETCHAT_TOKEN_SECRET=", encoding="ascii")
    found = demo_secrets(tmp_path, NAMES)
    script = '. "$1"; printf "%s %s" "$CHATSSO_SECRET" "$ROCKETCHAT_TOKEN_SECRET"'
    read = subprocess.run(
        ["sh", "-c", script, "sh", str(tmp_path / "demo.env")], capture_output=True, text=True, check=True
    )
    assert read.stdout.split() == [found[name] for name in NAMES]

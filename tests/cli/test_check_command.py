from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from chatsso_middleware.changes import Delete
from chatsso_middleware.cli.commands import chatsso
from chatsso_middleware.outbox import Outbox
from chatsso_middleware.sandbox.website_toolbox import RunningSandbox

from .conftest import WriteIni


def check(path: Path, *options: str) -> Result:
    return CliRunner().invoke(chatsso, ["check", str(path), *options], catch_exceptions=False)


def test_a_good_ini_is_described_and_its_key_tried(write_ini: WriteIni, room: RunningSandbox) -> None:
    result = check(write_ini("site_url = https://club.example"))
    assert result.exit_code == 0, result.output
    for text in (
        "[filter:chatsso]",
        room.url,
        "https://club.example/chatsso/login",
        "leads to /login?came_from={next}",
        "register_url is not set",
        "does not refuse the API key",
        "is made by the site when it starts",
    ):
        assert text in result.output
    assert room.api_key not in result.output
    assert len(room.calls) == 1
    assert room.room.accounts == ()


def test_it_changes_nothing_on_the_disk_and_counts_what_waits(write_ini: WriteIni, tmp_path: Path) -> None:
    path = write_ini()
    check(path)
    assert [file.name for file in tmp_path.iterdir()] == ["site.ini"]
    kept = Outbox(f"sqlite:///{tmp_path}/outbox.sqlite3", ["0123456789abcdef0123456789abcdef"])
    kept.add("website_toolbox", Delete(("ann@example.com",)))
    kept.close()
    assert "1 waiting, 0 refused by the chat" in check(path).output


def test_a_refused_key_is_a_problem_and_is_not_shown(write_ini: WriteIni) -> None:
    result = check(write_ini(key="canary-wrong-key"))
    assert result.exit_code == 1
    assert "problem  website_toolbox:" in result.output
    assert "canary" not in result.output


def test_a_chat_that_cannot_be_reached_is_a_problem_unless_it_is_not_asked(
    write_ini: WriteIni, room: RunningSandbox
) -> None:
    path = write_ini()
    room.stop()
    assert check(path).exit_code == 1
    result = check(path, "--offline")
    assert result.exit_code == 0, result.output


def test_every_problem_is_reported_with_its_line_and_its_mend(write_ini: WriteIni) -> None:
    result = check(write_ini("page_wiat = 1\nlinks = maybe\nmount = chat"))
    assert result.exit_code == 1
    for text in ("page_wiat (site.ini, line 12)", "links (site.ini, line 13)", "mount (site.ini, line 14)"):
        assert text in result.output
    assert "The nearest known key is page_wait." in result.output
    assert "3 problems to mend." in result.output


def test_an_outbox_that_cannot_be_opened_is_a_problem(write_ini: WriteIni, tmp_path: Path) -> None:
    path = write_ini()
    (tmp_path / "outbox.sqlite3").write_bytes(b"this is no database, whatever its name says" * 100)
    result = check(path)
    assert result.exit_code == 1
    assert "problem  outbox:" in result.output


def test_pyramid_applications_that_include_the_middleware_are_found(
    room: RunningSandbox, tmp_path: Path
) -> None:
    path = tmp_path / "pyramid.ini"
    path.write_text(
        "[app:main]\nuse = call:somewhere:main\npyramid.includes = chatsso_middleware\n"
        "chatsso.providers = website_toolbox\nchatsso.secret = 0123456789abcdef0123456789abcdef\n"
        f"chatsso.website_toolbox.url = {room.url}\nchatsso.website_toolbox.api_key = {room.api_key}\n"
        "chatsso.lnks = no\n"
    )
    result = check(path)
    assert "chatsso.lnks (pyramid.ini, line 8)" in result.output
    path.write_text(path.read_text().replace("chatsso.lnks", "chatsso.links"))
    result = check(path)
    assert result.exit_code == 0, result.output
    assert "pyramid" in result.output


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("[app:main]\nuse = egg:Other\n", "has no section that configures chatsso-middleware"),
        ("no section at all\n", "cannot be read"),
        (
            "[filter:x]\nuse = egg:chatsso-middleware\nsecret = %(canary)s\n",
            "the value of secret in [filter:x]",
        ),
        ("[filter:x]\nuse = egg:chatsso-middleware\nsecret = a%canary\n", "Write %% for a %"),
        ("[filter:x]\nsecret =\ncanary canary\n", "line 3 is no key = value"),
        ("[filter:x]\na = canary\na = canary\n", "line 3: a stands twice"),
        ("[filter:x]\n[filter:x]\n", "line 2: [filter:x] stands twice"),
        ("canary = 1\n", "line 1 stands before the first [section]"),
    ],
)
def test_a_file_that_configures_nothing_gets_one_plain_line(
    tmp_path: Path, content: str, expected: str
) -> None:
    path = tmp_path / "other.ini"
    path.write_text(content)
    result = check(path)
    assert result.exit_code == 1
    assert expected in result.output
    assert "Traceback" not in result.output
    assert "canary" not in result.output


def test_a_file_that_is_no_text_gets_one_plain_line(tmp_path: Path) -> None:
    path = tmp_path / "other.ini"
    path.write_bytes(b"[filter:x]\nsecret = \xff\n")
    assert "it is no text in UTF-8" in check(path).output


def test_a_key_that_pastedeploy_keeps_back_is_a_problem(write_ini: WriteIni) -> None:
    path = write_ini("remember = %(remember)s")
    path.write_text("[DEFAULT]\nremember = yes\n\n" + path.read_text())
    result = check(path)
    assert result.exit_code == 1
    assert "remember (site.ini, line 15)" in result.output
    assert "1 problem to mend." in result.output

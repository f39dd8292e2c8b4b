from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner, Result

from chatsso_middleware.changes import Change, Delete, Edit, Register
from chatsso_middleware.cli.commands import chatsso
from chatsso_middleware.outbox import Outbox
from chatsso_middleware.sandbox.website_toolbox import RunningSandbox
from chatsso_middleware.users import ChatUser

from .conftest import WriteIni

ANN = Register(ChatUser("ann@example.com", username="ann"))


def outbox(*arguments: object, answer: str | None = None) -> Result:
    words = ["outbox", *map(str, arguments)]
    return CliRunner().invoke(chatsso, words, input=answer, catch_exceptions=False)


def keep(ini: Path, *changes: Change) -> None:
    kept = Outbox(f"sqlite:///{ini.parent}/outbox.sqlite3", ["0123456789abcdef0123456789abcdef"])
    for change in changes:
        kept.add("website_toolbox", change)
    kept.close()


def test_run_once_delivers_what_is_due_and_ends(write_ini: WriteIni, room: RunningSandbox) -> None:
    ini = write_ini()
    keep(ini, ANN, Delete(("bob@example.com",)))
    result = outbox("run", ini, "--once")
    assert result.exit_code == 0
    assert "2 delivered, 0 waiting, 0 refused" in result.output
    assert [account.email for account in room.room.accounts] == ["ann@example.com"]


def test_run_goes_on_until_it_is_told_to_stop(write_ini: WriteIni, room: RunningSandbox) -> None:
    ini = write_ini()
    keep(ini, ANN)
    command = [sys.executable, "-m", "chatsso_middleware.cli", "outbox", "run", str(ini)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        room.calls.wait_for("/sso/user/register", timeout=30)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "1 delivered" in output


def test_what_the_chat_refused_can_be_listed_retried_and_dropped(
    write_ini: WriteIni, room: RunningSandbox
) -> None:
    ini = write_ini()
    room.room.fail_with(message="That name is not nice")
    keep(ini, Edit("ann@example.com", username="rude"))
    assert "0 delivered, 0 waiting, 1 refused" in outbox("run", ini, "--once").output

    listed = outbox("list", ini).output
    assert "ann@example.com" in listed
    assert "That name is not nice" in listed

    assert outbox("retry", ini, 1).exit_code == 0
    assert "due now" in outbox("list", ini).output
    assert outbox("drop", ini, 1, answer="n\n").exit_code == 1
    assert outbox("drop", ini, 1, answer="y\n").exit_code == 0
    assert "The outbox is empty" in outbox("list", ini).output
    assert outbox("retry", ini, 1).exit_code == 1


def test_what_cannot_be_delivered_now_is_listed_as_waiting(write_ini: WriteIni, room: RunningSandbox) -> None:
    ini = write_ini()
    keep(ini, ANN)
    # The back-off's own jitter may be nothing at all; a time that the chat names is kept.
    room.room.fail_with(status=503, headers=(("Retry-After", "90"),))
    assert "0 delivered, 1 waiting" in outbox("run", ini, "--once").output
    assert re.search(r"next try in\W+[89]\d s", outbox("list", ini).output)


def test_a_broken_database_and_broken_settings_get_plain_lines(write_ini: WriteIni, tmp_path: Path) -> None:
    ini = write_ini("links = maybe")
    result = outbox("list", ini)
    assert result.exit_code == 1
    assert "links (site.ini" in result.output
    ini = write_ini()
    (tmp_path / "outbox.sqlite3").write_bytes(b"this is no database, whatever its name says" * 100)
    for command in (("list", ini), ("run", ini, "--once"), ("retry", ini, 1)):
        result = outbox(*command)
        assert result.exit_code == 1
        assert result.output.startswith("Error: ")


def test_several_sections_with_outboxes_of_their_own_want_a_choice(write_ini: WriteIni) -> None:
    ini = write_ini()
    text = ini.read_text()
    section = text[text.index("[filter:chatsso]") : text.index("[app:site]")]
    second = section.replace("filter:chatsso", "filter:second").replace("outbox.sqlite3", "second.sqlite3")
    ini.write_text(text + second)
    assert "choose one with --section" in outbox("list", ini).output
    assert outbox("list", ini, "--section", "second").output == "The outbox is empty.\n"
    assert "no section" in outbox("list", ini, "--section", "third").output

"""Logouts that the chat has not heard of, as ``chatsso outbox`` shows and delivers them."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from chatsso_middleware.changes import Edit, Leave
from chatsso_middleware.cli.commands import chatsso
from chatsso_middleware.outbox import Outbox
from chatsso_middleware.sandbox import rocketchat

from .conftest import WriteIni, with_rocketchat

ANN = "ann@example.com"


@pytest.fixture
def ini(write_ini: WriteIni, chat: rocketchat.RunningSandbox) -> Path:
    return with_rocketchat(write_ini, chat)


def outbox(*arguments: object) -> str:
    """What the command prints."""
    words = ["outbox", *map(str, arguments)]
    result = CliRunner().invoke(chatsso, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def keep(ini: Path, *changes: Leave | Edit) -> None:
    kept = Outbox(f"sqlite:///{ini.parent}/outbox.sqlite3", ["0123456789abcdef0123456789abcdef"])
    for change in changes:
        kept.add("rocketchat", change)
    kept.close()


def test_a_logout_is_listed_without_its_token_and_delivered(
    ini: Path, chat: rocketchat.RunningSandbox
) -> None:
    user = chat.chat.add_user("ann", email=ANN)
    token = chat.chat.mint_token(user).token
    keep(ini, Leave(ANN, token, user.id))
    listed = outbox("list", ini)
    assert "leave" in listed
    assert ANN in listed
    assert token not in listed
    assert chat.chat.token_owner(token) is not None
    assert "1 delivered, 0 waiting, 0 refused" in outbox("run", ini, "--once")
    assert chat.chat.token_owner(token) is None


def test_one_whose_token_is_not_known_ends_all_sessions_of_the_address(
    ini: Path, chat: rocketchat.RunningSandbox
) -> None:
    user = chat.chat.add_user("ann", email=ANN)
    for _ in range(2):
        chat.chat.mint_token(user)
    keep(ini, Leave(ANN))
    assert "1 delivered" in outbox("run", ini, "--once")
    assert chat.chat.tokens_of(user) == ()


def test_one_that_the_chat_does_not_answer_waits_with_a_reason_that_shows_no_token(
    ini: Path, chat: rocketchat.RunningSandbox
) -> None:
    user = chat.chat.add_user("ann", email=ANN)
    token = chat.chat.mint_token(user).token
    keep(ini, Leave(ANN, token, user.id))
    chat.fail_with(status=503, message=f"overloaded by {token} of {ANN}", headers=(("Retry-After", "90"),))
    assert "0 delivered, 1 waiting, 0 refused" in outbox("run", ini, "--once")
    assert token not in outbox("list", ini)


def test_one_that_the_chat_refuses_is_gone_and_what_changed_later_is_delivered(
    ini: Path, chat: rocketchat.RunningSandbox
) -> None:
    user = chat.chat.add_user("ann", email=ANN)
    token = chat.chat.mint_token(user).token
    keep(ini, Leave(ANN, token, user.id), Edit(ANN, username="annie"))
    chat.fail_with(message="no logout here", times=2)
    assert "2 delivered, 0 waiting, 0 refused" in outbox("run", ini, "--once")
    assert chat.chat.token_owner(token) is not None, "by the service account and by the token itself"
    renamed = chat.chat.user(ANN)
    assert renamed is not None
    assert renamed.username == "annie"

"""Accounts that go or change, and people who may not enter: nobody gets into the store who should not."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from chatsso_middleware.cli.commands import chatsso
from chatsso_middleware.sandbox.publica_la import RunningSandbox
from chatsso_middleware.users import ChatUser
from tests.support.waiting import until

from .conftest import ANN, BOB, BOOK, Another, StartSite, log_in, reader

NEW = "ann.new@example.com"


class Doorkeeper:
    """The owner's ``may_chat``, who changes his mind."""

    def __init__(self) -> None:
        self.refused: set[str] = set()

    def __call__(self, user: ChatUser) -> bool:
        return user.email not in self.refused


def refusals(folder: Path) -> str:
    """What the owner sees who asks for it; empty as long as nothing was refused."""
    result = CliRunner().invoke(chatsso, ["outbox", "list", str(folder / "site.ini")], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output if "refused:" in result.output else ""


def test_who_may_not_enter_any_more_is_a_guest_from_the_next_click_on(
    start_site: StartSite, store: RunningSandbox
) -> None:
    doorkeeper = Doorkeeper()
    browser = start_site(may_chat=doorkeeper)
    log_in(browser)
    browser.get("/")
    doorkeeper.refused.add(ANN)
    browser.follow("book")
    assert browser.shown.status == 403, "the book is closed"
    assert store.calls.to("/auth/token") == ()
    assert browser.get("/").user == "nobody"


def test_who_may_not_enter_is_nobody_from_the_start(start_site: StartSite, store: RunningSandbox) -> None:
    doorkeeper = Doorkeeper()
    doorkeeper.refused.add(ANN)
    browser = start_site(may_chat=doorkeeper)
    log_in(browser)
    assert browser.get("/").links["book"] == store.url + BOOK
    log_in(browser, BOB)
    browser.get("/")
    browser.follow("book")
    assert reader(browser, store) == "u-4712"


def test_a_may_chat_that_fails_is_a_no(
    start_site: StartSite, store: RunningSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(user: ChatUser) -> bool:
        raise LookupError(user.email)

    browser = start_site(may_chat=broken)
    log_in(browser)
    browser.get("/chatsso/go?provider=publica_la")
    assert store.calls.to("/auth/token") == ()
    assert "may_chat failed with LookupError, which counts as a no" in caplog.text


def test_a_deletion_stands_in_the_outbox_until_a_person_has_done_it(
    start_site: StartSite, store: RunningSandbox, tmp_path: Path, another: Another
) -> None:
    browser = start_site("paste")
    elsewhere = another(browser)
    for each in (browser, elsewhere):
        log_in(each)
    browser.post("/delete", images=False, address=ANN)
    until(lambda: refusals(tmp_path), "the deletion was not given to a person")
    listed = refusals(tmp_path)
    for text in (
        "publica_la",
        "delete",
        ANN,
        "a store offers no way to delete its users from outside: delete the user there by hand",
    ):
        assert text in " ".join(listed.split())

    elsewhere.get("/")
    elsewhere.follow("book")
    assert elsewhere.shown.status == 403, "a browser that was logged in before is a guest"
    assert elsewhere.get("/").user == "nobody"
    assert store.calls.to("/auth/token") == ()


def test_who_signs_up_again_enters_when_the_person_has_dropped_the_deletion(
    start_site: StartSite, store: RunningSandbox, tmp_path: Path
) -> None:
    browser = start_site("paste", api_timeout="0.5")
    browser.post("/delete", images=False, address=ANN)
    until(lambda: refusals(tmp_path), "the deletion was not given to a person")
    log_in(browser)
    browser.get("/chatsso/go?provider=publica_la")
    assert reader(browser, store) == ""
    arguments = ["outbox", "drop", str(tmp_path / "site.ini"), "1", "--yes"]
    assert CliRunner().invoke(chatsso, arguments, catch_exceptions=False).exit_code == 0

    def enters() -> bool:
        browser.get("/chatsso/go?provider=publica_la")
        return reader(browser, store) == "u-4711"

    until(enters, "he is kept out still")


def test_a_user_who_changes_his_address_stays_the_same_reader(
    start_site: StartSite, store: RunningSandbox
) -> None:
    browser = start_site()
    log_in(browser)
    browser.get("/chatsso/go?provider=publica_la")
    browser.post("/rename", images=False, address=ANN, email=NEW)
    browser.get("/chatsso/go?provider=publica_la")
    assert [(user.uuid, user.email, user.visits) for user in store.store.users] == [("u-4711", NEW, 2)]


def test_an_outbox_that_cannot_be_asked_lets_nobody_in(
    start_site: StartSite, store: RunningSandbox, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    browser = start_site(outbox=f"sqlite:///{tmp_path}")  # a directory is no database
    log_in(browser)
    browser.get("/")
    browser.follow("book")
    assert browser.shown.status == 403
    assert store.calls.to("/auth/token") == ()
    assert browser.get("/").user == ANN, "on the site he stays"
    assert "Nobody enters publica_la just now: the outbox was asked first" in caplog.text
    assert ANN not in caplog.text


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_neither_key_nor_token_stands_in_any_log(
    start_site: StartSite,
    store: RunningSandbox,
    settings: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    method: str,
) -> None:
    with caplog.at_level(logging.DEBUG):
        browser = start_site(publica_la_method=method)
        log_in(browser)
        for path in ("/", "/chatsso/go?provider=publica_la", "/chatsso/go?provider=publica_la&to=//x"):
            browser.get(path)
        browser.post("/delete", images=False, address=ANN)
        until(lambda: "no way to delete" in caplog.text, "the refusal was not logged")
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("urllib3")]
    tokens = browser.given("external-auth-token")
    tokens += [str(each.get("value")) for each in browser.document.iter("input") if each.get("value")]
    for secret in (store.key, settings["secret"], *tokens):
        assert [text for text in ours if secret in text] == []

"""Accounts that go or change on the site, and what the instance hears of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from chatsso_middleware.cli.commands import chatsso
from chatsso_middleware.sandbox.typingmind import RunningSandbox
from chatsso_middleware.users import ChatUser
from tests.support.waiting import until

from .conftest import ANN, BOB, LINK, Another, StartSite, log_in, who

NEW = "ann.new@example.com"


def listed(folder: Path) -> str:
    """What the owner sees of the outbox."""
    result = CliRunner().invoke(chatsso, ["outbox", "list", str(folder / "site.ini")], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


@pytest.mark.parametrize("entrance", ["python", "paste", "pyramid"])
def test_a_deleted_account_leaves_the_instance_by_its_api(
    start_site: StartSite, instance: RunningSandbox, entrance: str
) -> None:
    browser = start_site(entrance, typingmind_api_key=instance.api_key)
    for email in (BOB, ANN):
        log_in(browser, email)
        browser.follow("chat")
    browser.post("/delete", images=False, address=ANN)
    until(lambda: instance.instance.user(ANN) is None, "the user is still there")
    assert [user.email for user in instance.instance.users] == [BOB]
    methods = [call.method for call in instance.calls if call.path.startswith("/api/v2/users")]
    assert methods == ["GET", "DELETE"]


def test_no_browser_of_a_deleted_user_brings_the_account_back(
    start_site: StartSite, instance: RunningSandbox, another: Another
) -> None:
    here = start_site(typingmind_api_key=instance.api_key)
    elsewhere = another(here)
    for browser in (here, elsewhere):
        log_in(browser)
        browser.follow("chat")
        # The chat's own session would make the user anew, which the vendor offers no way to end.
        browser.session.cookies.clear("127.0.0.1", "/", "sandbox_typingmind")
    here.post("/delete", images=False, address=ANN)
    until(lambda: instance.instance.user(ANN) is None, "the user is still there")
    for browser in (here, elsewhere):
        before = len(browser.given(LINK))
        for path in ("/", "/chatsso/go", "/", "/chatsso/go"):
            browser.get(path, images=False)
        assert len(browser.given(LINK)) == before
    assert instance.instance.users == ()


def test_without_an_api_key_a_person_is_told(
    start_site: StartSite, instance: RunningSandbox, tmp_path: Path
) -> None:
    browser = start_site("paste")
    log_in(browser)
    browser.follow("chat")
    browser.post("/delete", images=False, address=ANN)
    until(lambda: "refused:" in listed(tmp_path), "the deletion was not given to a person")
    assert "a user can be deleted by the API alone: set typingmind.api_key and try again" in listed(tmp_path)


def test_an_api_that_is_down_loses_no_deletion(start_site: StartSite, instance: RunningSandbox) -> None:
    browser = start_site(typingmind_api_key=instance.api_key)
    log_in(browser)
    browser.follow("chat")
    instance.instance.fail_with(status=503, times=2)
    browser.post("/delete", images=False, address=ANN)
    until(lambda: instance.instance.user(ANN) is None, "the user is still there")


def test_a_user_who_changes_his_address_stays_the_same_user(
    start_site: StartSite, instance: RunningSandbox
) -> None:
    browser = start_site()
    log_in(browser)
    browser.follow("chat")
    browser.post("/rename", images=False, address=ANN, email=NEW)
    browser.get("/chatsso/go", images=False)
    assert who(browser, instance) == NEW
    assert [(user.external_id, user.email) for user in instance.instance.users] == [("u-4711", NEW)]


def test_who_may_not_chat_gets_neither_link_nor_widget(
    start_site: StartSite, instance: RunningSandbox
) -> None:
    def may_chat(user: ChatUser) -> bool:
        return user.email == BOB

    browser = start_site(widget=f"{instance.url}/widget.js", may_chat=may_chat)
    log_in(browser)
    assert browser.shown.links["chat"] == f"{instance.url}/"
    assert browser.attribute("widget", "data-external-auth-code") is None
    log_in(browser, BOB)
    assert browser.attribute("widget", "data-external-auth-code") is not None

"""The provider's own tokens, in front of the stand-in: what one signs, the other takes or does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest

from chatsso_middleware.changes import Delete
from chatsso_middleware.errors import Rejected
from chatsso_middleware.providers import ChatAPI
from chatsso_middleware.providers.typingmind import TypingMind
from chatsso_middleware.sandbox.typingmind import RunningSandbox, serve
from chatsso_middleware.secret import Secret
from chatsso_middleware.users import ChatUser
from tests.sandbox.chat_client import Clock
from tests.sandbox.typingmind.visitor import Visitor

ANN = ChatUser("ann@example.com", id="42", extra={"plan": "pro"})
BOB = ChatUser("bob@example.com")
Connect = Callable[..., TypingMind]


@pytest.fixture
def connect(clock: Clock) -> Iterator[Connect]:
    """Builds the provider of a site for an instance."""
    with ExitStack() as stack:

        def make(sandbox: RunningSandbox, **options: Any) -> TypingMind:
            settings = {
                "url": sandbox.url,
                "secret": Secret(sandbox.secret),
                "form": "user",
                "expires": timedelta(days=7),
                "widget": "attribute",
                "api_key": Secret(sandbox.api_key),
                "api_url": sandbox.url,
                **options,
            }
            made = TypingMind(settings, ChatAPI("typingmind", timeout=10), clock=clock)
            stack.callback(made.close)
            return made

        yield make


def link(instance: TypingMind, user: ChatUser) -> str:
    session = instance.open_session(user)
    ((name, code),) = instance.link_parameters(session, remember=False)
    assert name == "externalAuthCode"
    return code


def test_a_link_and_the_widget_log_in_the_right_user(
    connect: Connect, sandbox: RunningSandbox, visitor: Visitor
) -> None:
    site = connect(sandbox)
    visitor.follow(link(site, ANN))
    assert visitor.page().user == "ann@example.com"
    visitor.follow(link(site, BOB))
    assert visitor.page().user == "bob@example.com"
    ((_, code),) = site.widget_attributes(site.open_session(ANN))
    assert visitor.page("/widget", code=code).user == "ann@example.com"
    ann, bob = sandbox.instance.users
    assert (ann.external_id, ann.metadata, bob.external_id) == ("42", {"plan": "pro"}, "bob@example.com")


@pytest.mark.parametrize("form", ["email", "id"])
def test_users_who_are_there_are_logged_in_by_address_and_by_id(
    form: str, connect: Connect, sandbox: RunningSandbox, visitor: Visitor
) -> None:
    sandbox.instance.add_user("bob@example.com")
    sandbox.instance.add_user("ann@example.com")
    visitor.follow(link(connect(sandbox, form=form), ANN))
    assert visitor.page().user == "ann@example.com"
    assert len(sandbox.instance.users) == 2


def test_a_stranger_has_no_id(connect: Connect, sandbox: RunningSandbox) -> None:
    with pytest.raises(Rejected, match="no user has the address"):
        connect(sandbox, form="id").open_session(ANN)


def test_a_token_of_one_instance_opens_no_other(
    connect: Connect, sandbox: RunningSandbox, visitor: Visitor, clock: Clock
) -> None:
    with serve(clock=clock) as other:
        code = link(connect(other), ANN)
    answer = visitor.follow(code)
    assert (answer.status_code, "another key" in answer.text) == (403, True)
    assert visitor.get("/widget", code=code).status_code == 403
    assert visitor.page().user == ""


def test_a_token_of_a_minute_opens_the_chat_for_a_minute(
    connect: Connect, sandbox: RunningSandbox, visitor: Visitor, clock: Clock
) -> None:
    site = connect(sandbox, expires=timedelta(minutes=1))
    code = link(site, ANN)
    clock.now += 59
    visitor.follow(code)
    assert visitor.page().user == "ann@example.com"
    clock.now += 1
    assert visitor.page(status=403).user == ""
    assert visitor.follow(code).status_code == 403
    visitor.follow(link(site, ANN))
    assert visitor.page().user == "ann@example.com"


def test_a_deleted_account_leaves_the_instance_and_its_seat(
    connect: Connect, sandbox: RunningSandbox, visitor: Visitor
) -> None:
    site = connect(sandbox)
    for user in (ANN, BOB):
        visitor.follow(link(site, user))
    site.deliver(Delete(("ann@example.com", "nobody@example.com")))
    assert [user.email for user in sandbox.instance.users] == ["bob@example.com"]
    site.deliver(Delete(("ann@example.com",)))


def test_the_probe_changes_nothing(connect: Connect, sandbox: RunningSandbox) -> None:
    assert "takes the API key" in connect(sandbox).probe()
    with pytest.raises(Rejected, match="refuses the API key"):
        connect(sandbox, api_key=Secret("wrong")).probe()
    assert sandbox.instance.users == ()

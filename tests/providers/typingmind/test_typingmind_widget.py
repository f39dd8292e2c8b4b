"""The widget's tag; a browser test runs the script that adds it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from chatsso_middleware.page.edits import PageEdits, ScriptAttributes
from chatsso_middleware.page.markup import script_tag
from chatsso_middleware.page.rewriter import rewrite
from chatsso_middleware.providers.base import Widget
from chatsso_middleware.providers.typingmind import TypingMind
from chatsso_middleware.providers.visits import Reply, Visit
from chatsso_middleware.sessions import ChatSession
from chatsso_middleware.users import ChatUser

MakeInstance = Callable[..., TypingMind]

ANN = ChatUser("ann@example.com")
SESSION = ChatSession("t0k.e-n", 0.0)
SOURCE = "https://chat.example.com/widget.js"


def ask(instance: TypingMind, path: str, **visit: Any) -> Reply:
    endpoint = next(one for one in instance.endpoints if one.path == path)
    facts: dict[str, Any] = {
        "method": "GET",
        "same_origin": True,
        "user": ANN,
        "session": lambda: SESSION,
        **visit,
    }
    return endpoint.answer(Visit(**facts))


def test_the_tag_on_the_page_is_completed_as_documented(make_instance: MakeInstance) -> None:
    instance = make_instance()
    assert instance.widget_scripts == {"/widget.js"}
    script = ScriptAttributes(instance.hosts, instance.widget_scripts, instance.widget_attributes(SESSION))
    page = f'<script defer src="{SOURCE}"></script>'.encode()
    assert rewrite(page, PageEdits(scripts=(script,))) == (
        f'<script defer src="{SOURCE}" data-external-auth-code="t0k.e-n"></script>'.encode()
    )
    assert instance.widget(SESSION) is None
    assert instance.widget_loader(guests=True) is None
    assert instance.endpoints == ()


def test_an_instance_below_a_path_has_its_widget_there(make_instance: MakeInstance) -> None:
    instance = make_instance(url="https://example.com/chat")
    assert instance.widget_scripts == {"/chat/widget.js"}


def test_the_tag_that_is_placed_names_the_member_and_no_guest(make_instance: MakeInstance) -> None:
    instance = make_instance(widget="insert")
    assert instance.widget(None) == Widget(SOURCE)
    placed = instance.widget(SESSION)
    assert placed == Widget(SOURCE, (("data-external-auth-code", "t0k.e-n"),))
    assert placed is not None
    assert "t0k.e-n" not in repr(placed)
    assert script_tag(placed.source, placed.attributes) == (
        f'<script src="{SOURCE}" defer="defer" data-external-auth-code="t0k.e-n"></script>'
    )
    assert instance.widget_scripts == frozenset()


def test_a_widget_that_is_off_is_left_alone(make_instance: MakeInstance) -> None:
    instance = make_instance(widget="off")
    assert instance.widget_scripts == frozenset()
    assert instance.widget(SESSION) is None
    assert instance.widget_loader(guests=True) is None
    assert instance.endpoints == ()


@pytest.mark.parametrize("guests", [True, False])
def test_the_script_that_adds_the_tag_is_the_same_for_everybody(
    guests: bool, make_instance: MakeInstance
) -> None:
    instance = make_instance(widget="insert")
    path = instance.widget_loader(guests=guests)
    assert path is not None
    reply = ask(instance, path)
    assert reply == ask(instance, path, user=None, same_origin=False)
    assert (reply.status, reply.content_type) == (200, "text/javascript")
    (line,) = (line for line in reply.body.splitlines() if "const facts" in line)
    assert json.loads(line.partition("=")[2].rstrip(";")) == {
        "source": SOURCE,
        "attribute": "data-external-auth-code",
        "guests": guests,
    }
    assert "t0k.e-n" not in reply.body


def test_a_page_of_the_site_is_given_the_visitors_code(make_instance: MakeInstance) -> None:
    instance = make_instance(widget="insert")
    assert json.loads(ask(instance, "code").body) == {"code": "t0k.e-n"}
    assert json.loads(ask(instance, "code", session=lambda: None).body) == {"code": None}
    asked: list[str] = []
    guest = ask(instance, "code", user=None, session=lambda: asked.append("session"))
    assert json.loads(guest.body) == {"code": None}
    assert asked == []


def test_a_page_of_somebody_else_is_given_nothing(make_instance: MakeInstance) -> None:
    asked: list[str] = []
    instance = make_instance(widget="insert")
    reply = ask(instance, "code", same_origin=False, session=lambda: asked.append("session"))
    assert (reply.status, reply.body, asked) == (403, "", [])

"""The script for pages that show the chat in a frame, and what it asks; a browser test runs it."""

from __future__ import annotations

import json
from typing import Any

from chatsso_middleware.providers.rocketchat.browser import BrowserSide
from chatsso_middleware.providers.visits import Reply, Visit
from chatsso_middleware.sessions import ChatSession
from chatsso_middleware.users import ChatUser

CHAT = "https://chat.example"
ANN = ChatUser("ann@example.com")


def make(**options: Any) -> BrowserSide:
    return BrowserSide(CHAT, **{"token_field": "loginToken", "embed": True, **options})


def ask(path: str, side: BrowserSide | None = None, /, **visit: Any) -> Reply:
    endpoint = next(one for one in (side or make()).endpoints if one.path == path)
    facts: dict[str, Any] = {
        "method": "GET",
        "same_origin": True,
        "user": ANN,
        "session": lambda: ChatSession("t0ken", 0.0),
        **visit,
    }
    return endpoint.answer(Visit(**facts))


def facts_in(script: str) -> Any:
    """What the server tells the script."""
    (line,) = [line.strip() for line in script.splitlines() if line.strip().startswith("const facts = ")]
    return json.loads(line.removeprefix("const facts = ").removesuffix(";"))


def test_it_is_there_only_where_the_owner_switched_it_on() -> None:
    assert make().page_script == "embed.js"
    off = make(embed=False)
    assert off.page_script is None
    assert [endpoint.path for endpoint in off.endpoints] == ["token", "frame"]


def test_the_script_is_the_same_for_everybody_and_knows_the_chats_origin() -> None:
    reply = ask("embed.js")
    assert reply == ask("embed.js", user=None, same_origin=False)
    assert (reply.status, reply.content_type) == (200, "text/javascript")
    assert facts_in(reply.body) == {"chatOrigin": CHAT, "provider": "rocketchat", "sendsTokens": True}


def test_in_mode_mongodb_the_script_knows_that_no_token_comes() -> None:
    facts = facts_in(ask("embed.js", make(token_field="token")).body)
    assert facts["sendsTokens"] is False


def test_a_page_of_the_site_is_told_who_is_logged_in() -> None:
    assert json.loads(ask("embed").body) == {"origin": CHAT, "loggedIn": True, "loginToken": "t0ken"}
    assert json.loads(ask("embed", user=None).body) == {"origin": CHAT, "loggedIn": False}


def test_there_is_no_token_for_who_left_the_chat_or_has_no_session() -> None:
    known = {"origin": CHAT, "loggedIn": True}
    assert json.loads(ask("embed", has_left=True).body) == known
    assert json.loads(ask("embed", session=lambda: None).body) == known
    assert json.loads(ask("embed", session=lambda: ChatSession("", 0.0)).body) == known
    assert json.loads(ask("embed", make(token_field="token")).body) == known


def test_a_page_of_somebody_else_is_told_nothing() -> None:
    asked: list[str] = []
    reply = ask("embed", same_origin=False, session=lambda: asked.append("session"))
    assert (reply.status, reply.body, reply.headers) == (403, "", ())
    assert asked == []

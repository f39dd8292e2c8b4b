"""The gateway of the tags: ``PROVIDER/login.gif`` and ``PROVIDER/logout.gif``."""

from __future__ import annotations

import pytest

from chatsso_middleware.endpoints.answers import GIF
from chatsso_middleware.sandbox.website_toolbox import RunningSandbox
from tests.endpoints.conftest import ANN, Visit
from tests.support.strict_server import StrictServer
from tests.support.visitor import Visitor, location, set_cookies

BOB = "bob@example.com"


def events(visitor: Visitor) -> tuple[str, ...]:
    """What the chat has yet to see of this browser, or has seen since its last login."""
    request = visitor.request()
    request.run()
    found: tuple[str, ...] = request.environ["chatsso"].state.events
    return found


def gif(visitor: Visitor, kind: str, event: str, **environ: str) -> StrictServer:
    return visitor.get(f"/chatsso/website_toolbox/{kind}.gif?event={event}", **environ)


def assert_says_nothing(answer: StrictServer) -> None:
    assert (answer.status, answer.body) == ("200 OK", GIF)
    assert answer.header("Content-Type") == "image/gif"
    assert answer.header("Content-Length") == str(len(GIF))
    assert answer.header("Cache-Control") == "no-store"
    assert answer.header("Location") is None


def test_the_image_is_one_transparent_pixel() -> None:
    assert GIF.startswith(b"GIF89a\x01\x00\x01\x00")
    assert GIF[13 + 6 :].startswith(b"\x21\xf9\x04\x01"), "the first colour is not transparent"


def test_a_login_that_is_due_leads_to_the_chats_own_tag_and_is_acknowledged(
    visit: Visit, room: RunningSandbox
) -> None:
    visitor = visit(as_user=ANN)
    (event,) = events(visitor)
    answer = gif(visitor, "login", event)
    assert answer.status == "302 Found"
    assert location(answer).startswith(room.url.removeprefix("http:") + "/sso/token/login?access_token=")
    (cookie,) = set_cookies(answer)
    assert cookie.startswith(f"chatsso.website_toolbox={event};")


def test_a_tag_that_was_acknowledged_is_not_due_again(visit: Visit) -> None:
    visitor = visit(as_user=ANN)
    (event,) = events(visitor)
    gif(visitor, "login", event)
    again = gif(visitor, "login", event)
    assert_says_nothing(again)
    assert set_cookies(again) == []


@pytest.mark.parametrize("event", ["", "unknown", "a%22b", "%E6%97%A5"])
@pytest.mark.parametrize("kind", ["login", "logout"])
@pytest.mark.parametrize("as_user", [None, ANN])
def test_an_event_of_somebody_else_or_of_nobody_says_nothing(
    visit: Visit, kind: str, event: str, as_user: str | None
) -> None:
    answer = gif(visit(as_user=as_user), kind, event)
    assert_says_nothing(answer)
    assert set_cookies(answer) == []


def test_without_an_event_in_the_address_it_says_nothing(visit: Visit) -> None:
    assert_says_nothing(visit(as_user=ANN).get("/chatsso/website_toolbox/login.gif"))


def test_a_login_is_no_logout(visit: Visit) -> None:
    visitor = visit(as_user=ANN)
    (event,) = events(visitor)
    answer = gif(visitor, "logout", event)
    assert_says_nothing(answer)
    assert set_cookies(answer) == []


def test_the_logout_comes_before_the_login_of_the_next_user(visit: Visit) -> None:
    visitor = visit(as_user=ANN)
    gif(visitor, "login", events(visitor)[0])
    visitor.get(f"/login?{BOB}")
    leaving, arriving = events(visitor)
    assert_says_nothing(gif(visitor, "login", arriving))
    assert_says_nothing(gif(visitor, "login", leaving))
    assert "/sso/token/logout?" in location(gif(visitor, "logout", leaving))
    assert "/sso/token/login?" in location(gif(visitor, "login", arriving))


@pytest.mark.parametrize("fault", ["stopped", "broken"])
def test_while_the_chat_is_down_the_tag_stays_due(visit: Visit, room: RunningSandbox, fault: str) -> None:
    if fault == "stopped":
        room.stop()
    else:
        room.room.fail_with(status=500)
    visitor = visit(as_user=ANN)
    (event,) = events(visitor)
    for _ in range(2):
        answer = gif(visitor, "login", event)
        assert_says_nothing(answer)
        assert set_cookies(answer) == []


def test_the_logout_of_an_account_that_is_gone_counts_as_done(visit: Visit, room: RunningSandbox) -> None:
    room.room.fail_with(status=500)
    visitor = visit(as_user=ANN)
    visitor.get(f"/delete?{ANN}")
    (event,) = events(visitor)
    room.room.recover()
    answer = gif(visitor, "logout", event)
    assert_says_nothing(answer)
    assert set_cookies(answer)[0].startswith(f"chatsso.website_toolbox={event};")


def test_what_asks_with_head_loads_no_image_and_acknowledges_nothing(visit: Visit) -> None:
    visitor = visit(as_user=ANN)
    (event,) = events(visitor)
    answer = gif(visitor, "login", event, REQUEST_METHOD="HEAD")
    assert answer.status == "302 Found"
    assert set_cookies(answer) == []


@pytest.mark.parametrize(
    "path", ["rocketchat/login.gif", "website_toolbox/other.gif", "website_toolbox/login.png"]
)
def test_other_images_are_none_of_ours(visit: Visit, path: str) -> None:
    answer = visit(as_user=ANN).get(f"/chatsso/{path}")
    assert answer.status in ("400 Bad Request", "404 Not Found")
    assert set_cookies(answer) == []

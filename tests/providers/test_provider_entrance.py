from __future__ import annotations

from chatsso_middleware.providers.api import ChatAPI
from chatsso_middleware.providers.base import Entrance, Provider
from chatsso_middleware.users import ChatUser


class Plain(Provider):
    name = "plain"


def test_a_chat_that_makes_no_tokens_at_the_click_is_entered_as_it_is() -> None:
    provider = Plain({"url": "https://chat.test/below"}, ChatAPI("plain", timeout=1))
    assert not provider.mints_at_click
    entrance = provider.entrance(ChatUser("ann@example.com"), "/below/room?a=b", remember=True)
    assert entrance == Entrance("https://chat.test/below/room?a=b")
    assert entrance.fields == ()


def test_an_entrance_does_not_show_what_stands_in_it() -> None:
    assert "T0ken" not in repr(Entrance("https://chat.test/?t=T0ken", (("t", "T0ken"),)))

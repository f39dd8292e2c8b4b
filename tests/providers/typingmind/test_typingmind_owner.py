"""What the owner writes, and what he is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from chatsso_middleware.converters import PlainAddress, Unusable
from chatsso_middleware.errors import Rejected
from chatsso_middleware.providers import ChatAPI, Provider, SiteFacts
from chatsso_middleware.providers.typingmind import TypingMind
from chatsso_middleware.sandbox.typingmind import serve
from chatsso_middleware.secret import Secret
from chatsso_middleware.testing import ProviderContract
from chatsso_middleware.users import ChatUser

MakeInstance = Callable[..., TypingMind]

CONVERT = {key.name: key.convert for key in TypingMind.keys}
SITE = SiteFacts(
    site_url="https://www.example.org",
    mount="/chatsso",
    login_url="/login",
    logout_url="/logout",
    cookie_samesite="lax",
)


class TestContract(ProviderContract):
    @pytest.fixture
    def provider(self) -> Iterator[Provider]:
        with serve() as sandbox:
            options = {
                "url": sandbox.url,
                "secret": Secret(sandbox.secret),
                "form": "user",
                "expires": timedelta(days=7),
                "widget": "insert",
                "api_key": Secret(sandbox.api_key),
                "api_url": sandbox.url,
            }
            made = TypingMind(options, ChatAPI("typingmind", timeout=10))
            yield made
            made.close()


def test_its_settings_are_those_of_the_documentation() -> None:
    assert [(key.name, key.secret) for key in TypingMind.keys] == [
        ("url", False),
        ("secret", True),
        ("form", False),
        ("expires", False),
        ("widget", False),
        ("api_key", True),
        ("api_url", False),
    ]
    assert {key.name: key.default for key in TypingMind.keys[2:]} == {
        "form": "user",
        "expires": timedelta(days=7),
        "widget": "attribute",
        "api_key": None,
        "api_url": "https://api.typingmind.com",
    }


def test_values_are_read_as_people_write_them() -> None:
    assert CONVERT["url"]("https://Chat.YourCompany.com/") == "https://chat.yourcompany.com"
    assert CONVERT["form"]("Email") == "email"
    assert CONVERT["expires"]("7 days") == timedelta(days=7)
    assert CONVERT["expires"]("1 minute") == timedelta(minutes=1)
    assert CONVERT["widget"]("insert") == "insert"
    assert CONVERT["secret"](" short ") == Secret("short")
    assert isinstance(CONVERT["url"]("http://chat.example.com"), PlainAddress)
    assert isinstance(CONVERT["api_url"]("http://api.example.com"), PlainAddress)


@pytest.mark.parametrize("life", ["59 seconds", "1 second", timedelta(seconds=59)])
def test_a_life_too_short_to_load_a_page_is_refused(life: Any) -> None:
    with pytest.raises(Unusable, match="Write 1 minute or more"):
        CONVERT["expires"](life)


def test_the_form_id_needs_a_key() -> None:
    assert [key for key, _ in TypingMind.disagreements({"form": "id", "api_key": None})] == ["form"]
    assert list(TypingMind.disagreements({"form": "id", "api_key": Secret("K3y")})) == []
    assert list(TypingMind.disagreements({"form": "email", "api_key": None})) == []
    assert list(TypingMind.disagreements({"form": "id"})) == []


def test_the_form_id_without_a_key_logs_nobody_in(make_instance: MakeInstance) -> None:
    with pytest.raises(Rejected, match=r"typingmind\.api_key"):
        make_instance(form="id").open_session(ChatUser("ann@example.com"))


def advice(instance: TypingMind) -> str:
    return "\n".join(one.text for one in instance.advice(SITE))


def test_the_owner_is_told_where_the_secret_stands_and_what_no_setting_changes(
    make_instance: MakeInstance,
) -> None:
    told = advice(make_instance())
    for words in (
        "User Authentication",
        "takes a seat",
        "https://chat.example.com/",
        '<script defer src="https://chat.example.com/widget.js"></script>',
        "script-src and its frame-src must name https://chat.example.com",
        "delivery = gateway",
        "typingmind.api_key is not set",
        "no way to end a session from outside",
    ):
        assert words in told
    assert "could be guessed" not in told


def test_the_advice_follows_the_settings(make_instance: MakeInstance) -> None:
    short = make_instance(secret=Secret("short"), form="email", widget="off", api_key=Secret("K3y"))
    told = advice(short)
    assert "could be guessed" in told
    assert "Only users whom the instance has already" in told
    for absent in ("takes a seat", "widget", "Content-Security-Policy", "api_key is not set", "short,"):
        assert absent not in told
    assert "The widget's tag is placed on every page" in advice(make_instance(widget="insert"))


def test_the_widgets_tag_is_a_snippet_where_the_owner_places_it(make_instance: MakeInstance) -> None:
    (snippet,) = make_instance().snippets(SITE)
    assert snippet.text == '<script defer src="https://chat.example.com/widget.js"></script>'
    assert make_instance(widget="insert").snippets(SITE) == ()
    assert make_instance(widget="off").snippets(SITE) == ()

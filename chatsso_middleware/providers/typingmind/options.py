"""The settings of a TypingMind instance, and which values do not go together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from ...converters import Unusable, chat_url, choice, duration, secret_text
from ...settings import Key
from ..signed_tokens import shared_key

__all__ = ["KEYS", "disagreements", "token_life"]

SHORTEST_LIFE: Final = timedelta(minutes=1)
"""The instance checks the token at every page load, by its own clock: less than this may be over too soon."""


def token_life(value: Any) -> timedelta:
    """A duration of a minute or more."""
    life = duration(value)
    if life < SHORTEST_LIFE:
        mend = "Write 1 minute or more; the vendor's own example has 7 days."
        raise Unusable("Such a token may be over before the chat's page is there.", mend)
    return life


KEYS: Final = (
    Key("url", chat_url, help="The instance's address, such as https://chat.yourcompany.com."),
    Key(
        "secret",
        shared_key,
        help="The JWT secret of Admin Panel, User Authentication, JWT. Each instance has its own.",
        secret=True,
    ),
    Key(
        "form",
        choice("user", "email", "id"),
        "user",
        "What a token names: a user who is made where he is missing, or one who is there, by email or id.",
    ),
    Key("expires", token_life, timedelta(days=7), "How long a token is good, a minute at least."),
    Key(
        "widget",
        choice("attribute", "insert", "off"),
        "attribute",
        "Whether the widget's tag on your pages is completed, is placed there, or is left alone.",
    ),
    Key(
        "api_key",
        secret_text,
        None,
        "An API key of the instance, for form = id and for the deletion of users.",
        secret=True,
    ),
    Key(
        "api_url",
        chat_url,
        "https://api.typingmind.com",
        "The API's address; for an instance in the EU https://api.eu.typingmind.com.",
    ),
)
"""In the order of the documentation."""


def disagreements(options: Mapping[str, Any]) -> Iterator[tuple[str, Unusable]]:
    """Values that are fine by themselves and not together. Those that had a problem already are left out."""
    if options.get("form") == "id" and options.get("api_key", "") is None:
        mend = "Set api_key, or choose form = email or form = user."
        yield "form", Unusable("A user's id is asked for at the API, which needs api_key.", mend)

"""The settings of a store at publica.la."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from ...converters import Unusable, chat_url, choice, duration, text
from ...settings import Key
from ...urls import split_web_address
from ..signed_tokens import shared_key

__all__ = ["KEYS", "exit_address", "token_life"]

_SHORTEST_LIFE: Final = timedelta(seconds=60)
_LONGEST_LIFE: Final = timedelta(seconds=3600)


def token_life(value: Any) -> timedelta:
    """A duration from 60 seconds to an hour, as the vendor's page bounds it."""
    life = duration(value)
    if not _SHORTEST_LIFE <= life <= _LONGEST_LIFE:
        mend = "Write one from 60 seconds, which the vendor recommends, to 60 minutes."
        raise Unusable("The store takes no token of such a life.", mend)
    return life


def exit_address(value: Any) -> str:
    """A whole web address of a page; a query and a fragment may stand in it."""
    address = text(value)
    parts = split_web_address(address)
    if parts is None or parts.user_information is not None:
        mend = "Write it whole and in ASCII, as in https://www.example.com/my-books."
        raise Unusable("The value is no http or https address.", mend)
    return address


KEYS: Final = (
    Key("url", chat_url, help="The store's address, such as https://CLIENT.publica.la."),
    Key("issuer", text, help="The issuer (iss) that the store has configured for auth tokens."),
    Key("key", shared_key, help="The key that the store and the site share for auth tokens.", secret=True),
    Key("expires", token_life, timedelta(seconds=60), "How long a token is good, 60 seconds to 60 minutes."),
    Key("method", choice("GET", "POST"), "GET", "How a browser brings the token: by a redirect, or a form."),
    Key("exit_url", exit_address, None, "The page of the site to which the store's reader leads back."),
)
"""In the order of the documentation."""

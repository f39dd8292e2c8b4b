"""The settings of a Rocket.Chat: the table of its keys, and which values do not go together."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ...converters import Unusable, boolean, chat_url, choice, named_callable, secret_text, text, words
from ...settings import Key

__all__ = ["KEYS", "disagreements"]

_SERVICES: Final = ("facebook", "google", "twitter")
_LIBRARIES: Final = {"mongodb": "pymongo", "realtime": "websockets"}
"""What a mode needs besides; the extra of our package is called as the mode."""


def oauth_services(value: Any) -> tuple[str, ...]:
    """One or more of the services by which a chat of an old version logs in, separated by white space."""
    return tuple(map(choice(*_SERVICES), words(value)))


KEYS: Final = (
    Key("url", chat_url, help="The chat's address, such as https://chat.example.com."),
    Key(
        "mode",
        choice("create_token", "password", "saved", "mongodb", "realtime"),
        "create_token",
        "How a visitor gets his token.",
    ),
    Key("admin_user_id", text, None, "The user id of the service account."),
    Key("admin_token", secret_text, None, "The personal access token of the service account.", secret=True),
    Key(
        "token_secret",
        secret_text,
        None,
        "From 8.0 on: the value of CREATE_TOKENS_FOR_USERS_SECRET at the chat's server.",
        secret=True,
    ),
    Key("create_users", boolean, True, "Whether an account that is missing in the chat is made."),
    Key(
        "mongodb_url",
        secret_text,
        None,
        "The chat's own database: mongodb://user:password@host/rocketchat.",
        secret=True,
    ),
    Key(
        "saved_token",
        named_callable,
        None,
        "Gives the token of the chat that the site has for a ChatUser, or None.",
    ),
    Key(
        "oauth",
        oauth_services,
        (),
        "Which of facebook, google and twitter the chat itself (an old version) logs in by.",
    ),
    Key(
        "oauth_verifier",
        named_callable,
        None,
        "Verifies what an OAuth service said: from its name and the response to a ChatUser, or None.",
    ),
    Key("google_client_id", text, None, "The client id of the chat's own Google login."),
    Key("google_url", chat_url, "https://oauth2.googleapis.com", "Where Google verifies its tokens."),
    Key("facebook_app_id", text, None, "The App ID of the chat's own Facebook login."),
    Key("facebook_app_secret", secret_text, None, "The App Secret that belongs to it.", secret=True),
    Key("facebook_url", chat_url, "https://graph.facebook.com", "Where Facebook verifies its tokens."),
    Key("embed_script", boolean, False, "Whether pages of the site run the script for an embedded chat."),
    Key("cookie_partitioned", boolean, False, "Whether our cookies are Partitioned, for a framed site."),
)
"""In the order of the documentation."""


def disagreements(options: Mapping[str, Any]) -> Iterator[tuple[str, Unusable]]:
    """Values that are fine by themselves and not together. Those that had a problem already are left out."""
    mode = options.get("mode")
    if mode == "create_token" and _missing(options, "admin_user_id") and _missing(options, "admin_token"):
        mend = "Set admin_user_id and admin_token, or choose another mode."
        yield "mode", Unusable("Mode create_token needs a service account.", mend)
    for one, other in (("admin_user_id", "admin_token"), ("admin_token", "admin_user_id")):
        if _given(options, one) and _missing(options, other):
            yield one, Unusable(f"It is of no use without {other}.", f"Set {other} too.")
    if mode == "mongodb" and _missing(options, "mongodb_url"):
        yield "mode", Unusable("Mode mongodb needs the chat's database.", "Set mongodb_url.")
    library = _LIBRARIES.get(str(mode))
    if library is not None and importlib.util.find_spec(library) is None:
        mend = f"Install it: pip install 'chatsso-middleware[{mode}]'"
        yield "mode", Unusable(f"The library {library} is missing, which mode {mode} needs.", mend)
    yield from _unverified(options)


def _unverified(options: Mapping[str, Any]) -> Iterator[tuple[str, Unusable]]:
    """Services whose word nobody could verify: anybody could send it."""
    services = options.get("oauth") or ()
    if not _missing(options, "oauth_verifier"):
        return
    if "twitter" in services:
        reason = "Nobody can verify what twitter says."
        yield "oauth", Unusable(reason, "Set oauth_verifier, or take twitter away.")
    for service, keys in (
        ("google", ("google_client_id",)),
        ("facebook", ("facebook_app_id", "facebook_app_secret")),
    ):
        absent = [key for key in keys if _missing(options, key)]
        if service in services and absent:
            mend = f"Set {' and '.join(absent)}, or oauth_verifier, or take {service} away."
            yield "oauth", Unusable(f"Nobody can verify what {service} says.", mend)


def _given(options: Mapping[str, Any], name: str) -> bool:
    return options.get(name) is not None


def _missing(options: Mapping[str, Any], name: str) -> bool:
    return name in options and options[name] is None

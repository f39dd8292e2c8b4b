"""A stand-in Rocket.Chat, built from public documentation and from what published clients and servers do.

It is not Rocket.Chat's product, and shares no code with it. Run it with ``chatsso sandbox rocketchat``, or
inside a test::

    with serve(site_url="http://127.0.0.1:6543") as sandbox:
        settings = {
            "rocketchat.url": sandbox.url,
            "rocketchat.admin_user_id": sandbox.admin_user_id,
            "rocketchat.admin_token": sandbox.admin_token,
            "rocketchat.token_secret": sandbox.token_secret,
        }
        ...
        sandbox.calls.wait_for("/api/v1/users.createToken")
        sandbox.fail_with(status=503)

It needs the package websockets, from the extra ``realtime``.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..calls import Call, CallLog
from .app import create_app
from .behaviour import PAGE_CLIENTS, PERMISSIONS, SERVER_VERSIONS, Behaviour
from .chat import SERVICE_ACCOUNT, Chat
from .documents import MemoryCollection, UserCollection
from .logins import TWO_FACTOR_CODE
from .refusals import Refused
from .running import RunningSandbox
from .settings import ChatSettings
from .tokens import MOST_TOKENS, TOKEN_LIFE, LoginToken, NewToken
from .users import User

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import timedelta

__all__ = [
    "MOST_TOKENS",
    "PAGE_CLIENTS",
    "PERMISSIONS",
    "SERVER_VERSIONS",
    "SERVICE_ACCOUNT",
    "TOKEN_LIFE",
    "TWO_FACTOR_CODE",
    "Behaviour",
    "Call",
    "CallLog",
    "Chat",
    "ChatSettings",
    "LoginToken",
    "MemoryCollection",
    "NewToken",
    "Refused",
    "RunningSandbox",
    "User",
    "UserCollection",
    "create_app",
    "serve",
]


@contextmanager
def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    server_version: str = SERVER_VERSIONS[-1],
    site_url: str | None = None,
    settings: ChatSettings | None = None,
    behaviour: Behaviour | None = None,
    admin_token: str | None = None,
    create_tokens: bool = True,
    token_secret: str | None = None,
    token_life: timedelta = TOKEN_LIFE,
    mongodb: UserCollection | None = None,
    clock: Callable[[], float] = time.time,
) -> Iterator[RunningSandbox]:
    """Run a chat in a thread of its own until the block ends; port 0 takes a free one.

    `server_version` is one of `SERVER_VERSIONS`. `site_url` fills in the settings for a site that has
    chatsso-middleware at its default mount; `settings` gives them one by one. `admin_token` is the
    service account's, made where it is not given. `create_tokens` is the server variable
    ``CREATE_TOKENS_FOR_USERS`` of a 7, `token_secret` is ``CREATE_TOKENS_FOR_USERS_SECRET`` of an 8, made
    where it is not given. With `mongodb`, a collection ``users``, every user lives there as a
    document, login tokens included. Raises `OSError` where the address cannot be had, `ValueError` for a bad
    `site_url` or version.
    """
    chat = Chat(
        server_version=server_version,
        settings=ChatSettings.of_site(site_url) if site_url and settings is None else settings,
        behaviour=behaviour,
        admin_token=admin_token,
        create_tokens=create_tokens,
        token_secret=token_secret,
        token_life=token_life,
        mongodb=mongodb,
        clock=clock,
    )
    sandbox = RunningSandbox(chat, host=host, port=port)
    sandbox.start()
    try:
        yield sandbox
    finally:
        sandbox.stop()

"""A login flow with everything real but the clock: outbox and worker, tokens, a sandbox as the chat."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import requests

from chatsso_middleware.assembly import deliver_by
from chatsso_middleware.changes import Change
from chatsso_middleware.login_flow import Chat, LoginFlow, Policy, Tag
from chatsso_middleware.outbox import Outbox, Worker
from chatsso_middleware.providers import ChatAPI, ChatSession, Provider
from chatsso_middleware.providers.website_toolbox import WebsiteToolbox
from chatsso_middleware.sandbox.website_toolbox import RunningSandbox, serve
from chatsso_middleware.secret import Secret
from chatsso_middleware.session_opener import SessionOpener
from chatsso_middleware.sessions import Credentials
from chatsso_middleware.state.background import Background
from chatsso_middleware.state.session_state import NOBODY, SessionState
from chatsso_middleware.state.token_store import TokenStore
from chatsso_middleware.state.tokens import Tokens
from chatsso_middleware.users import ChatUser, Unknown

from .browser import Browser
from .waiting import at_rest

SECRET = "the secret of the site, long enough for anybody"
MARGIN = 300.0
LONG = 20.0
"""Seconds that a test waits for what must come."""


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


class Tagless(Provider):
    """A chat without tags: its links alone log in, and its API can end a session."""

    name: ClassVar[str] = "tagless"

    def __init__(self, *, link_parameter: str | None = "key", clock: Callable[[], float] = time.time) -> None:
        super().__init__({"url": "https://tagless.example/base"}, ChatAPI("tagless", timeout=5))
        self._link_parameter = link_parameter
        self._clock = clock
        self.opened: list[str] = []
        self.closed: list[str] = []
        self.delivered: list[Change] = []

    def open_session(self, user: ChatUser, credentials: Credentials | None = None) -> ChatSession:
        self.opened.append(user.email)
        return ChatSession(f"{user.email}-{len(self.opened)}", self._clock() + 3600)

    def link_parameters(self, session: ChatSession, *, remember: bool) -> tuple[tuple[str, str], ...]:
        return ((self._link_parameter, session.token),) if self._link_parameter else ()

    def close_session(self, session: ChatSession) -> None:
        self.closed.append(session.token)

    def deliver(self, change: Change) -> None:
        self.delivered.append(change)


class World:
    """One site and its chats."""

    def __init__(
        self, room: RunningSandbox, clock: Clock, outbox: Outbox, others: tuple[Provider, ...]
    ) -> None:
        self.room = room
        self.clock = clock
        self.outbox = outbox
        options = {
            "url": room.url,
            "api_key": (Secret(room.api_key),),
            "method": "POST",
            "send_password": False,
        }
        toolbox = WebsiteToolbox(options, ChatAPI("website_toolbox", timeout=5), clock=clock)
        self.providers: dict[str, Provider] = {provider.name: provider for provider in (toolbox, *others)}
        self.background = Background()
        self.worker = Worker(outbox, self._deliver)

    def flow(self, store: str = "memory:", **policy: Any) -> LoginFlow:
        def make_tokens(provider: Provider, opener: SessionOpener) -> Tokens:
            return Tokens(
                provider.name,
                provider.url,
                open_session=partial(opener.open_session, provider),
                check_session=partial(opener.check_session, provider),
                end_session=partial(opener.end_session, provider),
                available=lambda: provider.api.available,
                worth_waiting=lambda: not provider.api.is_down,
                store=TokenStore(store, lock_timeout=10),
                background=self.background,
                margin=MARGIN,
                scope=provider.token_scope,
                check_interval=(
                    None if provider.check_interval is None else provider.check_interval.total_seconds()
                ),
                clock=self.clock,
            )

        return LoginFlow(
            list(self.providers.values()),
            make_tokens,
            policy=Policy(**({"page_wait": LONG} | policy)),
            outbox=self.outbox,
            background=self.background,
            hurry=self.worker.wake,
            clock=self.clock,
        )

    def landed(self) -> None:
        """Wait until no token is on its way."""
        give_up = time.monotonic() + LONG
        while self.background._crew()._named and time.monotonic() < give_up:
            time.sleep(0.005)

    def at_rest(self) -> None:
        """Wait until nothing is done beside the requests."""
        at_rest(self.background)

    def delivered(self) -> None:
        """Wait until the chats have every account change."""
        give_up = time.monotonic() + LONG
        while self.outbox.counts().waiting and time.monotonic() < give_up:
            self.worker.wake()
            time.sleep(0.005)

    def _deliver(self, name: str, change: Change) -> None:
        deliver_by(list(self.providers.values()))(name, change)


@contextmanager
def make_world(folder: Path, *others: Provider, clock: Clock | None = None) -> Iterator[World]:
    """A world that ends with the block; the sandbox is its first chat. The worker does not run yet."""
    clock = clock or Clock()
    with serve(clock=clock) as room:
        outbox = Outbox(f"sqlite:///{folder}/outbox.sqlite3", [SECRET], clock=clock)
        world = World(room, clock, outbox, others)
        try:
            yield world
        finally:
            world.worker.stop(LONG)
            world.background.stop()
            outbox.close()


class Visitor:
    """One browser: what its state cookie and its acknowledgements say, and its cookie jar for the chat."""

    def __init__(self, world: World, flow: LoginFlow) -> None:
        self.world = world
        self.flow = flow
        self.state: SessionState = NOBODY
        self.seen: dict[str, list[str]] = {name: [] for name in flow.chats}
        self.session = requests.Session()
        self.session.trust_env = False

    @property
    def user(self) -> str | None:
        return None if self.state.user is None else self.state.user.email

    def log_in(self, email: str, remember: bool | None = None, **fields: Any) -> None:
        self._become(self.flow.log_in(self._read(), ChatUser(email, **fields), remember))

    def log_out(self) -> None:
        self._become(self.flow.log_out(self._read()))

    def page(self, identity: ChatUser | Unknown | str | None = "nothing is asked") -> list[Tag]:
        """A page of the site: what the host says is looked at, and the tags on it are loaded."""
        state = self._read()
        if not isinstance(identity, str):
            state = self.flow.reconcile(state, identity)
        self._become(self.flow.expire(state))
        tags = []
        for chat in self.flow.chats.values():
            event = self.flow.due(self.state, chat, self.seen[chat.name])
            if event:
                tags.append(self._load(chat, event))
        return tags

    def link(self, chat: str = "website_toolbox") -> str | None:
        """The address of the chat's front page with a token, or `None`."""
        return self.flow.chat_address(self.state, self.flow.chats[chat], "/", LONG)

    def who_chats(self) -> str:
        """Whom the chat's own page greets in this browser."""
        browser = Browser(self.world.room.url)
        browser.session.close()
        browser.session = self.session
        return browser.get("/", images=False).user

    def _become(self, state: SessionState) -> None:
        self.flow.settle(self.state, state)
        self.state = state

    def _read(self) -> SessionState:
        self.state = self.flow.without_seen(self.state, lambda provider: self.seen[provider])
        return self.state

    def _load(self, chat: Chat, event: str) -> Tag:
        tag = self.flow.tag(self.state, chat, event, "/chatsso", self.flow.policy.page_wait)
        address: str | None = tag.address
        if not tag.direct:
            address = self.flow.tag_address(self.state, chat, event, self.flow.policy.page_wait)
        if address is not None:
            assert self.session.get(f"http:{address}", timeout=LONG).status_code == 200
        if address is not None or self.flow.is_over(self.state, chat, event):
            self.seen[chat.name].append(event)
        return tag

"""The handle at ``environ["chatsso"]``: what the host says and asks, as plain calls."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .changes import AccountChange, Delete, Edit, Register
from .errors import InvalidUser
from .login_flow import Chat, LoginFlow, Tag
from .outbox import Outbox
from .page.markup import Markup, image_tag
from .sessions import ChatSession, Credentials
from .state.cookies import StateCookie
from .state.session_state import SessionState
from .urls import is_path_on_this_host
from .users import ChatUser

__all__ = ["Accounts", "Handle"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Accounts:
    """The way of an account change into the outbox."""

    outbox: Outbox
    hurry: Callable[[], object]
    """Tells the background worker that there is something to deliver."""

    def submit(self, chats: Iterable[Chat], change: AccountChange) -> None:
        """Keep `change` for every chat. Durable on return; nothing is kept if one of them would refuse it."""
        checked = [(chat.name, chat.provider.check_change(change)) for chat in chats]
        for name, what in checked:
            self.outbox.add(name, what)
        self.hurry()


class Handle:
    """One request's view of who is logged in in the chat.

    It stands in the environ before the host runs, and may be used in any thread until the answer's headers
    are gone. None of its calls raises because of a chat, and only the tags wait for one: `page_wait` at most,
    for all of a request together.
    """

    __slots__ = (
        "_accounts",
        "_cookie",
        "_cookie_header",
        "_flow",
        "_initial",
        "_patience",
        "_settled",
        "_state",
        "cookie_path",
        "exposed",
        "headers_gone",
        "mount",
        "placed",
        "secure",
        "spoken",
    )

    def __init__(
        self,
        flow: LoginFlow,
        accounts: Accounts,
        cookie: StateCookie,
        cookie_header: str,
        *,
        script_name: str,
        mount: str,
        secure: bool,
    ) -> None:
        self._flow = flow
        self._accounts = accounts
        self._cookie = cookie
        self._cookie_header = cookie_header
        state = flow.without_seen(cookie.read(cookie_header), self._acknowledged)
        self._initial = self._state = self._settled = state
        self._patience = flow.policy.page_wait
        self.cookie_path = script_name or "/"
        """The path of our cookies, and of the site's front page."""
        self.mount = script_name + mount
        """Our endpoints' path in this request, with SCRIPT_NAME."""
        self.secure = secure
        """Whether the site is on https, so that our cookies may be kept from http."""
        self.exposed = False
        """Whether the host has put something into its page that is for this user alone."""
        self.placed: tuple[Tag, ...] = ()
        """Tags that the host has placed itself."""
        self.spoken = False
        """Whether the host has said itself who is logged in: that counts more than what a reader finds."""
        self.headers_gone = False

    def __repr__(self) -> str:
        return f"<chatsso handle: {'somebody' if self.state.user else 'nobody'} is logged in>"

    # What the host says.

    def log_in(
        self,
        email: str | ChatUser,
        username: str | None = None,
        avatar_url: str | None = None,
        remember: bool | None = None,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - the field of ChatUser
        extra: Mapping[str, Any] | None = None,
        credentials: Credentials | None = None,
    ) -> None:
        """Somebody logged in on the site. `email` may be a whole `ChatUser`.

        `remember`: whether the chat shall know the browser after it was closed; `None`: as the setting says.
        `credentials`: the password, or what else a chat needs that has no other way in; kept nowhere. Raises
        `InvalidUser` for what no chat could take.
        """
        user = _user_of(email, username, name, avatar_url, id, extra)
        state, initial = self._state, self._initial
        if initial.user is not None and initial.user.email == user.email and state.login != initial.login:
            # Out and in again in one request, as frameworks do against session fixation: he never left.
            state = initial
            remember = initial.remember if remember is None else remember
        self._say(lambda: self._flow.log_in(state, user, remember, credentials=credentials))

    def log_out(self) -> None:
        """Whoever was logged in on the site has left. Nothing happens if nobody was."""
        self._say(lambda: self._flow.log_out(self._state))

    def expect_login(self, *, remember: bool) -> None:
        """Somebody is about to log in on the site, and only the next page will tell who.

        `remember`: whether that login asks to be remembered. Who was logged in before leaves when the next
        page shows that it is somebody else.
        """
        self._say(lambda: replace(self._initial, remember_next=remember))

    def register(
        self,
        email: str | ChatUser,
        username: str | None = None,
        password: str | None = None,
        avatar_url: str | None = None,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        """A new account on the site. Durable on return; the chat gets it soon.

        Raises `InvalidUser` for what the chat must never get, `OutboxUnavailable` if it could not be kept.
        """
        user = _user_of(email, username, name, avatar_url, id, extra)
        self._accounts.submit(self._flow.chats.values(), Register(user, password))

    def edit(
        self,
        address: str,
        *,
        email: str | None = None,
        username: str | None = None,
        password: str | None = None,
        avatar_url: str | None = None,
    ) -> None:
        """New values for the account that the chat knows by `address`; what is `None` stays as it is.

        If it is the account of whoever is logged in here, he is logged in anew with what changed. Raises as
        `register` does.
        """
        change = Edit(address, email=email, username=username, password=password, avatar_url=avatar_url)
        if (email, username, password, avatar_url) == (None, None, None, None):
            raise InvalidUser("edit", "nothing would change: give email, username, password or avatar_url")
        self._accounts.submit(self._flow.chats.values(), change)
        renamed = email is not None and email != address
        if renamed:
            self._flow.forget([address])
        user = self.user
        if user is None or user.email != address or (email, username, avatar_url) == (None, None, None):
            return
        changed = replace(
            user,
            email=user.email if email is None else email,
            username=user.username if username is None else username,
            avatar_url=user.avatar_url if avatar_url is None else avatar_url,
        )
        remember = self._state.remember
        self._say(lambda: self._flow.log_in(self._state, changed, remember, same_person=True))

    def delete(self, *addresses: str) -> None:
        """The end of one account or several. Whoever is logged in here under one of them is logged out.

        Raises as `register` does.
        """
        self._accounts.submit(self._flow.chats.values(), Delete(addresses))
        self._flow.forget(addresses)
        if self.user is not None and self.user.email in addresses:
            self.log_out()

    # What the host asks.

    @property
    def user(self) -> ChatUser | None:
        """Who is logged in in the chat from this browser, as far as the site knows."""
        return self.state.user

    def chat_url(self, path: str = "/", provider: str | None = None) -> str:
        """The address of `path` in the chat, for a template: right for guests and for those logged in.

        `provider` may be left out where there is one. Raises `ValueError` for an unknown provider, or a path
        that would leave the chat.
        """
        chat = self.chat(provider)
        if not is_path_on_this_host(path):
            raise ValueError(f"{path!r} is no path in the chat; it starts with one slash")
        path = chat.provider.base_path + path
        policy = self._flow.policy
        # Once the headers are gone, nothing keeps the page out of caches any more.
        direct = policy.delivery == "direct" and not chat.provider.links_through_gateway
        if direct and not (self.headers_gone and self.user is not None):
            address = self._flow.chat_address(self.state, chat, path, 0)
            if address is not None:
                self.exposed = True
                return address
        if policy.delivery == "direct" and self.user is None and policy.guests == "chat":
            return chat.provider.origin + path
        return self._flow.gateway_address(chat, path, self.mount)

    def login_tag(self) -> Markup:
        """The login tags that are due, for a host that places them itself; empty if none is."""
        return self._place(logout=False)

    def logout_tag(self) -> Markup:
        """The logout tags that are due, for a host that places them itself; empty if none is."""
        return self._place(logout=True)

    # What the middleware and the endpoints need.

    @property
    def state(self) -> SessionState:
        """The browser's state, with what this request changed."""
        return self._state

    @property
    def initial(self) -> SessionState:
        """The browser's state as it came with the request."""
        return self._initial

    def set_cookie(self) -> str:
        """The value of the Set-Cookie header that keeps what this request changed, which now takes effect."""
        self._settle()
        return self._cookie.write(self.state, path=self.cookie_path, secure=self.secure)

    def acknowledgement(self, tag: Tag) -> str:
        """The value of the Set-Cookie header that says that `tag` stands in the browser's page."""
        return self._cookie.acknowledge(tag.event, tag.provider, path=self.cookie_path, secure=self.secure)

    @property
    def changed(self) -> bool:
        """Whether a login or a logout was noticed in this request."""
        return self._state is not self._initial

    def change_state(self, state: SessionState) -> None:
        """Let `state` be the browser's from now on."""
        self._state = state

    def chat(self, provider: str | None) -> Chat:
        """The chat called `provider`; the first one for `None`. Raises `ValueError` if there is none."""
        chats = self._flow.chats
        if provider is None:
            return next(iter(chats.values()))
        if provider not in chats:
            raise ValueError(f"there is no provider {provider!r} in the settings")
        return chats[provider]

    @property
    def something_due(self) -> bool:
        """Whether any chat has yet to see a login or logout of this browser."""
        return any(self._due(chat) for chat in self._flow.chats.values())

    def due_tags(self, wait: float) -> tuple[Tag, ...]:
        """The tags that belong into the next page, in their order. Waits at most `wait` seconds in all."""
        due = [(chat, self._due(chat)) for chat in self._flow.chats.values()]
        return self._tags([(chat, event) for chat, event in due if event], wait)

    def page_session(self, chat: Chat) -> ChatSession | None:
        """The session of whoever is logged in, for a page, which waits for it as long as it may."""
        started = time.monotonic()
        session = self._flow.page_session(self._state, chat, self._patience)
        self._patience = max(0.0, self._patience - (time.monotonic() - started))
        return session

    def is_due(self, chat: Chat, event: str) -> bool:
        """Whether `event` is what `chat` must see next from this browser."""
        return bool(event) and self._due(chat) == event

    def _say(self, change: Callable[[], SessionState]) -> None:
        """The host itself says who is logged in."""
        if self.headers_gone:
            log.error(
                "A login or logout came after the headers of its answer were gone, so it could not be kept"
            )
            return
        self.spoken = True
        self._state = change()

    def _settle(self) -> None:
        before, self._settled = self._settled, self._state
        self._flow.settle(before, self._settled)

    def _due(self, chat: Chat) -> str:
        return self._flow.due(self._state, chat, self._acknowledged(chat.name))

    def _acknowledged(self, provider: str) -> list[str]:
        return self._cookie.acknowledged(self._cookie_header, provider)

    def _tags(self, due: Iterable[tuple[Chat, str]], wait: float) -> tuple[Tag, ...]:
        self._settle()
        started = time.monotonic()
        give_up = started + min(wait, self._patience)
        tags = tuple(
            self._flow.tag(self._state, chat, event, self.mount, max(0.0, give_up - time.monotonic()))
            for chat, event in due
        )
        self._patience = max(0.0, self._patience - (time.monotonic() - started))
        return tags

    def _place(self, *, logout: bool) -> Markup:
        if self.headers_gone:  # too late to keep the page out of caches: the next one gets them
            return Markup()
        standing = {(tag.provider, tag.event) for tag in self.placed}
        due = [(chat, self._due(chat)) for chat in self._flow.chats.values()]
        tags = self._tags(
            [
                (chat, event)
                for chat, event in due
                if event and (event != self._state.login) is logout and (chat.name, event) not in standing
            ],
            self._patience,
        )
        self.placed += tags
        self.exposed = self.exposed or bool(tags)
        return Markup("".join(image_tag(tag.address) for tag in tags))


def _user_of(
    email: str | ChatUser,
    username: str | None,
    name: str | None,
    avatar_url: str | None,
    id: str | None,  # noqa: A002 - the field of ChatUser
    extra: Mapping[str, Any] | None,
) -> ChatUser:
    if isinstance(email, ChatUser):
        return email
    return ChatUser(email, username=username, name=name, avatar_url=avatar_url, id=id, extra=extra or {})

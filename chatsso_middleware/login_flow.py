"""What a login and a logout mean: which state follows, which tags are due, and how chat links change.

Knows no WSGI. The state of one browser comes in and goes out as a value; tokens are fetched beside.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Literal

from .changes import Delete
from .errors import OutboxUnavailable, Unavailable
from .outbox import Outbox
from .page.edits import AddParameters, LinkEdit, ThroughGateway
from .providers import Provider
from .sessions import ChatSession
from .state.background import Background
from .state.session_state import Barred, Departed, SessionState, new_event
from .state.tokens import Ending, Holder, SessionOver, Tokens
from .urls import add_query, quote_parameter
from .users import UNKNOWN, ChatUser, Unknown

__all__ = ["Chat", "LoginFlow", "Policy", "Tag"]

log = logging.getLogger(__name__)

MOST_DEPARTED: Final = 3
"""Logouts that one browser keeps for the chat. Older ones ended with the newer."""
ASK_AGAIN_AFTER: Final = 600.0
"""Seconds after which `may_chat` is asked again about somebody whom it refused."""
LOGIN_IS_FRESH: Final = 600.0
"""Seconds for which a login is the same one when it is said again, and for which a token's fetch tells the
chat what the login said of the user's picture."""
LOOK_AGAIN: Final = 0.05
"""Seconds between two looks at a change that must reach the chat first."""
REST_BEFORE_CHANGE: Final = 30.0
"""Seconds for which nobody waits for that change again: each wait holds a thread."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What the owner decided about logins."""

    delivery: Literal["direct", "gateway"] = "direct"
    guests: Literal["chat", "login"] = "chat"
    remember: bool = False
    page_wait: float = 0.3
    """Seconds that a page may wait for a token, at the most."""
    edit_wait: float = 5.0
    """Seconds that a token's fetch waits for an account change that must come first."""
    may_chat: Callable[[ChatUser], bool] | None = None


@dataclass(frozen=True, slots=True)
class Chat:
    """One provider with the tokens of its users."""

    provider: Provider
    tokens: Tokens

    @property
    def name(self) -> str:
        """The provider's name."""
        return self.provider.name


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag that is due on a page."""

    provider: str
    event: str
    address: str
    direct: bool
    """Whether the address is the chat's own, with a token in it; else it is our endpoint's."""


class LoginFlow:
    """Logins and logouts of one site, for all its chats."""

    def __init__(
        self,
        providers: Sequence[Provider],
        make_tokens: Callable[[Provider, Callable[[Holder], ChatSession]], Tokens],
        *,
        policy: Policy,
        outbox: Outbox,
        background: Background,
        hurry: Callable[[], object],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`make_tokens` gives a provider's tokens; `hurry` asks the outbox to deliver now."""
        self.policy = policy
        self._outbox = outbox
        self._background = background
        self._hurry = hurry
        self._clock = clock
        self.chats: Mapping[str, Chat] = {
            provider.name: Chat(provider, make_tokens(provider, partial(self._open_session, provider)))
            for provider in providers
        }

    # What a login and a logout do to the state.

    def log_in(
        self,
        state: SessionState,
        user: ChatUser,
        remember: bool | None = None,
        *,
        same_person: bool = False,
    ) -> SessionState:
        """`user` logged in: whoever was there before is logged out of the chat first.

        `same_person`: whoever was there before is `user`, under another address.
        """
        remember = self.policy.remember if remember is None else remember
        if (state.user, state.remember) == (user, remember) and self._clock() - state.since < LOGIN_IS_FRESH:
            return state  # some hosts say so with every answer; a tag on each page would end their caching
        if not self._may_chat(user):
            until = self._clock() + ASK_AGAIN_AFTER
            return replace(self.log_out(state), barred=Barred.address(user.email, until))
        if state.user is not None and state.user.email != user.email and not same_person:
            state = self.log_out(state)
        state = SessionState(
            user=user,
            remember=remember,
            since=self._clock(),
            login=new_event(),
            departed=state.departed,
        )
        holder = Holder.logged_in(user, state.since)
        for chat in self.chats.values():
            chat.tokens.begin(holder)
        return state

    def log_out(self, state: SessionState) -> SessionState:
        """Whoever is logged in leaves."""
        if state.user is None and state.barred is None and not state.remember_next:
            return state
        departed = state.departed
        if state.user is not None:
            departed = (*departed, Departed(state.user.email, state.since, new_event()))
        return SessionState(departed=departed[-MOST_DEPARTED:])

    def reconcile(self, state: SessionState, identity: ChatUser | Unknown | None) -> SessionState:
        """The state that follows from who the host says is logged in."""
        if identity is UNKNOWN:
            return state
        if identity is None:
            return self.log_out(state)
        if state.user is not None and state.user.email == identity.email and not state.remember_next:
            return state
        if state.barred is not None and state.barred.holds_for(identity.email, self._clock()):
            return state
        return self.log_in(state, identity, True if state.remember_next else None)

    def expire(self, state: SessionState) -> SessionState:
        """The state after those sessions ended that the site no longer wants, as the last renewal found."""
        if state.user is None:
            return state
        holder = Holder.logged_in(state.user, state.since)
        endings = {chat.tokens.ending(holder) for chat in self.chats.values()} - {None}
        if not endings:
            return state
        # An account that is gone must not be made anew for a session of the site that outlives it.
        until = None if Ending.GONE in endings else self._clock() + ASK_AGAIN_AFTER
        return replace(self.log_out(state), barred=Barred.address(state.user.email, until))

    def settle(self, before: SessionState, after: SessionState) -> None:
        """Let the logouts between two states take effect on the tokens.

        A token leaves its login and stays for the logout tag alone; where the chat can end the session by its
        API, it is asked to.
        """
        for departed in after.departed:
            if departed in before.departed:
                continue
            holder = Holder.logged_in(ChatUser(departed.email), departed.since)
            leaving = Holder.departed(departed.email, departed.since, departed.event)
            for chat in self.chats.values():
                session = chat.tokens.retire(holder, leaving)
                if session is not None:
                    self._background.submit(chat.provider.close_session, session)
                elif chat.provider.has_tags:
                    chat.tokens.begin(leaving)

    def forget(self, addresses: Iterable[str]) -> None:
        """The accounts of `addresses` are not what they were: a token from before is for nobody."""
        for address in addresses:
            holder = Holder.logged_in(ChatUser(address), self._clock())
            for chat in self.chats.values():
                chat.tokens.forget(holder)

    # What the pages show.

    def due(self, state: SessionState, chat: Chat, acknowledged: Collection[str]) -> str:
        """The event that `chat` must see next; empty if it has seen all. One a page: the order counts."""
        unseen = _unseen(state, chat, acknowledged)
        return unseen[0] if unseen else ""

    def without_seen(
        self, state: SessionState, acknowledged: Callable[[str], Collection[str]]
    ) -> SessionState:
        """`state` less the logouts that every chat has seen. `acknowledged` gives those of a provider.

        They must not come again when the login after them, which was acknowledged for them all, has ended.
        """
        if not state.departed:
            return state
        unseen = {
            event for chat in self.chats.values() for event in _unseen(state, chat, acknowledged(chat.name))
        }
        return replace(
            state, departed=tuple(departed for departed in state.departed if departed.event in unseen)
        )

    def tag(self, state: SessionState, chat: Chat, event: str, mount: str, wait: float) -> Tag:
        """The tag of `event`: as the vendor documents it, or through the gateway at `mount`.

        Waits at most `wait` seconds for a token on its way.
        """
        logout = event != state.login
        # The token of somebody who left must not stand in a page of whoever is there now.
        if self.policy.delivery == "direct" and not (logout and state.user is not None):
            address = self.tag_address(state, chat, event, wait)
            if address:
                return Tag(chat.name, event, address, direct=True)
        file = "logout.gif" if logout else "login.gif"
        address = add_query(f"{mount}/{chat.name}/{file}", [("event", event)])
        return Tag(chat.name, event, address, direct=False)

    def tag_address(self, state: SessionState, chat: Chat, event: str, wait: float) -> str | None:
        """The chat's own address of the tag of `event`, or `None` if no token came within `wait` seconds."""
        holder = self._holder(state, event)
        session = chat.tokens.wait(holder, wait) if holder else None
        return None if session is None else self._tag_url(state, chat, event, session)

    def is_over(self, state: SessionState, chat: Chat, event: str) -> bool:
        """Whether no tag will ever come for `event`.

        The account is gone, the chat has no such tag, or it refuses whoever left: then he was never in it.
        """
        holder = self._holder(state, event)
        if holder is None or chat.tokens.ending(holder) is not None:
            return True
        if holder.leaves and chat.tokens.is_refused(holder):
            return True
        session = chat.tokens.peek(holder)
        return session is not None and self._tag_url(state, chat, event, session) is None

    def link_edits(self, state: SessionState, mount: str) -> tuple[LinkEdit, ...]:
        """How the chat links of a page change for this user. Never waits."""
        edits = (self._link_edit(state, chat, mount) for chat in self.chats.values())
        return tuple(edit for edit in edits if edit is not None)

    def chat_address(self, state: SessionState, chat: Chat, path: str, wait: float) -> str | None:
        """The address of `path` on the chat's host with a token of whoever is logged in.

        `None` if nobody is, or no token came within `wait` seconds.
        """
        if state.user is None:
            return None
        session = chat.tokens.wait(Holder.logged_in(state.user, state.since), wait)
        if session is None:
            return None
        parameters = chat.provider.link_parameters(session, remember=state.remember)
        return add_query(chat.provider.origin + path, parameters)

    def gateway_address(self, chat: Chat, path: str, mount: str) -> str:
        """Our own address that leads to `path` on the chat's host."""
        return f"{mount}/go?to={quote_parameter(path)}&provider={chat.name}"

    def _link_edit(self, state: SessionState, chat: Chat, mount: str) -> LinkEdit | None:
        provider = chat.provider
        # An embed script finds its chat by its own address, so the gateway would take that away from it.
        through = LinkEdit(provider.hosts, ThroughGateway(f"{mount}/go", provider.name))
        if self.policy.delivery == "gateway":
            return through
        if state.user is None:
            return through if self.policy.guests == "login" else None
        session = chat.tokens.wait(Holder.logged_in(state.user, state.since), 0)
        if session is None:
            return through
        parameters = provider.link_parameters(session, remember=state.remember)
        if not parameters:
            return None
        return LinkEdit(provider.hosts, AddParameters(parameters), scripts=provider.scripts, noreferrer=True)

    def _tag_url(self, state: SessionState, chat: Chat, event: str, session: ChatSession) -> str | None:
        if event == state.login:
            return chat.provider.login_tag_url(session, remember=state.remember)
        return chat.provider.logout_tag_url(session)

    def _holder(self, state: SessionState, event: str) -> Holder | None:
        if event and event == state.login and state.user is not None:
            return Holder.logged_in(state.user, state.since)
        for departed in state.departed:
            if departed.event == event:
                return Holder.departed(departed.email, departed.since, departed.event)
        return None

    # Tokens, beside the requests.

    def _open_session(self, provider: Provider, holder: Holder) -> ChatSession:
        """Open a session of `holder` with a chat; the site's own reasons against it come first. *Network.*"""
        try:
            self._await_changes(provider, holder)
            asked_at = self._clock()
            user = holder.user
            if asked_at - holder.since > LOGIN_IS_FRESH:
                # What the login said of his picture may be out of date, and chats take what they are told.
                user = replace(user, avatar_url=None)
            session = provider.open_session(user)
            if self._outbox.gone_since(provider.name, holder.user.email, asked_at):
                self._delete_again(provider, holder.user.email)
                raise SessionOver(provider.name, Ending.GONE)
        except OutboxUnavailable as error:
            # Without its word, a login could bring a deleted account back.
            raise Unavailable(provider.name, f"the outbox was asked first, but {error}") from error
        return session

    def _await_changes(self, provider: Provider, holder: Holder) -> None:
        """A login under a new address would make a second account, if it came before the edit.

        One under an address that somebody else gave up would enter that person's account.
        """
        address = holder.user.email
        give_up = time.monotonic() + self.policy.edit_wait
        while True:
            # Asked each time: the account may go while its login waits.
            if self._outbox.gone_since(provider.name, address, holder.since):
                raise SessionOver(provider.name, Ending.GONE)
            if not self._outbox.login_must_wait(provider.name, address):
                break
            if time.monotonic() > give_up:
                reason = "a change of the address must reach the chat first"
                raise Unavailable(provider.name, reason, retry_after=REST_BEFORE_CHANGE)
            self._hurry()
            time.sleep(LOOK_AGAIN)
        if not holder.leaves and not self._may_chat(holder.user):
            raise SessionOver(provider.name, Ending.REFUSED)

    def _delete_again(self, provider: Provider, address: str) -> None:
        """The account went while its session was opened: the chat may have got the two in any order."""
        log.info("An account went from %s while it was logged in, so its deletion is repeated", provider.name)
        self._outbox.add(provider.name, provider.check_change(Delete((address,))))
        self._hurry()

    def _may_chat(self, user: ChatUser) -> bool:
        if self.policy.may_chat is None:
            return True
        try:
            return bool(self.policy.may_chat(user))
        except Exception as error:  # the owner's code, which must not break his login; no yes is a no
            log.error("may_chat failed with %s, which counts as a no", type(error).__name__)
            return False


def _unseen(state: SessionState, chat: Chat, acknowledged: Collection[str]) -> tuple[str, ...]:
    """The events that `chat` has yet to see. It sees them in their order, so the last one seen covers all."""
    if not chat.provider.has_tags:
        return ()
    seen = [position for position, event in enumerate(state.events, start=1) if event in acknowledged]
    return state.events[max(seen, default=0) :]

"""What a login and a logout mean: which state follows, which tags are due, and how chat links change.

Knows no WSGI. The state of one browser comes in and goes out as a value; tokens are fetched beside.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import replace
from typing import Final

from .chats import Chat, Policy, Tag
from .errors import Unavailable
from .outbox import Outbox
from .page.edits import AddParameters, LinkEdit, ThroughGateway
from .providers import Entrance, Provider
from .session_opener import LOGIN_IS_FRESH, SessionOpener
from .sessions import ChatSession, Credentials
from .state.background import Background
from .state.session_state import Barred, Departed, SessionState, new_event
from .state.tokens import Ending, Holder, Tokens
from .urls import add_query, quote_parameter
from .users import UNKNOWN, ChatUser, Unknown

__all__ = ["Chat", "LoginFlow", "Policy", "Tag"]

log = logging.getLogger(__name__)

MOST_DEPARTED: Final = 3
"""Logouts that one browser keeps for the chat. Older ones ended with the newer."""
ASK_AGAIN_AFTER: Final = 600.0
"""Seconds after which `may_chat` is asked again about somebody whom it refused."""


class LoginFlow:
    """Logins and logouts of one site, for all its chats."""

    def __init__(
        self,
        providers: Sequence[Provider],
        make_tokens: Callable[[Provider, SessionOpener], Tokens],
        *,
        policy: Policy,
        outbox: Outbox,
        background: Background,
        hurry: Callable[[], object],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`make_tokens` gives a provider's tokens, which the opener opens, checks and ends.

        `hurry` asks the outbox to deliver now.
        """
        self.policy = policy
        self._background = background
        self._clock = clock
        self._opener = SessionOpener(
            outbox, may_chat=policy.may_chat, edit_wait=policy.edit_wait, hurry=hurry, clock=clock
        )
        self.chats: Mapping[str, Chat] = {
            provider.name: Chat(provider, make_tokens(provider, self._opener)) for provider in providers
        }

    # What a login and a logout do to the state.

    def log_in(
        self,
        state: SessionState,
        user: ChatUser,
        remember: bool | None = None,
        *,
        same_person: bool = False,
        credentials: Credentials | None = None,
    ) -> SessionState:
        """`user` logged in: whoever was there before is logged out of the chat first.

        `same_person`: whoever was there before is `user`, under another address. `credentials`: what the
        login brought for a chat that wants it.
        """
        remember = self.policy.remember if remember is None else remember
        if (state.user, state.remember) == (user, remember) and self._clock() - state.since < LOGIN_IS_FRESH:
            if credentials is not None and self._opener.may_chat(user):
                self._open_sessions(state, credentials)
            return state  # some hosts say so with every answer; a tag on each page would end their caching
        if not self._opener.may_chat(user):
            until = self._clock() + ASK_AGAIN_AFTER
            return replace(self.log_out(state), barred=Barred.address(user.email, until))
        if state.user is not None and state.user.email != user.email and not same_person:
            state = self.log_out(state)
        goes_on = state.user is not None
        state = SessionState(
            user=user,
            remember=remember,
            since=self._clock(),
            login=new_event(),
            stay=state.stay or new_event(),
            departed=state.departed,
        )
        if goes_on:  # a new stay has nothing to come back from
            for chat in self.chats.values():
                if chat.provider.remembers_leaving:
                    self.come_back(state, chat)
        self._open_sessions(state, credentials)
        return state

    def log_out(self, state: SessionState) -> SessionState:
        """Whoever is logged in leaves."""
        if state.user is None and state.barred is None and not state.remember_next:
            return state
        departed = state.departed
        if state.user is not None:
            departed = (*departed, Departed(state.user.email, state.since, new_event(), state.stay))
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
        holder = _holder(state, state.user)
        endings = {chat.tokens.ending(holder) for chat in self.chats.values()} - {None}
        if not endings:
            return state
        return self.bar(state, Ending.GONE if Ending.GONE in endings else Ending.REFUSED)

    def bar(self, state: SessionState, ending: Ending) -> SessionState:
        """The state after the site no longer wants whoever is logged in to be so in its chats."""
        if state.user is None:
            return state
        # An account that is gone must not be made anew for a session of the site that outlives it.
        until = None if ending is Ending.GONE else self._clock() + ASK_AGAIN_AFTER
        return replace(self.log_out(state), barred=Barred.address(state.user.email, until))

    def settle(self, before: SessionState, after: SessionState) -> None:
        """Let the logouts between two states take effect on the tokens.

        A token leaves its login and stays for the logout tag alone; where the chat can end the session by its
        API, it is asked to.
        """
        for departed in after.departed:
            if departed in before.departed:
                continue
            holder = Holder.logged_in(ChatUser(departed.email), departed.since, departed.stay)
            leaving = Holder.departed(departed.email, departed.since, departed.event)
            for chat in self.chats.values():
                session = chat.tokens.retire(holder, leaving if chat.provider.has_tags else None)
                if session is None and chat.provider.has_tags:
                    chat.tokens.begin(leaving)
                else:
                    self._end(chat, departed.email, session)

    def leave(self, state: SessionState, chat: Chat) -> None:
        """Whoever is logged in has ended his session with `chat` himself."""
        if state.user is not None:
            chat.tokens.leave(_holder(state, state.user))

    def come_back(self, state: SessionState, chat: Chat) -> None:
        """Whoever is logged in, and had left `chat`, wants to be there again."""
        if state.user is not None:
            chat.tokens.come_back(_holder(state, state.user))

    def left_just_now(self, state: SessionState, chat: Chat) -> bool:
        """Whether he left so short a while ago that requests may be under way which do not know of it."""
        return state.user is not None and chat.tokens.left_just_now(_holder(state, state.user))

    def forget(self, addresses: Iterable[str]) -> None:
        """The accounts of `addresses` are not what they were: a token from before is for nobody."""
        for address in addresses:
            holder = Holder.logged_in(ChatUser(address), self._clock())
            for chat in self.chats.values():
                chat.tokens.forget(holder)
                chat.tokens.doubt_all(address)

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
        holder = self._holder_of_event(state, event)
        session = chat.tokens.wait(holder, wait) if holder else None
        return None if session is None else self._tag_url(state, chat, event, session)

    def is_over(self, state: SessionState, chat: Chat, event: str) -> bool:
        """Whether no tag will ever come for `event`.

        The account is gone, the chat has no such tag, or it refuses whoever left: then he was never in it.
        """
        holder = self._holder_of_event(state, event)
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

    def session(self, state: SessionState, chat: Chat, wait: float) -> ChatSession | None:
        """The session of whoever is logged in, one that the chat still takes as far as that is known.

        `None` if nobody is, or none came within `wait` seconds.
        """
        return None if state.user is None else chat.tokens.confirmed(_holder(state, state.user), wait)

    def page_session(self, state: SessionState, chat: Chat, wait: float) -> ChatSession | None:
        """As `session`, the one at hand for a page."""
        return None if state.user is None else chat.tokens.wait(_holder(state, state.user), wait)

    def chat_address(self, state: SessionState, chat: Chat, path: str, wait: float) -> str | None:
        """The address of `path` on the chat's host with a token of whoever is logged in.

        `None` if nobody is, or no token came within `wait` seconds.
        """
        session = self.session(state, chat, wait)
        if session is None:
            return None
        parameters = chat.provider.link_parameters(session, remember=state.remember)
        return add_query(chat.provider.origin + path, parameters)

    def entrance(self, state: SessionState, chat: Chat, path: str, wait: float) -> Entrance | None:
        """The way into a chat that mints a token for each click; `None` if nobody may take it just now.

        Account changes that must come first are waited for, `wait` seconds at the most. Raises `SessionOver`
        for somebody whom the site does not want in the chat any more.
        """
        if state.user is None:
            return None
        holder = _holder(state, state.user)
        flight = self._background.submit(self._opener.admit, chat.provider, holder)
        if flight is None:
            return None
        try:
            user = flight.result(timeout=wait)
        except (TimeoutError, CancelledError):
            return None
        except Unavailable as error:
            log.warning("Nobody enters %s just now: %s", chat.name, error.reason)
            return None
        return chat.provider.entrance(user, path, remember=state.remember)

    def gateway_address(self, chat: Chat, path: str, mount: str) -> str:
        """Our own address that leads to `path` on the chat's host."""
        return f"{mount}/go?to={quote_parameter(path)}&provider={chat.name}"

    def _link_edit(self, state: SessionState, chat: Chat, mount: str) -> LinkEdit | None:
        provider = chat.provider
        # An embed script finds its chat by its own address, so the gateway would take that away from it.
        through = LinkEdit(
            provider.hosts, ThroughGateway(f"{mount}/go", provider.name), below=provider.base_path
        )
        if self.policy.delivery == "gateway":
            return through
        if state.user is None:
            return through if self.policy.guests == "login" else None
        if provider.links_through_gateway:
            return through
        session = chat.tokens.wait(_holder(state, state.user), 0)
        if session is None:
            return through
        parameters = provider.link_parameters(session, remember=state.remember)
        if not parameters:
            return None
        return LinkEdit(
            provider.hosts,
            AddParameters(parameters),
            scripts=provider.scripts,
            below=provider.base_path,
            noreferrer=True,
        )

    def _tag_url(self, state: SessionState, chat: Chat, event: str, session: ChatSession) -> str | None:
        if event == state.login:
            return chat.provider.login_tag_url(session, remember=state.remember)
        return chat.provider.logout_tag_url(session)

    def _holder_of_event(self, state: SessionState, event: str) -> Holder | None:
        if event and event == state.login and state.user is not None:
            return _holder(state, state.user)
        for departed in state.departed:
            if departed.event == event:
                return Holder.departed(departed.email, departed.since, departed.event)
        return None

    def _end(self, chat: Chat, email: str, session: ChatSession | None) -> None:
        """End a session beside the request; where there is no hand for it, the outbox does it."""

        def end() -> None:
            self._opener.end_session(chat.provider, email, session)
            chat.tokens.doubt_all(email)  # a chat may have ended the sessions of his other browsers too

        def end_later_if_cancelled(job: Future[None]) -> None:
            if job.cancelled():  # this process stops before it comes to it
                self._opener.end_later(chat.provider, email, session)

        job = self._background.submit(end)
        if job is None:
            self._opener.end_later(chat.provider, email, session)
        else:
            job.add_done_callback(end_later_if_cancelled)

    def _open_sessions(self, state: SessionState, credentials: Credentials | None) -> None:
        """Begin the sessions of whoever is logged in with the chats that want it as early as that."""
        if state.user is None:
            return
        holder = _holder(state, state.user, credentials)
        for chat in self.chats.values():
            if chat.provider.opens_at_login(credentials):
                chat.tokens.begin(holder)


def _holder(state: SessionState, user: ChatUser, credentials: Credentials | None = None) -> Holder:
    return Holder.logged_in(user, state.since, state.stay, credentials)


def _unseen(state: SessionState, chat: Chat, acknowledged: Collection[str]) -> tuple[str, ...]:
    """The events that `chat` has yet to see. It sees them in their order, so the last one seen covers all."""
    if not chat.provider.has_tags:
        return ()
    seen = [position for position, event in enumerate(state.events, start=1) if event in acknowledged]
    return state.events[max(seen, default=0) :]

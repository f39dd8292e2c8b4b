"""The contract of a chat system. A new one is a subclass of `Provider` in one file or folder of its own.

A provider answers with values. It never sees a request or a response of the site: it is told who the user
is, and says which address a tag has, which parameters a link gains and which calls its API wants. Calls
over the network go through the `ChatAPI` that it is given, never past it: deadline, size cap, breaker and
the strictness of the answer are the same for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

from ..changes import AccountChange
from ..converters import Unusable
from ..errors import Rejected
from ..sessions import ChatSession, Credentials
from ..settings import Key
from ..users import ChatUser
from .api import ChatAPI
from .visits import Endpoint

__all__ = ["Advice", "ChatSession", "Credentials", "Entrance", "Provider", "SiteFacts", "Snippet", "Widget"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFacts:
    """What `chatsso check` knows of the site, for a provider that has something to say about it."""

    site_url: str | None
    """The site's own base address, without a slash at its end."""
    mount: str
    """The path of our addresses on the site."""
    login_url: str | None
    logout_url: str | None
    cookie_samesite: Literal["lax", "strict", "none"]
    shares_store: bool = True
    """Whether all worker processes share what they know of tokens."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """Something that the owner pastes into his chat or site."""

    where: str
    """A sentence that says where it belongs."""
    text: str


@dataclass(frozen=True, slots=True)
class Advice:
    """A sentence for the owner."""

    text: str
    urgent: bool = False
    """Whether something will not work as long as he does not follow it."""


@dataclass(frozen=True, slots=True)
class Entrance:
    """What brings a browser into the chat, logged in: a token stands in it, so it is never shown."""

    address: str = field(repr=False)
    """Whole, and on the chat's host."""
    fields: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """With any, a form with them is sent there by POST; without, a redirect leads there."""


@dataclass(frozen=True, slots=True)
class Widget:
    """A script of the chat's that shows the chat in a page of the site."""

    source: str
    """Its address: ``https://chat.example.com/widget.js``."""
    attributes: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """What its tag has besides, names with values; a token may stand in them."""


class Provider:
    """One chat system. The hooks stand in the order in which a login meets them; each has a harmless default.

    Every hook may be called in any thread. Only those marked *network* may wait, and they never run on the
    way of a page. They raise `Unavailable` where trying later may help and `Rejected` where it will not.
    """

    name: ClassVar[str]
    """As it stands in the key `providers`, and before the dot of the provider's own keys."""

    keys: ClassVar[tuple[Key, ...]] = ()
    """The provider's own settings, without the prefix."""

    has_tags: ClassVar[bool] = False
    """Whether a 1x1 IMG logs a browser in and out; the two tag hooks then give addresses."""

    scripts: ClassVar[frozenset[str]] = frozenset()
    """Paths of the chat's scripts that a page may embed and that take a token as links do."""

    links_through_gateway: ClassVar[bool] = False
    """Whether chat links lead through our gateway even in `direct`: its tokens do not belong in a page."""

    frames_site: ClassVar[bool] = False
    """Whether the chat shows the site's login page in a frame of its own."""

    mints_at_click: ClassVar[bool] = False
    """Whether `entrance` makes a token for each click, so that none is opened, kept or renewed before."""

    remembers_leaving: ClassVar[bool] = False
    """Whether the chat asks us for a login by itself, so that a logout in the chat must be remembered."""

    login_keys: ClassVar[frozenset[str]] = frozenset()
    """Those of `keys` that, where they are set, let the provider itself say who a visitor is."""

    check_interval: ClassVar[timedelta | None] = None
    """How long a token is believed before `check_session` is asked again; `None`: until its end."""

    @classmethod
    def disagreements(cls, options: Mapping[str, Any]) -> Iterable[tuple[str, Unusable]]:
        """Keys whose values are fine by themselves and not together, each with what is wrong.

        `options` lacks those that had a problem already.
        """
        return ()

    def __init__(self, options: Mapping[str, Any], api: ChatAPI) -> None:
        """`options` holds a value for every key of `keys`, converted, or its default."""
        self.options = options
        self.api = api

    @property
    def url(self) -> str:
        """The chat's own address, without a slash at its end: ``https://CLIENT.discussionchatroom.com``."""
        address: str = self.options["url"]
        return address

    @property
    def origin(self) -> str:
        """Scheme and host of the chat's address: ``https://CLIENT.discussionchatroom.com``."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def base_path(self) -> str:
        """The path of the chat's address, empty for most: ``/chat`` of ``https://www.example.com/chat``."""
        return urlsplit(self.url).path

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts that a chat link leads to, in lower case, with the port where one is written."""
        return frozenset({urlsplit(self.url).netloc.lower()})

    @property
    def token_margin(self) -> timedelta:
        """How long before its end a token is no longer handed out: less than a third of its life."""
        return timedelta(minutes=5)

    @property
    def realm(self) -> str:
        """Where its tokens are good: those of different realms are kept apart in a shared store."""
        return self.url

    @property
    def token_scope(self) -> Literal["user", "browser"]:
        """Whether all browsers of a user share a token, or each has its own."""
        return "user"

    def opens_at_login(self, credentials: Credentials | None) -> bool:
        """Whether a login that brings `credentials` opens a session at once, or the first who needs one."""
        return not self.mints_at_click

    @property
    def partitioned_cookies(self) -> bool:
        """Whether our cookies must be ``Partitioned`` for this chat to show the site in a frame."""
        return False

    # 1. A login was noticed.

    def open_session(self, user: ChatUser, credentials: Credentials | None = None) -> ChatSession:
        """Log `user` in at the chat's API and give the token. *Network.*

        `credentials` are those of the login itself; later, when a token has to be had anew, there are none.
        """
        raise Rejected(self.name, "this chat has no tokens")

    def renew_session(self, user: ChatUser, session: ChatSession) -> ChatSession:
        """Give a younger token in place of that of `session`, which the chat still takes. *Network.*"""
        return self.open_session(user)

    def check_session(self, session: ChatSession) -> bool:
        """Whether the chat still takes the token of `session`. *Network.*"""
        return True

    # 2. The page after the login, and every page from then on.

    def login_tag_url(self, session: ChatSession, *, remember: bool) -> str | None:
        """The address of the 1x1 IMG that logs the browser in, or `None` where the chat has none."""
        return None

    def link_parameters(self, session: ChatSession, *, remember: bool) -> tuple[tuple[str, str], ...]:
        """What a chat link's query gains, so that whoever follows it is logged in."""
        return ()

    @property
    def widget_scripts(self) -> frozenset[str]:
        """Paths of the chat's scripts whose tags on a page gain `widget_attributes`.

        Their addresses stay, unlike those of `scripts`.
        """
        return frozenset()

    def widget_attributes(self, session: ChatSession) -> tuple[tuple[str, str], ...]:
        """What the tags of `widget_scripts` gain, so that the chat in the page knows the visitor."""
        return ()

    def widget(self, session: ChatSession | None) -> Widget | None:
        """The script that every page gets before its ``</body>``; without a `session`, that of a guest."""
        return None

    def widget_loader(self, *, guests: bool) -> str | None:
        """The path of the endpoint with a script that places `widget`, for pages that shall hold no token.

        `guests` says whether a visitor who is not logged in gets the widget too.
        """
        return None

    @property
    def link_parameter_names(self) -> frozenset[str]:
        """The names of those parameters: in a link that somebody else wrote, they are dropped."""
        nobody = ChatSession("", 0.0)
        return frozenset(name for name, _ in self.link_parameters(nobody, remember=False))

    def entrance(self, user: ChatUser, path: str, *, remember: bool) -> Entrance:
        """Where the browser of `user`, who followed a chat link, is sent to: only where `mints_at_click`.

        `path` is on the chat's host and begins with one slash; a query and a fragment may follow. Raises
        `ValueError` for one that would leave the host.
        """
        return Entrance(self.origin + path)

    # 3. A logout was noticed.

    def logout_tag_url(self, session: ChatSession) -> str | None:
        """The address of the 1x1 IMG that logs the browser out, or `None` where the chat has none."""
        return None

    def close_session(self, session: ChatSession) -> None:
        """End the session at the chat's API, where it can. *Network.*"""

    def close_unknown_session(self, email: str) -> None:
        """End the session of somebody whose token is not known any more, where the chat can. *Network.*"""

    # 4. An account changed on the site. The first runs in the host's own call, the second in the outbox.

    def check_change(self, change: AccountChange) -> AccountChange:
        """Give what shall be kept of `change`; raise `InvalidUser` for what the chat must never get."""
        return change

    def deliver(self, change: AccountChange) -> None:
        """Bring `change` to the chat. What is done there already counts as done. *Network.*"""

    # 5. The chat, or a page of it, asks us.

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """The provider's own addresses below ``MOUNT/PROVIDER/``."""
        return ()

    @property
    def page_script(self) -> str | None:
        """The path of the endpoint with a script that pages of the site shall run, if there is one."""
        return None

    # 6. The owner asks whether the settings work: `chatsso check`.

    def probe(self) -> str:
        """Try the credentials without changing anything, and say in a sentence what was found. *Network.*"""
        return "nothing to try"

    def advice(self, site: SiteFacts) -> Sequence[Advice]:
        """What the owner has to set elsewhere, in the chat or in his site."""
        return ()

    def snippets(self, site: SiteFacts) -> Sequence[Snippet]:
        """What `chatsso snippet` prints; `site.site_url` is given."""
        return ()

    # 7. The process ends, or the site is taken down.

    def close(self) -> None:
        """Close the connections that are kept open. A later call opens new ones."""
        self.api.close()

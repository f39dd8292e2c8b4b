"""The contract of a chat system. A new one is a subclass of `Provider` in one file or folder of its own.

A provider answers with values. It never sees a request or a response of the site: it is told who the user
is, and says which address a tag has, which parameters a link gains and which calls its API wants. Calls
over the network go through the `ChatAPI` that it is given, never past it: deadline, size cap, breaker and
the strictness of the answer are the same for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import urlsplit

from ..changes import AccountChange
from ..errors import Rejected
from ..sessions import ChatSession
from ..settings import Key
from ..users import ChatUser
from .api import ChatAPI

__all__ = ["ChatSession", "Provider"]


class Provider:
    """One chat system. The hooks stand in the order in which a login meets them; each has a harmless default.

    Every hook may be called in any thread. Only those marked *network* may wait, and they never run on the
    way of a page. They raise `Unavailable` where trying later may help and `Rejected` where it will not.
    """

    name: ClassVar[str]
    """As it stands in the key `providers`, and before the dot of the provider's own keys."""

    keys: ClassVar[tuple[Key, ...]] = ()
    """The provider's own settings, without the prefix."""

    token_margin: ClassVar[timedelta] = timedelta(minutes=5)
    """How long before its end a token is no longer handed out."""

    has_tags: ClassVar[bool] = False
    """Whether a 1x1 IMG logs a browser in and out; the two tag hooks then give addresses."""

    scripts: ClassVar[frozenset[str]] = frozenset()
    """Paths of the chat's scripts that a page may embed and that take a token as links do."""

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
    def hosts(self) -> frozenset[str]:
        """The hosts that a chat link leads to, in lower case, with the port where one is written."""
        return frozenset({urlsplit(self.url).netloc.lower()})

    # 1. A login was noticed.

    def open_session(self, user: ChatUser) -> ChatSession:
        """Log `user` in at the chat's API and give the token. *Network.*"""
        raise Rejected(self.name, "this chat has no tokens")

    # 2. The page after the login, and every page from then on.

    def login_tag_url(self, session: ChatSession, *, remember: bool) -> str | None:
        """The address of the 1x1 IMG that logs the browser in, or `None` where the chat has none."""
        return None

    def link_parameters(self, session: ChatSession, *, remember: bool) -> tuple[tuple[str, str], ...]:
        """What a chat link's query gains, so that whoever follows it is logged in."""
        return ()

    @property
    def link_parameter_names(self) -> frozenset[str]:
        """The names of those parameters: in a link that somebody else wrote, they are dropped."""
        nobody = ChatSession("", 0.0)
        return frozenset(name for name, _ in self.link_parameters(nobody, remember=False))

    # 3. A logout was noticed.

    def logout_tag_url(self, session: ChatSession) -> str | None:
        """The address of the 1x1 IMG that logs the browser out, or `None` where the chat has none."""
        return None

    def close_session(self, session: ChatSession) -> None:
        """End the session at the chat's API, where it can. *Network.*"""

    # 4. An account changed on the site. The first runs in the host's own call, the second in the outbox.

    def check_change(self, change: AccountChange) -> AccountChange:
        """Give what shall be kept of `change`; raise `InvalidUser` for what the chat must never get."""
        return change

    def deliver(self, change: AccountChange) -> None:
        """Bring `change` to the chat. What is done there already counts as done. *Network.*"""

    # 5. The owner asks whether the settings work: `chatsso check`.

    def probe(self) -> str:
        """Try the credentials without changing anything, and say in a sentence what was found. *Network.*"""
        return "nothing to try"

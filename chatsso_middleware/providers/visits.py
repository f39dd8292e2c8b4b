"""What a browser wants of an address that belongs to one provider, and what it gets: as values.

A provider names its addresses in `Provider.endpoints`; the endpoints application puts them below
``MOUNT/PROVIDER/``, reads the request for it, and makes a response of the reply. What holds for all of them
holds there: ``no-store``, ``no-referrer``, no sniffing, cookies, the check against forged requests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..sessions import ChatSession
from ..users import ChatUser

__all__ = ["Endpoint", "Reply", "Visit"]


def _no_session() -> ChatSession | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request to an address of a provider."""

    method: str
    """In upper case, one of those that the endpoint takes."""
    origin: str | None = None
    """The Origin header as it came (RFC 6454, section 7); `None` where there is none."""
    same_origin: bool = False
    """Whether the browser says that a page of the site itself asks: nobody else can read the reply."""
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The query's parameters; of two with one name the first."""
    fields: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """A form's fields, or the members of a JSON object, of a POST that passed the check against forgery."""
    user: ChatUser | None = None
    """Who is logged in on the site from this browser."""
    is_refused: bool = False
    """Whether he is logged in on the site, and the site does not let him into its chats."""
    has_left: bool = False
    """Whether he logged out in the chat itself, and has not asked to come back."""
    session: Callable[[], ChatSession | None] = field(default=_no_session, repr=False)
    """His session with the chat, which still takes it as far as could be found out in the time that a visitor
    may wait. `None` if there is none: nobody is logged in, or the chat gave none in time."""
    base: str = ""
    """The path of the provider's addresses on the site: ``/chatsso/rocketchat``."""
    forgery_token: str = field(default="", repr=False)
    """What a page must send back with a POST, in the field ``forgery_token``, to count as ours."""
    login_page: str | None = None
    """The address of the site's login page, which leads back to this address; `None` if it is not set."""
    front_page: str = "/"
    """The address of the site's front page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the browser gets."""

    status: int = 200
    body: str = field(default="", repr=False)
    content_type: str = "text/html"
    """Without parameters; the charset is UTF-8."""
    headers: tuple[tuple[str, str], ...] = ()
    """Beyond those that all replies have; Location for a redirect."""
    logs_in: ChatUser | None = None
    """Somebody whom the provider has verified, and who is logged in from now on."""
    comes_back: bool = False
    """Whether a user who had left the chat is in it again."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address of a provider: ``MOUNT/PROVIDER/PATH``."""

    path: str
    """A word, or several with slashes between them: ``token``."""
    answer: Callable[[Visit], Reply]
    """Called in a thread of the site's. What it asks of the network is bounded in time by itself."""
    methods: tuple[str, ...] = ("GET", "HEAD")
    """Others get a page with status 405."""
    calls_out: bool = False
    """Whether answering waits for somebody else's server: few may at a time, and others get 503 at once."""
    checks_forgery: bool = False
    """Whether a POST must bring the `Visit.forgery_token` of a page that the same browser got from us.

    Without it, a POST's body is not read: `Visit.fields` is empty."""

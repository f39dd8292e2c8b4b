"""A chat room at Website Toolbox (``CLIENT.discussionchatroom.com``).

Documented by the vendor: the four calls and their parameters, the JSON of an answer, a token's 60 minutes,
the addresses of the two tags and of a chat link. Not documented, but seen in the vendor's own plugins: the
calls take a form by POST too, and the embed script takes the token as a link does.
"""

from __future__ import annotations

import dataclasses
import logging
import re
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final
from urllib.parse import quote

from ...changes import AccountChange, Delete, Edit, Register
from ...converters import boolean, chat_url, choice, secret_lines
from ...errors import InvalidUser, Rejected, Unavailable
from ...secret import Secret
from ...sessions import ChatSession, Credentials
from ...settings import Key
from ...users import ChatUser
from ..alarm import Alarm
from ..api import ChatAPI
from ..base import Provider
from .replies import Reply, ServerBlocked, read_reply

__all__ = ["WebsiteToolbox"]

TOKEN_LIFE: Final = 60 * 60
"""Seconds, as documented."""

MOST_DELETED_AT_ONCE: Final = {"POST": 50, "GET": 10}
"""Addresses in one call. In a query, more of the longest would not fit the 8 KB that web servers take."""

_TOKEN: Final = re.compile(r"[!-~]{1,1024}")

logger = logging.getLogger(__name__)


class WebsiteToolbox(Provider):
    """A chat room at Website Toolbox."""

    name = "website_toolbox"
    keys = (
        Key("url", chat_url, help="The room's address, such as https://CLIENT.discussionchatroom.com."),
        Key(
            "api_key",
            secret_lines,
            secret=True,
            help="The API Key of the account's Settings page. While it changes: both, one a line.",
        ),
        Key(
            "method",
            choice("POST", "GET"),
            default="POST",
            help="How the room is called. GET puts key and addresses into the room's access log.",
        ),
        Key(
            "send_password",
            boolean,
            default=False,
            help="Whether passwords of new and edited accounts go to the room, readable for it.",
        ),
    )
    has_tags = True
    scripts: ClassVar[frozenset[str]] = frozenset({"/js/embed.js"})

    def __init__(
        self, options: Mapping[str, Any], api: ChatAPI, *, clock: Callable[[], float] = time.time
    ) -> None:
        """`clock` gives seconds since the epoch."""
        super().__init__(options, api)
        self._clock = clock
        self._key_in_use = 0
        self._no_key_taken = Alarm(logger)
        self._server_blocked = Alarm(logger)

    def open_session(self, user: ChatUser, credentials: Credentials | None = None) -> ChatSession:  # noqa: ARG002
        """Get a token; the room makes the account where it is missing. *Network.*"""
        try:
            _check_addresses("email", user.email)
        except InvalidUser as invalid:
            # The account could never be deleted again.
            raise Rejected(self.name, f"takes no such user: {invalid}") from None
        asked_at = self._clock()
        reply = self._call("/sso/token/generate", _account(user))
        if not reply.success:
            raise self._refusal("no token", reply)
        if reply.token is None or not _TOKEN.fullmatch(reply.token):
            raise Unavailable(self.name, "answered with success, but without a token that can be used")
        return ChatSession(reply.token, asked_at + TOKEN_LIFE)

    def renew_session(self, user: ChatUser, session: ChatSession) -> ChatSession:
        """Get a token; the room may give the one that it knows, which is no younger for that. *Network.*"""
        renewed = self.open_session(user)
        return session if renewed.token == session.token else renewed

    def login_tag_url(self, session: ChatSession, *, remember: bool) -> str:
        """The documented address, without a scheme: the page's own is used."""
        return f"{self._tag_base}/login?access_token={quote(session.token, safe='')}&rememberMe={remember:d}"

    def link_parameters(self, session: ChatSession, *, remember: bool) -> tuple[tuple[str, str], ...]:
        """The documented parameters of a chat link, in the documented order."""
        return (("access_token", session.token), ("rememberMe", f"{remember:d}"))

    def logout_tag_url(self, session: ChatSession) -> str:
        """The documented address, without a scheme: the page's own is used."""
        return f"{self._tag_base}/logout?access_token={quote(session.token, safe='')}"

    def check_change(self, change: AccountChange) -> AccountChange:
        """Drop a password that shall not go out; refuse an address that would mean somebody else's."""
        _check_addresses("email", *change.addresses)
        if isinstance(change, Delete) or self.options["send_password"]:
            return change
        return dataclasses.replace(change, password=None)

    def deliver(self, change: AccountChange) -> None:
        """Bring `change` to the room. Done already counts as done. *Network.*"""
        change = self.check_change(change)  # what waits in the outbox may be older than the settings
        if isinstance(change, Register):
            self._register(change)
        elif isinstance(change, Edit):
            self._edit(change)
        else:
            self._delete(change.addresses_given)

    def probe(self) -> str:
        """Try each key with an edit that names nobody and changes nothing. *Network.*

        The address is new each time and in the domain ``example.invalid``, which nobody can have (RFC 2606),
        and the call names no value to change: so even a room that found the account had nothing to do.
        """
        nobody = f"probe-{secrets.token_hex(8)}@example.invalid"
        refused = []
        for number, key in enumerate(self._keys, start=1):
            try:
                self._call_with(key, "/sso/user/edit", {"user": nobody})
            except Rejected as refusal:
                refused.append((number, refusal))
        if len(refused) == len(self._keys):
            raise refused[0][1]
        if not refused:
            return "the room answers and does not refuse the API key (tried by an edit that changes nothing)"
        lines = ", ".join(str(number) for number, _ in refused)
        return f"the room answers; of the API keys it refuses line {lines} and takes the rest"

    @property
    def _tag_base(self) -> str:
        return f"{self.url.partition(':')[2]}/sso/token"

    @property
    def _keys(self) -> tuple[Secret, ...]:
        keys: tuple[Secret, ...] = self.options["api_key"]
        return keys

    def _register(self, change: Register) -> None:
        # The vendor's page calls the user name optional for generate alone, which makes the account as well.
        path = "/sso/user/register" if change.user.username else "/sso/token/generate"
        reply = self._call(path, _account(change.user) | _given(password=change.password))
        if not (reply.success or reply.exists_already):
            raise self._refusal("no registration", reply)

    def _edit(self, change: Edit) -> None:
        fields = _given(
            email=None if change.email == change.address else change.email,
            username=change.username,
            password=change.password,
            avatarUrl=change.avatar_url,
        )
        if not fields:
            return
        reply = self._call("/sso/user/edit", {"user": change.address} | fields)
        # Not found: no account to edit, or this edit was delivered before and only its answer was lost.
        if not (reply.success or reply.not_found):
            raise self._refusal("no edit", reply)

    def _delete(self, addresses: tuple[str, ...]) -> None:
        most = MOST_DELETED_AT_ONCE[self.options["method"]]
        for start in range(0, len(addresses), most):
            batch = addresses[start : start + most]
            reply = self._call("/sso/user/delete", {"emails": ",".join(batch)})
            if reply.success:
                continue
            if not reply.not_found:
                raise self._refusal("no deletion", reply)
            # Nobody says whether one unknown address keeps the others from being deleted.
            if len(batch) > 1:
                for address in batch:
                    self._delete((address,))

    def _refusal(self, what: str, reply: Reply) -> Rejected:
        return Rejected(self.name, f"{what}: {reply.message or 'refused without a reason'}")

    def _call(self, path: str, fields: Mapping[str, str]) -> Reply:
        """Ask with the key that was taken last; when it is refused, with each other key once."""
        refusal = None
        first = self._key_in_use
        for number in (first, *(other for other in range(len(self._keys)) if other != first)):
            try:
                reply = self._call_with(self._keys[number], path, fields)
            except Rejected as error:
                refusal = error
                continue
            except ServerBlocked:
                self._server_blocked.sound(
                    "%s: the room takes no calls from this server (403). Ask Website Toolbox to lift the"
                    " block of the server's IP address; nobody is logged in to the chat until then.",
                    self.name,
                )
                raise
            self._taken(number)
            return reply
        self._no_key_taken.sound(
            "%s: the room refuses the API key; nobody is logged in to the chat until website_toolbox.api_key"
            " holds the one that the account's Settings page shows.",
            self.name,
        )
        raise refusal or Rejected(self.name, "has no API key", credentials=True)

    def _taken(self, number: int) -> None:
        self._no_key_taken.rest()
        self._server_blocked.rest()
        if number != self._key_in_use:
            refused, self._key_in_use = self._key_in_use, number
            logger.warning(
                "%s: the room refuses the API key in line %d of website_toolbox.api_key and takes the one in"
                " line %d, which is used from now on.",
                self.name,
                refused + 1,
                number + 1,
            )

    def _call_with(self, key: Secret, path: str, fields: Mapping[str, str]) -> Reply:
        sent = {"apikey": key.reveal(), **fields}
        # A second arrival of any of the four calls leaves the room as the first did.
        return self.api.ask(
            self.options["method"],
            self.url + path,
            sent,
            lambda answer: read_reply(answer, sent.values()),
            safe_to_retry=True,
        )


def _check_addresses(name: str, *addresses: str) -> None:
    """Refuse what the room would read as several addresses: a call names them separated by commas."""
    for address in addresses:
        if any(character in ',"' or character.isspace() for character in address):
            raise InvalidUser(name, "a comma, a quotation mark or white space stands in the email address")


def _account(user: ChatUser) -> dict[str, str]:
    return {"email": user.email} | _given(username=user.username or None, avatarUrl=user.avatar_url or None)


def _given(**fields: str | None) -> dict[str, str]:
    """Only what has a value: a key that comes without one would change something."""
    return {name: value for name, value in fields.items() if value is not None}

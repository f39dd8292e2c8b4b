"""TypingMind Custom: a hosted assistant, which takes a token that the site signs itself.

Documented by the vendor: the three forms of a token's payload, the secret that signs it, the parameter of the
link, the widget's tag, and that the token is checked at every page load. Described in the vendor's OpenAPI
document: the users API. Not named anywhere is the algorithm; the vendor's sample signs with a plain secret,
which is HS256. No call that ends a session is known.
"""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import logging
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from ...changes import AccountChange, Delete, Edit
from ...converters import Unusable
from ...errors import Rejected
from ...secret import Secret
from ...sessions import ChatSession, Credentials
from ...users import ChatUser
from ..api import ChatAPI
from ..base import Advice, Provider, SiteFacts, Snippet, Widget
from ..signed_tokens import SHORTEST_SAFE_KEY, is_short, sign
from ..visits import Endpoint
from .advice import advice_for
from .claims import user_claims
from .options import KEYS, disagreements
from .users_api import UsersAPI
from .widget import WidgetTag

__all__ = ["TypingMind"]

_LINK_PARAMETER: Final = "externalAuthCode"
_LONGEST_TOKEN: Final = 4096
"""Octets: half of the 8 KB that web servers take as the first line of a request, where the token stands."""

logger = logging.getLogger(__name__)


class TypingMind(Provider):
    """An instance of TypingMind Custom."""

    name = "typingmind"
    keys = KEYS

    @classmethod
    def disagreements(cls, options: Mapping[str, Any]) -> Iterable[tuple[str, Unusable]]:
        """A form that needs the API, without its key."""
        return disagreements(options)

    def __init__(
        self, options: Mapping[str, Any], api: ChatAPI, *, clock: Callable[[], float] = time.time
    ) -> None:
        """`clock` gives seconds since the epoch."""
        super().__init__(options, api)
        self._clock = clock
        self._secret: Secret = options["secret"]
        self._form: str = options["form"]
        self._life: timedelta = options["expires"]
        self._widget = WidgetTag(self.url, options["widget"])
        self._users = self._make_users_api()
        self._told_of_new_address = False
        if is_short(self._secret):
            logger.warning(
                "%s: typingmind.secret has less than %d octets, so it could be guessed from a token; ask"
                " TypingMind for a longer one.",
                self.name,
                SHORTEST_SAFE_KEY,
            )

    @property
    def token_margin(self) -> timedelta:
        """A quarter of a token's life: who is handed one may reload the chat for that long at least."""
        return self._life / 4

    @property
    def realm(self) -> str:
        """All that a token depends on: one kept from before a setting changed must not be handed out."""
        key = self._secret.reveal().encode()
        mark = hmac.new(key, b"chatsso typingmind realm", hashlib.sha256).hexdigest()
        return f"{self.url}#{self._form}:{self._life.total_seconds():g}:{mark}"

    def open_session(self, user: ChatUser, credentials: Credentials | None = None) -> ChatSession:  # noqa: ARG002
        """Sign a token for `user`. *Network* in form `id` alone."""
        expires_at = int(self._clock() + self._life.total_seconds())
        claims = self._claims(user) | {"exp": expires_at}
        token = sign(claims, self._secret)
        if len(token) > _LONGEST_TOKEN and user.extra:
            logger.warning("%s: a user's extra is too long for a link; the token lacks it", self.name)
            return self.open_session(dataclasses.replace(user, extra={}))
        return ChatSession(token, expires_at)

    def link_parameters(
        self,
        session: ChatSession,
        *,
        remember: bool,  # noqa: ARG002 - the chat decides how long it remembers
    ) -> tuple[tuple[str, str], ...]:
        """The documented parameter of a chat link."""
        return ((_LINK_PARAMETER, session.token),)

    @property
    def widget_scripts(self) -> frozenset[str]:
        """The widget's script, where the owner places its tag himself."""
        return self._widget.scripts

    def widget_attributes(self, session: ChatSession) -> tuple[tuple[str, str], ...]:
        """The documented attribute."""
        return self._widget.attributes(session)

    def widget(self, session: ChatSession | None) -> Widget | None:
        """The documented tag, where we place it."""
        return self._widget.tag(session)

    def widget_loader(self, *, guests: bool) -> str | None:
        """The script that adds the tag in the browser, where we place it."""
        return self._widget.loader(guests=guests)

    def check_change(self, change: AccountChange) -> AccountChange:
        """Drop a password: the chat has none of a user who comes from a site."""
        return change if isinstance(change, Delete) else dataclasses.replace(change, password=None)

    def deliver(self, change: AccountChange) -> None:
        """Delete users by the API; nothing else can be done there. *Network.*

        Whoever is new comes with his first token, and what a token says of him is renewed with it. An address
        that the chat keeps itself (forms `email` and `id`) can be changed in its Admin Panel alone.
        """
        if isinstance(change, Delete):
            for address in change.addresses_given:
                self._delete(address)
        elif isinstance(change, Edit) and change.email not in (None, change.address) and self._form != "user":
            self._tell_of_new_address()

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """What `widget_loader` names, and what that script asks."""
        return self._widget.endpoints

    def probe(self) -> str:
        """Look for a user who cannot exist, where there is an API key. *Network.*

        The address is new each time and in the domain ``example.invalid``, which nobody can have (RFC 2606).
        """
        if self._users is None:
            return "nothing was called: whether the chat takes the secret is seen at a login alone"
        self._users.ids(f"probe-{secrets.token_hex(8)}@example.invalid")
        return "the API takes the API key; whether the chat takes the secret is seen at a login alone"

    def advice(self, site: SiteFacts) -> Sequence[Advice]:  # noqa: ARG002 - it is the same for every site
        """The instance's settings, the widget, and what the chat cannot do."""
        return tuple(advice_for(self.options, origin=self.origin, widget_source=self._widget.source))

    def snippets(self, site: SiteFacts) -> Sequence[Snippet]:  # noqa: ARG002 - it is the same for every site
        """The widget's tag, where the owner places it himself."""
        if not self.widget_scripts:
            return ()
        where = "Paste it before </body> into each page of your site that shall show the chat's widget."
        return (Snippet(where, f'<script defer src="{self._widget.source}"></script>'),)

    def close(self) -> None:
        """Close the connections that are kept open. A later call opens new ones."""
        if self._users is not None:
            self._users.close()
        self.api.close()

    def _make_users_api(self) -> UsersAPI | None:
        key: Secret | None = self.options["api_key"]
        if key is None:
            return None
        # Unless ids are asked for there, an API that is down says nothing of tokens.
        api = self.api if self._form == "id" else self.api.beside()
        return UsersAPI(self.options["api_url"], key, api)

    def _claims(self, user: ChatUser) -> dict[str, Any]:
        match self._form:
            case "email":
                return {"email": user.email}
            case "id":
                return {"id": self._id_of(user.email)}
        return {"user": user_claims(self.name, user)}

    def _id_of(self, address: str) -> int:
        if self._users is None:
            raise Rejected(self.name, "typingmind.form = id needs typingmind.api_key")
        found = self._users.ids(address)
        if len(found) != 1:
            reason = "several users of the instance have the address" if found else "no user has the address"
            raise Rejected(self.name, f"{reason}, so there is no id to log in with")
        return found[0]

    def _delete(self, address: str) -> None:
        if self._users is None:
            raise Rejected(
                self.name,
                "a user can be deleted by the API alone: set typingmind.api_key and try again, or delete the"
                " user in the Admin Panel",
            )
        for user_id in self._users.ids(address):
            self._users.delete(user_id)

    def _tell_of_new_address(self) -> None:
        if not self._told_of_new_address:
            self._told_of_new_address = True
            logger.warning(
                "%s: an address was changed on the site. The chat keeps its own, and no call changes it:"
                " change it in the instance's Admin Panel too, or that user cannot log in. Said once.",
                self.name,
            )

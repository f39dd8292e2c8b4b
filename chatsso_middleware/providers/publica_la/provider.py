"""A store at publica.la, entered by an auth token that is made for each click.

Documented by the vendor: the address, the claims, HS256, the bounds of a token's life, the token as a query
parameter or a header, by GET or POST. Assumed: that `user.uuid` and the like are members of an object
``user``, and that a store which reads the form of a POST finds the token there under the same name.
"""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from ...changes import AccountChange, Delete
from ...errors import Rejected, Unavailable
from ...sessions import Credentials
from ...urls import add_query, is_path_on_this_host
from ...users import ChatUser
from ..api import ChatAPI
from ..base import Advice, Entrance, Provider, SiteFacts
from ..signed_tokens import SHORTEST_SAFE_KEY, is_short, sign
from .advice import advice_for
from .claims import auth_token_claims
from .options import KEYS

__all__ = ["PublicaLa"]

_TOKEN_PATH: Final = "/auth/token"  # noqa: S105 - a path
_TOKEN_NAME: Final = "external-auth-token"  # noqa: S105 - a name
_ASCII: Final = "".join(map(chr, range(0x21, 0x7F)))

logger = logging.getLogger(__name__)


class PublicaLa(Provider):
    """A store at publica.la."""

    name = "publica_la"
    keys = KEYS
    links_through_gateway = True
    mints_at_click = True

    def __init__(
        self, options: Mapping[str, Any], api: ChatAPI, *, clock: Callable[[], float] = time.time
    ) -> None:
        """`clock` gives seconds since the epoch."""
        super().__init__(options, api)
        self._clock = clock
        if is_short(options["key"]):
            logger.warning(
                "%s: the key has less than %d octets, so it could be guessed from a token; ask for a longer"
                " one.",
                self.name,
                SHORTEST_SAFE_KEY,
            )

    def opens_at_login(self, credentials: Credentials | None) -> bool:  # noqa: ARG002 - the base's signature
        """Never: a token that waits is over before anybody clicks."""
        return False

    @property
    def link_parameter_names(self) -> frozenset[str]:
        """In a link that somebody else wrote, a token would log the visitor in as somebody else."""
        return frozenset({_TOKEN_NAME})

    def entrance(self, user: ChatUser, path: str, *, remember: bool) -> Entrance:  # noqa: ARG002 - the store decides
        """Make a token with an id of its own that leads to `path`, and nowhere but on the store's host.

        It stands in the query in both methods, since that is documented for both. A form that a browser sends
        by POST has it in a field as well.
        """
        claims = auth_token_claims(
            user,
            issuer=self.options["issuer"],
            expires_at=int(self._clock() + self.options["expires"].total_seconds()),
            intended_url=self._address_of(path),
            exit_url=self.options["exit_url"],
        )
        parameters = ((_TOKEN_NAME, sign(claims, self.options["key"])),)
        address = add_query(self._token_address, parameters)
        return Entrance(address, parameters if self.options["method"] == "POST" else ())

    def check_change(self, change: AccountChange) -> AccountChange:
        """Drop a password: the store has no place for one."""
        return change if isinstance(change, Delete) else dataclasses.replace(change, password=None)

    def deliver(self, change: AccountChange) -> None:
        """Count a new or edited account as done; refuse a deletion, which a person must carry out.

        The store makes and updates its user from the next token. No way to delete one is published.
        """
        if isinstance(change, Delete):
            raise Rejected(
                self.name,
                "a store offers no way to delete its users from outside: delete the user there by hand, and"
                " then drop this change",
            )

    def probe(self) -> str:
        """Ask for the token's address without a token, which logs nobody in. *Network.*"""
        unknown = "whether it takes issuer and key shows only when somebody enters"
        try:
            answer = self.api.call("GET", self._token_address, {}, safe_to_retry=True)
        except Unavailable as unavailable:
            if unavailable.status is None or not 300 <= unavailable.status < 400:
                raise
            # What the vendor's page says of a failed login: a redirect to the store's redirect_url.
            return f"the store {unavailable.reason}, as documented for a visit without a token; {unknown}"
        if answer.status in (404, 410):
            raise Rejected(
                self.name,
                f"has nothing at {_TOKEN_PATH}: publica_la.url must be the address of the store itself",
            )
        return f"the store answers at {_TOKEN_PATH} (status {answer.status}); {unknown}"

    def advice(self, site: SiteFacts) -> Sequence[Advice]:
        """What the owner enters in the store, and what the store cannot do."""
        return tuple(
            advice_for(
                site,
                provider=self.name,
                issuer=self.options["issuer"],
                key_is_short=is_short(self.options["key"]),
            )
        )

    @property
    def _token_address(self) -> str:
        return self.url + _TOKEN_PATH

    def _address_of(self, path: str) -> str:
        if not is_path_on_this_host(path):
            raise ValueError("a path in the store is expected, with one slash at its start")
        # As a browser would write it: nobody says what the store does with other characters in a Location.
        return self.origin + quote(path, safe=_ASCII)

"""Rocket.Chat, and pimentaCHAT which is built on it.

Documented by the vendors: iframe authentication (API URL and Iframe URL), the calls of the REST API, the
realtime login, and ``services.iframe.token`` in the database. What was only observed, in the chat's published
servers and clients, is called so where it is used. The modes stand in `ways`, what the browser asks of us in
`browser`.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar, Final, Literal

from ...changes import AccountChange, Delete
from ...converters import Unusable
from ...sessions import ChatSession, Credentials
from ...users import ChatUser
from ..api import ChatAPI
from ..base import Advice, Provider, SiteFacts, Snippet
from ..visits import Endpoint
from .accounts import Accounts
from .advice import advice_for
from .browser import BrowserSide
from .changes import AccountChanges
from .chat_address import RESUMED_LOGIN
from .mongodb import UserDocuments
from .oauth import OAuthVerifier
from .oauth_services import Facebook, Google
from .options import KEYS, disagreements
from .probing import check_generation, server_version
from .rest import RestAPI
from .service_account import ServiceAccount
from .snippets import logout_script
from .user_logins import UserLogins
from .ways import CreateToken, Means, MongoDB, Password, Realtime, Saved, Way

__all__ = ["RocketChat"]

_RESUME_TOKEN: Final = "resumeToken"  # noqa: S105 - a name


class RocketChat(Provider):
    """A Rocket.Chat server."""

    name = "rocketchat"
    keys = KEYS
    # The shortest life that the chat can be set to give a token is a day.
    token_margin = timedelta(hours=1)
    links_through_gateway = True
    remembers_leaving = True
    frames_site = True
    login_keys = frozenset({"oauth"})
    check_interval: ClassVar[timedelta | None] = timedelta(minutes=5)

    @classmethod
    def disagreements(cls, options: Mapping[str, Any]) -> Iterable[tuple[str, Unusable]]:
        """Modes without what they need, and OAuth services whose word nobody could verify."""
        return disagreements(options)

    def __init__(
        self, options: Mapping[str, Any], api: ChatAPI, *, clock: Callable[[], float] = time.time
    ) -> None:
        """`clock` gives seconds since the epoch."""
        super().__init__(options, api)
        # Where the tokens come from is what `api` answers for; the other calls go beside it.
        tokens_by_rest = options["mode"] in ("create_token", "password", "saved")
        self._rest = RestAPI(self.url, api if tokens_by_rest else api.beside())
        self._service = self._make_service_account()
        accounts = (
            Accounts(self._service, create_users=options["create_users"])
            if self._service is not None
            else None
        )
        self._changes = AccountChanges(accounts) if accounts is not None else None
        self._way = self._make_way(
            Means(
                provider=self.name,
                url=self.url,
                api=api,
                logins=UserLogins(self._rest),
                accounts=accounts,
                create_users=options["create_users"],
                clock=clock,
            )
        )
        self._browser = BrowserSide(
            self.url,
            token_field=self._way.token_field,
            needs_password=self._way.needs_login,
            oauth=self._make_oauth_verifier(),
            embed=options["embed_script"],
            provider=self.name,
        )

    @property
    def realm(self) -> str:
        """A token of one mode is of no use in another."""
        return f"{self.url}#{self.options['mode']}"

    @property
    def token_scope(self) -> Literal["user", "browser"]:
        """In mode mongodb a user has one token, else each of his browsers has its own."""
        return self._way.scope

    def opens_at_login(self, credentials: Credentials | None) -> bool:
        """Only where the login brings what the way needs: the chat takes 10 calls a minute by default."""
        return self._way.opens_at_login(credentials)

    @property
    def partitioned_cookies(self) -> bool:
        """As the owner sets it."""
        partitioned: bool = self.options["cookie_partitioned"]
        return partitioned

    def open_session(self, user: ChatUser, credentials: Credentials | None = None) -> ChatSession:
        """Get a token as the mode says. *Network.*"""
        return self._way.open(user, credentials)

    def renew_session(self, user: ChatUser, session: ChatSession) -> ChatSession:
        """Get a younger token as the mode says. *Network.*"""
        return self._way.renew(user, session)

    def check_session(self, session: ChatSession) -> bool:
        """Ask the chat whether it takes the token. *Network.*"""
        return self._way.check(session)

    def link_parameters(
        self,
        session: ChatSession,
        *,
        remember: bool,  # noqa: ARG002 - the chat decides how long it remembers
    ) -> tuple[tuple[str, str], ...]:
        """What logs in at top level, where no browser blocks the chat's storage: Safari included.

        Observed, not documented: the published web clients of all versions log in by ``resumeToken`` in the
        query, and take it out of the address bar. What mode mongodb has is no such token.
        """
        return ((_RESUME_TOKEN, session.token),) if self._way.token_field == RESUMED_LOGIN else ()

    @property
    def link_parameter_names(self) -> frozenset[str]:
        """In every mode: a link that somebody else wrote would log the visitor in as somebody else."""
        return frozenset({_RESUME_TOKEN})

    def close_session(self, session: ChatSession) -> None:
        """End the session in the chat. *Network.*"""
        self._way.close(session)

    def close_unknown_session(self, email: str) -> None:
        """End the sessions of whoever has this address, by the service account or the database. *Network.*"""
        self._way.close_unknown(email)

    def check_change(self, change: AccountChange) -> AccountChange:
        """Drop a password, but where site and chat have it in common."""
        if isinstance(change, Delete) or self._way.has_passwords:
            return change
        return dataclasses.replace(change, password=None)

    def deliver(self, change: AccountChange) -> None:
        """Bring `change` to the chat by the service account, else as the mode can. *Network.*"""
        change = self.check_change(change)  # what waits in the outbox may be older than the settings
        if self._changes is not None:
            self._changes.deliver(change)
        else:
            self._way.deliver(change)

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """API URL, Iframe URL, and what the owner switched on beside them."""
        return self._browser.endpoints

    @property
    def page_script(self) -> str | None:
        """The script for pages that show the chat in a frame."""
        return self._browser.page_script

    def probe(self) -> str:
        """Try the service account and the mode, changing nothing. *Network.*"""
        return "; ".join(self._findings())

    def advice(self, site: SiteFacts) -> Sequence[Advice]:
        """The settings of the chat, and what the site's cookies and login page need."""
        return tuple(
            advice_for(
                site,
                chat_origin=self.origin,
                base=f"{site.mount}/{self.name}",
                partitioned=self.partitioned_cookies,
                oauth=bool(self.options["oauth"]),
                registers=self._service is None and self._way.has_passwords,
                shared_token=self._way.scope == "user",
            )
        )

    def snippets(self, site: SiteFacts) -> Sequence[Snippet]:
        """The script for the chat's own logout."""
        return (logout_script(site, self.name),)

    def close(self) -> None:
        """Close the connections to the chat's API and to its database. A later call opens new ones."""
        self._way.disconnect()
        self.api.close()

    def _findings(self) -> Iterator[str]:
        if self._service is not None:
            yield self._service.probe()
        if self.options["mode"] != "mongodb":
            version = server_version(self._rest)
            if version is None:
                yield "the chat answers, and does not tell its version"
            else:
                if self.options["mode"] == "create_token":
                    has_secret = self.options["token_secret"] is not None
                    check_generation(self.name, version, has_secret=has_secret)
                yield f"the chat is of version {version[0]}.{version[1]}"
        yield self._way.probe()

    def _make_service_account(self) -> ServiceAccount | None:
        user_id, token = self.options["admin_user_id"], self.options["admin_token"]
        if user_id is None or token is None:
            return None
        return ServiceAccount(self._rest, user_id, token, self.options["token_secret"])

    def _make_way(self, means: Means) -> Way:
        match self.options["mode"]:
            case "create_token" if means.accounts is not None:
                return CreateToken(means, means.accounts)
            case "password":
                return Password(means)
            case "saved":
                return Saved(means, self.options["saved_token"])
            case "mongodb":
                service_id = self._service.id if self._service is not None else None
                documents = UserDocuments(self.options["mongodb_url"], self.name, left_alone=service_id)
                return MongoDB(means, documents)
            case "realtime":
                return Realtime(means)
        raise ValueError("mode create_token needs a service account: see disagreements()")

    def _make_oauth_verifier(self) -> OAuthVerifier | None:
        options = self.options
        if not options["oauth"]:
            return None
        google = facebook = None
        if options["google_client_id"] is not None:
            google = Google(self.api, options["google_client_id"], options["google_url"])
        if options["facebook_app_id"] is not None and options["facebook_app_secret"] is not None:
            facebook = Facebook(
                self.api,
                options["facebook_app_id"],
                options["facebook_app_secret"],
                options["facebook_url"],
            )
        return OAuthVerifier(
            options["oauth"], google=google, facebook=facebook, by_host=options["oauth_verifier"]
        )

"""The one place that builds the objects from the settings."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from .changes import Change, Leave
from .converters import Unusable
from .endpoints import EndpointSettings, ForgeryGuard, make_endpoints
from .errors import ConfigurationError, Problem, Rejected, Unavailable
from .handle import Accounts
from .hosts import IDENTITIES, IdentityMapping, IdentityReader, make_reader
from .login_flow import LoginFlow, Policy
from .outbox import Outbox, Worker
from .providers import ChatAPI, ChatSession, Provider, SiteFacts, installed_providers, provider_class
from .session_opener import SessionOpener
from .settings import Key, Section, Settings, Source, load
from .state.background import Background
from .state.cookies import CookieAttributes, StateCookie
from .state.token_store import TokenStore
from .state.tokens import Tokens
from .urls import split_web_address

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from .signin.hosted_page import HostedPage

__all__ = ["Site", "assemble", "load_settings", "make_outbox", "make_providers", "site_facts"]

log = logging.getLogger(__name__)

SAYS_NOTHING_ITSELF: Final = ("events", "signin")
"""The values of `identity` with which a login that we were told of lasts until we are told otherwise."""
PYTHON_SETTINGS: Final = Source("the settings given to ChatSSOMiddleware")


@dataclass(slots=True)
class Site:
    """Everything that one site's middleware is made of."""

    settings: Settings
    flow: LoginFlow
    accounts: Accounts
    cookie: StateCookie
    reader: IdentityReader | None
    endpoints: WSGIApplication
    outbox: Outbox
    worker: Worker
    background: Background
    store: TokenStore
    https: bool
    """Whether the owner says that the site is on https, whatever the server sees."""
    page_scripts: tuple[str, ...] = ()
    """Paths below `mount` of scripts that every page runs."""
    hosted: HostedPage | None = None
    """The hosted login page, where there is one."""

    def start(self) -> None:
        """See to it that this process delivers account changes. Cheap enough for every request."""
        self.worker.start()

    def stop(self, timeout: float = 5.0) -> None:
        """End what runs beside the requests, waiting at most `timeout` seconds for what is under way.

        No connection stays open but those of what takes longer.
        """
        give_up = time.monotonic() + timeout
        self.worker.stop(timeout)
        self.background.stop(max(0.0, give_up - time.monotonic()))
        for chat in self.flow.chats.values():
            chat.provider.close()
        if self.hosted is not None:
            self.hosted.close()
        self.store.close()
        self.outbox.close()


def load_settings(raw: Mapping[str, Any], source: Source) -> Settings:
    """The checked settings. Raises `ConfigurationError` with every problem at once."""
    return load(
        raw, source, _provider_keys, sorted(installed_providers()), IDENTITIES, _disagreements, SECTIONS
    )


def _signin_section() -> Section:
    from .signin import KEYS, disagreements  # with its libraries, which are an extra

    def all_disagreements(
        options: Mapping[str, Any], core: Mapping[str, Any]
    ) -> Iterator[tuple[str, Unusable]]:
        yield from disagreements(options)
        identity = core.get("identity", "events")
        # A callable of the owner's may leave such a login alone, by UNKNOWN.
        if identity in IDENTITIES and identity not in SAYS_NOTHING_ITSELF:
            reason = f"identity = {identity} ends every login that it has not found itself, as this one."
            mend = "Set identity = signin, or events where your site says itself who logs in."
            yield "url" if options.get("verify") is None else "verify", Unusable(reason, mend)

    return Section(KEYS, all_disagreements)


SECTIONS: Final = {"signin": _signin_section}


def _disagreements(
    name: str, options: Mapping[str, Any], core: Mapping[str, Any]
) -> Iterator[tuple[str, Unusable]]:
    provider = provider_class(name)
    yield from provider.disagreements(options)
    if core.get("identity", "events") not in SAYS_NOTHING_ITSELF:
        for key in sorted(provider.login_keys):
            if options.get(key):
                reason = "It logs visitors in whom the setting identity then knows nothing of."
                yield key, Unusable(reason, "Take it away, or set identity = events.")


def make_providers(settings: Settings) -> list[Provider]:
    """The chat systems that are switched on, in the order of the setting."""
    return [
        provider_class(name)(settings.provider_options[name], ChatAPI(name, timeout=settings.api_timeout))
        for name in settings.providers
    ]


def make_hosted_page(settings: Settings, providers: Sequence[Provider]) -> HostedPage | None:
    """The hosted login page, where it is configured."""
    options = settings.sections.get("signin")
    if options is None:
        return None
    from .signin import make_sign_in
    from .signin.hosted_page import HostedPage

    api = ChatAPI("signin", timeout=settings.api_timeout)
    site = split_web_address(settings.site_url or "")
    return HostedPage.of(
        options,
        make_sign_in(options, api, store=settings.store, key=settings.secret[0]),
        store=settings.store,
        site_origin=None if site is None else site.origin,
        chat_origins=[provider.origin for provider in providers],
        framed_by=[provider.origin for provider in providers if provider.frames_site],
    )


def site_facts(settings: Settings, site_url: str | None = None) -> SiteFacts:
    """What a provider may know of the site; `site_url` stands in where the settings have none."""
    address = settings.site_url or site_url
    hosted = settings.identity == "signin"
    return SiteFacts(
        site_url=None if address is None else address.rstrip("/"),
        mount=settings.mount,
        login_url=settings.login_url or (f"{settings.mount}/signin" if hosted else None),
        logout_url=settings.logout_url or (f"{settings.mount}/signin/logout" if hosted else None),
        cookie_samesite=settings.cookie_samesite,
        shares_store=settings.store != "memory:",
    )


def make_outbox(settings: Settings) -> Outbox:
    """Where account changes wait. Nothing is opened yet."""
    return Outbox(settings.outbox, [secret.reveal() for secret in settings.secret])


def deliver_by(providers: Sequence[Provider]) -> Callable[[str, Change], None]:
    """How the outbox brings a change to its chat."""
    by_name = {provider.name: provider for provider in providers}

    def deliver(name: str, change: Change) -> None:
        if name not in by_name:  # switched off meanwhile: the change waits until it is on again, or dropped
            raise Unavailable(name, "the provider is not switched on")
        if isinstance(change, Leave):
            _end_session(by_name[name], change)
        else:
            by_name[name].deliver(change)

    return deliver


def _end_session(provider: Provider, leave: Leave) -> None:
    try:
        if leave.token:
            provider.close_session(ChatSession(leave.token, 0.0, account=leave.account))
        else:
            provider.close_unknown_session(leave.address)
    except Rejected as refusal:
        if refusal.credentials:
            raise
        # It must not keep back what changes after it, and no person can do more about it.
        log.warning("A session with %s could not be ended: %s", provider.name, refusal.reason)


def assemble(raw: Mapping[str, Any], source: Source | None = None) -> Site:
    """Build everything. Raises `ConfigurationError` with every problem at once; opens no connection."""
    source = source or PYTHON_SETTINGS
    settings = load_settings(raw, source)
    providers = make_providers(settings)
    outbox = make_outbox(settings)
    worker = Worker(outbox, deliver_by(providers))
    background = Background()
    store = TokenStore(settings.store, lock_timeout=2 * settings.api_timeout)

    def make_tokens(provider: Provider, opener: SessionOpener) -> Tokens:
        return Tokens(
            provider.name,
            provider.realm,
            open_session=partial(opener.open_session, provider),
            check_session=partial(opener.check_session, provider),
            end_session=partial(opener.end_session, provider),
            available=lambda: provider.api.available,
            worth_waiting=lambda: not provider.api.is_down,
            store=store,
            background=background,
            margin=provider.token_margin.total_seconds(),
            scope=provider.token_scope,
            check_interval=(
                None if provider.check_interval is None else provider.check_interval.total_seconds()
            ),
        )

    flow = LoginFlow(
        providers,
        make_tokens,
        policy=Policy(
            delivery=settings.delivery,
            guests=settings.guests,
            remember=settings.remember,
            page_wait=settings.page_wait,
            edit_wait=settings.api_timeout,
            may_chat=settings.may_chat,
        ),
        outbox=outbox,
        background=background,
        hurry=worker.wake,
    )
    hosted = make_hosted_page(settings, providers)
    keys = [secret.reveal() for secret in settings.secret]
    attributes = CookieAttributes(
        settings.cookie_name,
        settings.cookie_samesite,
        settings.cookie_domain,
        partitioned=any(provider.partitioned_cookies for provider in providers),
    )
    cookie = StateCookie(keys, attributes)
    return Site(
        settings=settings,
        flow=flow,
        accounts=Accounts(outbox, worker.wake),
        cookie=cookie,
        reader=_make_reader(settings, source),
        endpoints=make_endpoints(
            flow,
            cookie,
            ForgeryGuard(keys, attributes),
            EndpointSettings(
                login_url=settings.login_url,
                register_url=settings.register_url,
                logout_url=settings.logout_url,
                site_url=settings.site_url,
                has_own_login=settings.identity == "signin",
                api_timeout=settings.api_timeout,
            ),
            hosted,
        ),
        outbox=outbox,
        worker=worker,
        background=background,
        store=store,
        https=(settings.site_url or "").startswith("https:"),
        hosted=hosted,
        page_scripts=tuple(_page_scripts(settings, providers)),
    )


def _page_scripts(settings: Settings, providers: Sequence[Provider]) -> Iterator[str]:
    for provider in providers:
        scripts = [provider.page_script]
        if settings.delivery == "gateway":
            scripts.append(provider.widget_loader(guests=settings.guests == "chat"))
        for script in filter(None, scripts):
            yield f"{provider.name}/{script}"


def _make_reader(settings: Settings, source: Source) -> IdentityReader | None:
    mapping = IdentityMapping(settings.identity_email, settings.identity_user)
    try:
        return make_reader(settings.identity, mapping)
    except ImportError as error:
        key = f"{source.prefix}identity"
        reason = f"The library {error.name} is missing, which this value needs."
        raise ConfigurationError(
            [Problem(key, source.place(key), reason, f"Run pip install {error.name}.")]
        ) from None


def _provider_keys(name: str) -> Sequence[Key]:
    try:
        return provider_class(name).keys
    except Exception as error:  # a plug-in of somebody else's may fail in any way
        raise Unusable(
            f"The provider {name} cannot be imported: {type(error).__name__}: {error}.", "Install it anew."
        ) from error

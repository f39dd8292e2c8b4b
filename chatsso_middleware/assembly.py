"""The one place that builds the objects from the settings."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from .changes import AccountChange
from .converters import Unusable
from .endpoints import EndpointSettings, ForgeryGuard, make_endpoints
from .errors import ConfigurationError, Problem, Unavailable
from .handle import Accounts
from .hosts import IDENTITIES, IdentityMapping, IdentityReader, make_reader
from .login_flow import LoginFlow, Policy
from .outbox import Outbox, Worker
from .providers import ChatAPI, ChatSession, Provider, SiteFacts, installed_providers, provider_class
from .settings import Key, Settings, Source, load
from .state.background import Background
from .state.cookies import CookieAttributes, StateCookie
from .state.token_store import TokenStore
from .state.tokens import Holder, Tokens

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

__all__ = ["Site", "assemble", "load_settings", "make_outbox", "make_providers", "site_facts"]

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
    worker: Worker
    background: Background
    https: bool
    """Whether the owner says that the site is on https, whatever the server sees."""
    page_scripts: tuple[str, ...] = ()
    """Paths below `mount` of scripts that every page runs."""

    def start(self) -> None:
        """See to it that this process delivers account changes. Cheap enough for every request."""
        self.worker.start()

    def stop(self, timeout: float = 5.0) -> None:
        """End what runs beside the requests, waiting at most `timeout` seconds for what is under way."""
        give_up = time.monotonic() + timeout
        self.worker.stop(timeout)
        self.background.stop(max(0.0, give_up - time.monotonic()))


def load_settings(raw: Mapping[str, Any], source: Source) -> Settings:
    """The checked settings. Raises `ConfigurationError` with every problem at once."""
    return load(raw, source, _provider_keys, sorted(installed_providers()), IDENTITIES, _disagreements)


def _disagreements(name: str, options: Mapping[str, Any]) -> Iterable[tuple[str, Unusable]]:
    return provider_class(name).disagreements(options)


def make_providers(settings: Settings) -> list[Provider]:
    """The chat systems that are switched on, in the order of the setting."""
    return [
        provider_class(name)(settings.provider_options[name], ChatAPI(name, timeout=settings.api_timeout))
        for name in settings.providers
    ]


def site_facts(settings: Settings, site_url: str | None = None) -> SiteFacts:
    """What a provider may know of the site; `site_url` stands in where the settings have none."""
    address = settings.site_url or site_url
    return SiteFacts(
        site_url=None if address is None else address.rstrip("/"),
        mount=settings.mount,
        login_url=settings.login_url,
        logout_url=settings.logout_url,
        cookie_samesite=settings.cookie_samesite,
    )


def make_outbox(settings: Settings) -> Outbox:
    """Where account changes wait. Nothing is opened yet."""
    return Outbox(settings.outbox, [secret.reveal() for secret in settings.secret])


def deliver_by(providers: Sequence[Provider]) -> Callable[[str, AccountChange], None]:
    """How the outbox brings a change to its chat."""
    by_name = {provider.name: provider for provider in providers}

    def deliver(name: str, change: AccountChange) -> None:
        if name not in by_name:  # switched off meanwhile: the change waits until it is on again, or dropped
            raise Unavailable(name, "the provider is not switched on")
        by_name[name].deliver(change)

    return deliver


def assemble(raw: Mapping[str, Any], source: Source | None = None) -> Site:
    """Build everything. Raises `ConfigurationError` with every problem at once; opens no connection."""
    source = source or PYTHON_SETTINGS
    settings = load_settings(raw, source)
    providers = make_providers(settings)
    outbox = make_outbox(settings)
    worker = Worker(outbox, deliver_by(providers))
    background = Background()
    store = TokenStore(settings.store, lock_timeout=2 * settings.api_timeout)

    def make_tokens(
        provider: Provider, open_session: Callable[[Holder, ChatSession | None], ChatSession]
    ) -> Tokens:
        interval = provider.check_interval
        return Tokens(
            provider.name,
            provider.realm,
            open_session=open_session,
            available=lambda: provider.api.available,
            worth_waiting=lambda: not provider.api.is_down,
            store=store,
            background=background,
            margin=provider.token_margin.total_seconds(),
            scope=provider.token_scope,
            check_session=None if interval is None else provider.check_session,
            check_interval=0.0 if interval is None else interval.total_seconds(),
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
                api_timeout=settings.api_timeout,
            ),
        ),
        worker=worker,
        background=background,
        https=(settings.site_url or "").startswith("https:"),
        page_scripts=tuple(
            f"{provider.name}/{provider.page_script}" for provider in providers if provider.page_script
        ),
    )


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

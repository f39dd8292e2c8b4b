"""The settings: the table of the core's keys, and their way from what the owner wrote to typed values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal

from .converters import (
    Unusable,
    boolean,
    choice,
    named_callable,
    seconds,
    web_address,
    words,
)
from .errors import ConfigurationError
from .setting_keys import REQUIRED, Key, Section
from .settings_reading import Reading
from .site_converters import (
    MAKE_A_KEY,
    cookie_domain,
    cookie_name,
    default_outbox,
    email_template,
    mount,
    outbox,
    outbox_on_disk,
    page_address,
    reader,
    signing_keys,
    store,
)
from .sources import Source
from .urls import split_web_address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .secret import Secret

__all__ = ["CORE_KEYS", "REQUIRED", "Key", "Section", "Settings", "Source", "load"]


CORE_KEYS: Final[tuple[Key, ...]] = (
    Key("providers", words, help="The chat systems, separated by white space."),
    Key("secret", signing_keys, help=f"Signs cookies; one key a line. {MAKE_A_KEY}", secret=True),
    Key("identity", reader, "events", "Who says who is logged in."),
    Key("identity.email", email_template, None, "The address of a user who is known by an id."),
    Key("identity.user", named_callable, None, "Finds the ChatUser of a user who is known by an id."),
    Key("delivery", choice("direct", "gateway"), "direct", "Whether pages hold tokens."),
    Key("mount", mount, "/chatsso", "The path below which the middleware's own pages live."),
    Key("site_url", web_address, None, "The site's own base address."),
    Key("login_url", page_address, None, "The site's login page."),
    Key("register_url", page_address, None, "The site's registration page."),
    Key("logout_url", page_address, None, "The site's logout page."),
    Key("remember", boolean, False, "Whether the chat remembers a login that does not say."),
    Key("links", boolean, True, "Whether chat links on pages are edited."),
    Key("tags", boolean, True, "Whether login and logout tags are placed on pages."),
    Key("page_wait", seconds(most=10, or_none=True), 0.3, "Seconds that a page may wait for a token."),
    Key("api_timeout", seconds(most=120, or_none=False), 5.0, "Seconds for one call to a chat, in total."),
    Key("store", store, "memory:", "Where workers share tokens.", secret=True),
    Key("outbox", outbox, None, "Where account changes wait, an SQLAlchemy URL.", secret=True),
    Key("cookie_name", cookie_name, "chatsso", "The name of the middleware's cookie."),
    Key("cookie_samesite", choice("lax", "strict", "none"), "lax", "The cookie's SameSite."),
    Key("cookie_domain", cookie_domain, None, "The cookie's Domain."),
    Key("guests", choice("chat", "login"), "chat", "Where a visitor who is not logged in is sent."),
    Key("may_chat", named_callable, None, "Says of a ChatUser whether he may chat."),
    Key("csp", choice("warn", "extend"), "warn", "What is done about a policy that blocks the chat."),
    Key("insecure", boolean, False, "Whether a chat may be reached over plain http."),
)
"""The core's own keys, in the order of the documentation."""


Disagreements = Callable[[str, Mapping[str, Any], Mapping[str, Any]], Iterable[tuple[str, Unusable]]]
"""From a provider's name, its options and the core's values to the keys whose values do not go together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings, checked and typed: a field for every one of `CORE_KEYS`, with ``_`` for a dot."""

    providers: tuple[str, ...]
    secret: tuple[Secret, ...]
    identity: str | Callable[..., Any]
    identity_email: str | None
    identity_user: Callable[..., Any] | None
    delivery: Literal["direct", "gateway"]
    mount: str
    site_url: str | None
    login_url: str | None
    register_url: str | None
    logout_url: str | None
    remember: bool
    links: bool
    tags: bool
    page_wait: float
    """Seconds."""
    api_timeout: float
    """Seconds."""
    store: str = field(repr=False)
    """May hold a password, as `outbox` may."""
    outbox: str = field(repr=False)
    """An SQLAlchemy URL; an SQLite file in it is an absolute path."""
    cookie_name: str
    cookie_samesite: Literal["lax", "strict", "none"]
    cookie_domain: str | None
    guests: Literal["chat", "login"]
    may_chat: Callable[..., Any] | None
    csp: Literal["warn", "extend"]
    insecure: bool
    provider_options: Mapping[str, Mapping[str, Any]] = field(repr=False)
    """For each provider that is switched on, a value for every key of its table."""
    sections: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    """The same for each section that is there."""


def load(
    raw: Mapping[str, Any],
    source: Source,
    provider_keys: Callable[[str], Sequence[Key]],
    known_providers: Sequence[str],
    identities: Sequence[str],
    provider_disagreements: Disagreements | None = None,
    sections: Mapping[str, Callable[[], Section]] = MappingProxyType({}),
) -> Settings:
    """The settings that `raw` holds; raises `ConfigurationError` with all problems at once.

    `raw` may hold keys without the source's prefix: they are somebody else's. A value of `None` counts as not
    given. `provider_keys` gives the table of one of `known_providers`, and may raise `Unusable` where the
    provider cannot be imported; `identities` are the names that `identity` may have;
    `provider_disagreements` gives the keys whose values do not go together; `sections` are parts of the core
    with keys of their own, which are there if one of them is given or `identity` names them.
    Keys of a provider that is not switched on must be in its table; their values are not looked at.
    """
    given = {str(key)[len(source.prefix) :]: raw[key] for key in raw if str(key).startswith(source.prefix)}
    reading = Reading(given, source)
    values = reading.values(CORE_KEYS)
    reading.names_known("providers", values.get("providers", ()), known_providers)
    if isinstance(values.get("identity"), str):
        also = "A reader of your own is written package.module:callable."
        reading.names_known("identity", (values["identity"],), identities, also=also)
    _place_outbox(reading, values, source)
    # where `providers` itself has a problem, those are checked whose keys are given
    owners = values.get("providers") or {name.partition(".")[0] for name in given}
    tables = _tables(reading, provider_keys, [name for name in known_providers if name in owners])
    options = {}
    for name, table in tables.items():
        options[name] = reading.values(table, owner=f"{name}.")
        if provider_disagreements is not None:
            reading.refuse_all(name, provider_disagreements(name, options[name], values))
    section_values = {}
    for name, make in sections.items():
        if name == values.get("identity") or reading.has(name):
            section = make()
            tables[name] = section.keys
            section_values[name] = reading.values(section.keys, owner=f"{name}.")
            reading.refuse_all(name, section.disagreements(section_values[name], values))
    reading.unknown_keys(CORE_KEYS, tables, provider_keys, known_providers)
    if values.get("insecure") is False:
        reading.plain_addresses()
    for key, disagreement in _disagreements(values):
        reading.refuse(key, disagreement)
    if reading.problems:
        raise ConfigurationError(reading.problems)
    fields = {name.replace(".", "_"): value for name, value in values.items()}
    return Settings(
        **fields,
        provider_options={name: MappingProxyType(found) for name, found in options.items()},
        sections={name: MappingProxyType(found) for name, found in section_values.items()},
    )


def _place_outbox(reading: Reading, values: dict[str, Any], source: Source) -> None:
    """Let the outbox be where it is whatever folder the site is started in."""
    if "outbox" not in values:
        return
    try:
        values["outbox"] = outbox_on_disk(
            values["outbox"] or default_outbox(source.directory), source.directory
        )
    except Unusable as problem:
        reading.refuse("outbox", problem)


def _tables(
    reading: Reading, provider_keys: Callable[[str], Sequence[Key]], names: Iterable[str]
) -> dict[str, Sequence[Key]]:
    tables: dict[str, Sequence[Key]] = {}
    for name in names:
        try:
            tables[name] = provider_keys(name)
        except Unusable as problem:
            reading.refuse("providers", problem)
    return tables


def _disagreements(values: Mapping[str, Any]) -> Iterator[tuple[str, Unusable]]:
    """Values that are fine by themselves and not together. Those that had a problem already are left out."""
    hosted = values.get("identity") == "signin"
    if values.get("guests") == "login" and values.get("login_url", "") is None and not hosted:
        mend = "Set login_url, or guests = chat."
        yield "guests", Unusable("Guests shall be sent to the login page, and login_url is missing.", mend)
    email, user = values.get("identity.email"), values.get("identity.user")
    if email is not None and user is not None:
        yield "identity.email", Unusable("identity.user is given too.", "Take one of the two away.")
    if values.get("identity") in ("events", "signin"):
        for name in ("identity.email", "identity.user"):
            if values.get(name) is not None:
                mend = "Set identity to the reader that knows the ids, or take this key away."
                reason = f"identity = {values['identity']} brings whole users, never an id alone."
                yield name, Unusable(reason, mend)
    site = split_web_address(values.get("site_url") or "")
    if site is None:
        return
    if values.get("cookie_samesite") == "none" and site.scheme != "https":
        mend = "Serve the site over https and say so in site_url, or use lax."
        yield "cookie_samesite", Unusable("Browsers take such a cookie over https only.", mend)
    domain = values.get("cookie_domain")
    if domain is not None and not f".{site.host}".endswith(f".{domain}"):
        mend = f"Write {site.host}, or a domain that it is part of."
        yield "cookie_domain", Unusable("The host of site_url is not in this domain.", mend)

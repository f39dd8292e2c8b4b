"""The settings: the table of the core's keys, and their way from what the owner wrote to typed values."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal

from .converters import (
    PlainAddress,
    Unusable,
    boolean,
    choice,
    is_quoted,
    named_callable,
    nearest,
    seconds,
    web_address,
    words,
)
from .errors import ConfigurationError, Problem
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
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from .secret import Secret

__all__ = ["CORE_KEYS", "REQUIRED", "Key", "Settings", "Source", "load"]


class Required(enum.Enum):
    """The type of `REQUIRED`."""

    REQUIRED = "required"


REQUIRED: Final = Required.REQUIRED
"""In the place of a default: the owner must give a value."""


@dataclass(frozen=True, slots=True)
class Key:
    """One setting."""

    name: str
    """Without the provider's prefix: ``api_key``."""
    convert: Callable[[Any], Any]
    """From the value as written to the value of the setting; raises `converters.Unusable`."""
    default: Any = REQUIRED
    """The value of the setting, already converted, where the owner gives none."""
    help: str = ""
    """What it does, in a sentence for the owner."""
    secret: bool = False
    """Whether its value is one that nobody may see."""


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


def load(
    raw: Mapping[str, Any],
    source: Source,
    provider_keys: Callable[[str], Sequence[Key]],
    known_providers: Sequence[str],
    identities: Sequence[str],
    provider_disagreements: Callable[[str, Mapping[str, Any]], Iterable[tuple[str, Unusable]]] | None = None,
) -> Settings:
    """The settings that `raw` holds; raises `ConfigurationError` with all problems at once.

    `raw` may hold keys without the source's prefix: they are somebody else's. A value of `None` counts as not
    given. `provider_keys` gives the table of one of `known_providers`, and may raise `Unusable` where the
    provider cannot be imported; `identities` are the names that `identity` may have;
    `provider_disagreements` gives the keys whose values do not go together. Keys of a provider that
    is not switched on must be in its table; their values are not looked at.
    """
    given = {str(key)[len(source.prefix) :]: raw[key] for key in raw if str(key).startswith(source.prefix)}
    reading = _Reading(given, source)
    values = reading.values(CORE_KEYS)
    reading.names_known("providers", values.get("providers", ()), known_providers)
    if isinstance(values.get("identity"), str):
        also = "A reader of your own is written package.module:callable."
        reading.names_known("identity", (values["identity"],), identities, also=also)
    if "outbox" in values:
        try:
            address = values["outbox"] or default_outbox(source.directory)
            values["outbox"] = outbox_on_disk(address, source.directory)
        except Unusable as problem:
            reading.refuse("outbox", problem)

    # where `providers` itself has a problem, those are checked whose keys are given
    owners = values.get("providers") or {name.partition(".")[0] for name in given}
    tables: dict[str, Sequence[Key]] = {}
    for name in known_providers:
        if name not in owners:
            continue
        try:
            tables[name] = provider_keys(name)
        except Unusable as problem:
            reading.refuse("providers", problem)
    options = {
        name: MappingProxyType(reading.values(table, owner=f"{name}.")) for name, table in tables.items()
    }
    for name, values_of_provider in options.items():
        found = () if provider_disagreements is None else provider_disagreements(name, values_of_provider)
        for key, disagreement in found:
            reading.refuse(f"{name}.{key}", disagreement)
    reading.unknown_keys(tables, provider_keys, known_providers)
    if values.get("insecure") is False:
        reading.plain_addresses()
    for key, disagreement in _disagreements(values):
        reading.refuse(key, disagreement)
    if reading.problems:
        raise ConfigurationError(reading.problems)
    fields = {name.replace(".", "_"): value for name, value in values.items()}
    return Settings(**fields, provider_options=MappingProxyType(options))


class _Reading:
    """One pass over what was given; it gathers the problems and goes on."""

    def __init__(self, given: Mapping[str, Any], source: Source) -> None:
        self.given = given
        self.source = source
        self.problems: list[Problem] = []
        self._places: dict[str, str] = {}
        self._plain: list[str] = []

    def refuse(self, name: str, unusable: Unusable) -> None:
        key = self.source.prefix + name
        place = unusable.place or self._places.get(name) or self.source.place(key)
        self.problems.append(Problem(key, place, unusable.reason, unusable.mend))

    def values(self, keys: Iterable[Key], *, owner: str = "") -> dict[str, Any]:
        """A value for each of `keys` by its name, but for those that have a problem."""
        values: dict[str, Any] = {}
        for key in keys:
            name = owner + key.name
            if self.given.get(name) is not None:
                self._convert(key, name, values)
            elif key.default is REQUIRED:
                mend = f"Add it: {self.source.prefix}{name} = ... {key.help}".rstrip()
                self.refuse(name, Unusable("The key is missing.", mend))
            else:
                values[key.name] = key.default
        return values

    def names_known(self, key: str, names: Sequence[str], known: Sequence[str], *, also: str = "") -> None:
        """Refuse each of `names` that is not in `known`."""
        for number, name in enumerate(names, start=1):
            if name not in known:
                mend = f"Known are {', '.join(known)}; the nearest is {nearest(name, known)}. {also}".rstrip()
                reason = (
                    f"Name {number} of {len(names)} is not known."
                    if len(names) > 1
                    else "The name is not known."
                )
                self.refuse(key, Unusable(reason, mend))

    def unknown_keys(
        self,
        tables: Mapping[str, Sequence[Key]],
        provider_keys: Callable[[str], Sequence[Key]],
        known_providers: Iterable[str],
    ) -> None:
        """Refuse every key that neither the core nor any provider has.

        `tables` are those of the providers that are switched on; others are imported only if keys are left.
        """
        known = {key.name for key in CORE_KEYS}
        known |= {f"{provider}.{key.name}" for provider, table in tables.items() for key in table}
        left = [name for name in self.given if name not in known]
        unreadable = set()
        for provider in known_providers if left else ():
            try:
                known |= {f"{provider}.{key.name}" for key in provider_keys(provider)}
            except Unusable:  # nobody can say which keys it has
                unreadable.add(provider)
        for name in left:
            if name not in known and name.partition(".")[0] not in unreadable:
                mend = f"The nearest known key is {self.source.prefix}{nearest(name, sorted(known))}."
                self.refuse(name, Unusable("There is no such key.", mend))

    def plain_addresses(self) -> None:
        """Refuse every `PlainAddress` that was met."""
        for name in self._plain:
            mend = f"Write https://, or set {self.source.prefix}insecure = true for a network that you trust."
            self.refuse(name, Unusable("Secrets would travel unencrypted, over plain http.", mend))

    def _convert(self, key: Key, name: str, values: dict[str, Any]) -> None:
        written = self._followed(key, name)
        if written is None:
            return
        try:
            value = key.convert(written)
        except Unusable as unusable:
            self.refuse(name, _with_hints(unusable, written, secret=key.secret))
            return
        values[key.name] = value
        if isinstance(value, PlainAddress):
            self._plain.append(name)

    def _followed(self, key: Key, name: str) -> Any:
        """What was written for `key`, each ``env:`` and ``file:`` in it followed; `None` if one failed."""
        written = self.given[name]
        if not isinstance(written, str | list | tuple):
            return written
        pieces = written.strip().split("\n") if isinstance(written, str) else written
        found: list[Any] = []
        place = None
        for piece in pieces:
            if not isinstance(piece, str):
                found.append(piece)
                continue
            try:
                text, place = self.source.follow(piece, secret=key.secret)
            except Unusable as unusable:
                self.refuse(name, unusable)
            else:
                found.append(text)
        if len(found) < len(pieces):
            return None
        if len(pieces) == 1 and place is not None:
            self._places[name] = place
        return "\n".join(found) if isinstance(written, str) else found


def _with_hints(unusable: Unusable, written: Any, *, secret: bool) -> Unusable:
    """`unusable` with the usual mistakes in an ini named, and without what was written if it is secret."""
    reason, mend = unusable.reason, unusable.mend
    lines = [written] if isinstance(written, str) else written if isinstance(written, list) else []
    pieces = [piece for line in lines if isinstance(line, str) for piece in line.split()]
    telling = [piece for piece in pieces if len(piece) >= 8 and piece != "sqlite:///"]
    if secret and any(piece in f"{reason} {mend}" for piece in telling):
        reason, mend = "The value cannot be used.", "Compare it with what the documentation says of the key."
    if isinstance(written, str):
        stripped = written.strip()
        if is_quoted(stripped) and "quotation marks" not in reason:
            mend += " Take the quotation marks away: values in an ini need none."
        if re.search(r"\s[;#]", stripped):
            mend += " A comment needs a line of its own."
    return Unusable(reason, mend, place=unusable.place)


def _disagreements(values: Mapping[str, Any]) -> Iterator[tuple[str, Unusable]]:
    """Values that are fine by themselves and not together. Those that had a problem already are left out."""
    if values.get("guests") == "login" and values.get("login_url", "") is None:
        mend = "Set login_url, or guests = chat."
        yield "guests", Unusable("Guests shall be sent to the login page, and login_url is missing.", mend)
    email, user = values.get("identity.email"), values.get("identity.user")
    if email is not None and user is not None:
        yield "identity.email", Unusable("identity.user is given too.", "Take one of the two away.")
    if values.get("identity") == "events":
        for name in ("identity.email", "identity.user"):
            if values.get(name) is not None:
                mend = "Set identity to the reader that knows the ids, or take this key away."
                yield name, Unusable("identity = events brings whole users, never an id alone.", mend)
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

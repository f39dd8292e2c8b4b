"""Converters of the core's own keys, those that no provider shares: pages, cookies, stores and who is who."""

from __future__ import annotations

import importlib.util
import os
import re
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from .converters import Unusable, named_callable, secret_lines, text
from .errors import InvalidUser
from .urls import is_host_name, is_path_on_this_host, split_web_address
from .users import check_address

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .secret import Secret

__all__ = [
    "MAKE_A_KEY",
    "cookie_domain",
    "cookie_name",
    "default_outbox",
    "email_template",
    "mount",
    "outbox",
    "outbox_on_disk",
    "page_address",
    "reader",
    "signing_keys",
    "store",
]

_SHORTEST_SIGNING_KEY: Final = 32
"""Characters."""

_FEWEST_DIFFERENT_CHARACTERS: Final = 8
"""32 random hexadecimal digits have fewer than once in twenty million keys; ``changeme`` repeated has."""

MAKE_A_KEY: Final = 'Make one with: python -c "import secrets; print(secrets.token_urlsafe(32))"'
"""How to mend `secret`."""

_MOUNT: Final = re.compile(r"(?:/[A-Za-z0-9._~-]+)+")
_COOKIE_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A token of RFC 9110, section 5.6.2, which RFC 6265, section 4.1.1, asks for."""
_STORE: Final = re.compile(
    r"(?:redis|rediss|valkey)://(?:[^/?#\s]*@)?(?:\[[0-9A-Fa-f:.]+\]|[^/?#@:\[\]\s]+)(?::[0-9]{1,5})?"
    r"(?:/[0-9]*)?(?:\?[^#\s]*)?"
)


def signing_keys(value: Any) -> tuple[Secret, ...]:
    """The keys that sign cookies, one a line: the first signs, all verify."""
    keys = secret_lines(value)
    for count, key in enumerate(keys, start=1):
        subject = "The key" if len(keys) == 1 else f"Key {count} of {len(keys)}"
        if len(key.reveal()) < _SHORTEST_SIGNING_KEY:
            raise Unusable(f"{subject} is shorter than {_SHORTEST_SIGNING_KEY} characters.", MAKE_A_KEY)
        if len(set(key.reveal())) < _FEWEST_DIFFERENT_CHARACTERS:
            raise Unusable(f"{subject} is easy to guess: it repeats a few characters.", MAKE_A_KEY)
    return keys


def reader(value: Any) -> str | Callable[..., Any]:
    """Who says who is logged in: the name of one of our readers, or a callable."""
    if callable(value) or (isinstance(value, str) and ":" in value):
        return named_callable(value)
    return text(value)


def email_template(value: Any) -> str:
    """An address with ``{userid}`` in it, or ``{userid}`` alone where the ids are addresses."""
    template = text(value)
    filled = template.replace("{userid}", "x")
    if filled == template or "{" in filled or "}" in filled:
        mend = "Write a template such as {userid}@example.com."
        raise Unusable("The template needs {userid}, and no other placeholder.", mend)
    try:
        check_address("identity.email", "x@x" if template == "{userid}" else filled)
    except InvalidUser as error:
        mend = "Write a template such as {userid}@example.com."
        raise Unusable(f"No email address comes of the template: {error.reason}.", mend) from None
    return template


def mount(value: Any) -> str:
    """The path below which our endpoints live: ``/chatsso``."""
    path = text(value)
    if not _MOUNT.fullmatch(path) or {".", ".."} & set(path.split("/")):
        mend = "Begin with a slash, end without one, and use letters, digits, - _ . ~ only, as in /chatsso."
        raise Unusable("The value is no path that endpoints can live below.", mend)
    return path


def page_address(value: Any) -> str:
    """A page of the site: a path, or a whole address; ``{next}`` may stand in its path, query or fragment."""
    address = text(value)
    filled = address.replace("{next}", "x")
    if "{" in filled or "}" in filled:
        raise Unusable(
            "{next} is the only placeholder that is known.", "Write {next}, or escape as %7B, %7D."
        )
    if filled.startswith("/"):
        on_the_site = is_path_on_this_host(filled) and split_web_address(f"https://localhost{filled}")
        if not on_the_site:
            mend = "Begin with one slash, and percent-encode what is neither ASCII nor allowed in an address."
            raise Unusable("The value is no path on the site.", mend)
        return address
    parts = split_web_address(filled)
    if parts is None or parts.user_information is not None:
        mend = "Write a path such as /login, or a whole address such as https://www.example.com/login."
        raise Unusable("The value is neither a path on the site nor a web address.", mend)
    other = split_web_address(address.replace("{next}", "y"))
    if other is None or other.origin != parts.origin:
        raise Unusable("{next} stands in the host.", "Put it behind the host, as in /login?came_from={next}.")
    return address


def cookie_name(value: Any) -> str:
    """The name of our cookie."""
    name = text(value)
    if not _COOKIE_NAME.fullmatch(name):
        raise Unusable("The value is no name that a cookie can have.", "Use letters, digits, - and _ only.")
    return name


def cookie_domain(value: Any) -> str:
    """The domain whose hosts all get our cookie. A dot before it is dropped, as browsers do (RFC 6265)."""
    domain = text(value).lower().removeprefix(".")
    if not is_host_name(domain):
        raise Unusable("The value is no host name.", "Write it without scheme, port and path: example.com.")
    return domain


def store(value: Any) -> str:
    """Where workers share tokens: ``memory:``, or the address of a Valkey or Redis."""
    address = text(value)
    if address == "memory:":
        return address
    if not _STORE.fullmatch(address):
        mend = (
            "Write memory:, or an address such as valkey://localhost:6379/0; redis:// and rediss:// work too."
        )
        raise Unusable("The value is no store that is known.", mend)
    _need_library("valkey", extra="valkey")
    return address


def outbox(value: Any) -> str:
    """Where account changes wait: the SQLAlchemy URL of an SQLite file, or of a PostgreSQL database."""
    mend = "Write one such as sqlite:////var/lib/site/outbox.sqlite3 or postgresql://user:password@host/name."
    try:
        url = make_url(text(value))
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        raise Unusable("The value is no SQLAlchemy URL.", mend) from None
    if url.drivername in {"sqlite", "sqlite+pysqlite"}:
        if url.host or url.username:  # sqlite://folder/file: the first part was read as a host
            raise Unusable("A slash is missing in front of the file.", mend)
        if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
            raise Unusable("An outbox must survive a restart: the value names no file.", mend)
        return _written(url)
    if url.drivername in {"postgresql", "postgresql+psycopg", "postgres"}:
        _need_library("psycopg", extra="postgresql")
        return _written(url.set(drivername="postgresql+psycopg"))
    raise Unusable("The value is neither SQLite nor PostgreSQL.", mend)


def default_outbox(directory: Path) -> str:
    """The outbox of a site that names none: an SQLite file beside its ini."""
    return _written(URL.create("sqlite", database=str(directory / "chatsso-outbox.sqlite3")))


def outbox_on_disk(address: str, directory: Path) -> str:
    """The outbox `address` with its SQLite file, if it is one, taken from `directory`; it must be writable.

    The site and ``chatsso outbox run`` may run in different folders, and must find the same file.
    """
    url = make_url(address)
    if not url.drivername.startswith("sqlite") or url.database is None:
        return address
    file = directory / url.database
    mend = (
        "Set outbox to a file that the site's own user may write, such as sqlite:////var/lib/site/outbox.db."
    )
    if not file.parent.is_dir():
        raise Unusable(f"The folder {file.parent} does not exist.", mend)
    # SQLite writes its journal beside the file, so the folder must be writable too
    if not _is_writable(file.parent) or (file.exists() and not _is_writable(file)):
        raise Unusable(f"The file {file} cannot be written.", mend)
    return _written(url.set(database=str(file)))


def _is_writable(path: Path) -> bool:
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _need_library(name: str, *, extra: str) -> None:
    if importlib.util.find_spec(name) is None:
        mend = f"Install it: pip install 'chatsso-middleware[{extra}]'"
        raise Unusable(f"The library {name} is missing, which this value needs.", mend)


def _written(url: URL) -> str:
    return url.render_as_string(hide_password=False)

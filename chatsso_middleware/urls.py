"""Addresses as a browser reads them (WHATWG URL Standard), which is laxer than RFC 3986 and urllib."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote_plus, urlencode

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

__all__ = [
    "WebAddress",
    "add_query",
    "is_below",
    "is_host_name",
    "is_loopback",
    "is_path_on_this_host",
    "quote_parameter",
    "split_web_address",
    "without_parameters",
]

_OWN_PORTS: Final = {"http": 80, "https": 443}
_WEB_ADDRESS: Final = re.compile(
    r"(?P<scheme>https?)://(?:(?P<user>[^/?#]*)@)?"
    r"(?P<host>\[[0-9a-f:.]+\]|[^/?#@:\[\]]+)(?::(?P<port>[0-9]{0,5}))?"
    r"(?P<path>/[^?#]*)?(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?",
    re.IGNORECASE,
)
_NEVER_IN_AN_ADDRESS: Final = re.compile(r"[^!-~]|[\"<>\\^`{|}]")
"""What RFC 3986, section 2, has no place for, and a browser would escape, drop or read as something else."""
_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMERIC_LABEL: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_LONGEST_HOST_NAME: Final = 253


@dataclass(frozen=True, slots=True)
class WebAddress:
    """The parts of an ``http`` or ``https`` address."""

    scheme: str
    """``http`` or ``https``."""
    user_information: str | None
    """What stands before an ``@`` in front of the host; never shown."""
    host: str
    """In lower case; an IPv6 address in its brackets."""
    port: int | None
    """`None` where it is the scheme's own."""
    path: str
    query: str | None
    fragment: str | None

    def __repr__(self) -> str:  # a password may stand before the host, a token in the query
        return f"WebAddress({self.origin})"

    @property
    def origin(self) -> str:
        """Scheme, host and port as a browser writes them: ``https://chat.example.com``."""
        return f"{self.scheme}://{self.host}" + ("" if self.port is None else f":{self.port}")


def split_web_address(text: str) -> WebAddress | None:
    """The parts of `text`, or `None` where it is no ``http`` or ``https`` address that all readers agree on.

    Unlike ``urllib.parse.urlsplit`` it mends nothing: white space, backslashes, characters beyond ASCII and
    hosts that a browser would read as another host (``127.1``, ``0x7f.1``) make it `None`.
    """
    match = None if _NEVER_IN_AN_ADDRESS.search(text) else _WEB_ADDRESS.fullmatch(text)
    if match is None:
        return None
    scheme = match["scheme"].lower()
    host = _canonical_host(match["host"].lower())
    port = int(match["port"]) if match["port"] else _OWN_PORTS[scheme]
    if host is None or not 0 < port < 65536:
        return None
    return WebAddress(
        scheme=scheme,
        user_information=match["user"],
        host=host,
        port=None if port == _OWN_PORTS[scheme] else port,
        path=match["path"] or "",
        query=match["query"],
        fragment=match["fragment"],
    )


def is_host_name(text: str) -> bool:
    """Whether `text` is the name of a host in lower-case ASCII, and no IP address.

    A name whose last label is a number is none: a browser reads it as an IPv4 address (URL Standard, "ends in
    a number checker").
    """
    labels = text.split(".")
    return (
        len(text) <= _LONGEST_HOST_NAME
        and all(_LABEL.fullmatch(label) for label in labels)
        and not _NUMERIC_LABEL.fullmatch(labels[-1])
    )


def is_loopback(host: str) -> bool:
    """Whether `host`, as it stands in an address, is this machine: what is sent there crosses no network.

    ``localhost`` and names below it count (RFC 6761, section 6.3), 127.0.0.0/8 and ``[::1]``.
    """
    name = host.lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        return False


def is_path_on_this_host(text: str) -> bool:
    """Whether a browser that is sent to `text` stays on the host it is on.

    A browser strips tab and newline from an address, reads a backslash as a slash, and takes a second slash
    for the start of a host (URL Standard, "relative slash state"). So a path is one slash that no slash or
    backslash follows, and no control character, space or backslash anywhere.
    """
    if not text.startswith("/") or text.startswith("//"):
        return False
    return not any(
        character <= " " or character in "\\\x7f" or 0x80 <= ord(character) < 0xA0 for character in text
    )


def is_below(path: str, base: str) -> bool:
    """Whether a browser that goes to `path` is at `base`, a path without a slash at its end, or below it.

    It takes ``.`` and ``..`` out of a path, however their dots are written (URL Standard, "path state").
    """
    segments: list[str] = []
    for segment in re.split(r"[?#]", path, maxsplit=1)[0].split("/"):
        dots = segment.lower().replace("%2e", ".")
        if dots == "..":
            segments = segments[:1] + segments[1:-1]  # the first is what stands before the first slash
        elif dots != ".":
            segments.append(segment)
    return f"{'/'.join(segments)}/".startswith(f"{base}/")


def add_query(address: str, parameters: Iterable[tuple[str, str]]) -> str:
    """`address` with `parameters` at the end of its query; its own query and fragment stay as they are."""
    added = urlencode(list(parameters))
    if not added:
        return address
    base, sign, fragment = address.partition("#")
    joint = "?" if "?" not in base else "" if base.endswith(("?", "&")) else "&"
    return f"{base}{joint}{added}{sign}{fragment}"


def without_parameters(address: str, names: Collection[str]) -> str:
    """`address` without the query parameters called one of `names`; what remains stays as it is written."""
    base, sign, fragment = address.partition("#")
    path, question_mark, query = base.partition("?")
    if not question_mark:
        return address
    kept = [pair for pair in query.split("&") if unquote_plus(pair.partition("=")[0]) not in names]
    return f"{path}{'?' if kept else ''}{'&'.join(kept)}{sign}{fragment}"


def quote_parameter(value: str) -> str:
    """`value` for the place of ``{next}``: every character that has a meaning in an address is escaped."""
    return quote(value, safe="")


def _canonical_host(host: str) -> str | None:
    """`host` as a browser writes it; `None` if it is neither a name nor an IP address in its usual form."""
    if is_host_name(host):
        return host
    try:
        if host.startswith("["):
            return f"[{ipaddress.IPv6Address(host[1:-1])}]"
        return str(ipaddress.IPv4Address(host))
    except ValueError:
        return None

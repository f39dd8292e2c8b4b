"""Which address a request came from, where proxies may stand between."""

from __future__ import annotations

import ipaddress
import logging
import re
from dataclasses import dataclass
from typing import Any, Final

from ..converters import Unusable, words
from ..providers.alarm import Alarm

__all__ = ["TrustedProxies", "network_of", "trusted_proxies"]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

UNIX: Final = "unix"
"""Among the proxies: one that speaks to us through a Unix socket, so that it has no address."""
_SMALLEST_IPV6_SITE: Final = 64
"""Bits: a subscriber has all addresses that begin with them (RFC 6177), and could use each once."""
_WITH_PORT: Final = re.compile(r"\[(?P<six>[^]]+)\](?::[0-9]+)?|(?P<four>[0-9.]+):[0-9]+")

_not_believed = Alarm(logging.getLogger(__name__))
_no_address = Alarm(logging.getLogger(__name__))


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    """Machines of the owner whose word on where a request came from is believed."""

    networks: tuple[Network, ...] = ()
    unix: bool = False

    def client(self, remote: str, forwarded_for: str) -> Address | None:
        """The visitor's address: the rightmost that is no proxy of ours; `None` where there is none.

        `remote` is WSGI's ``REMOTE_ADDR``, `forwarded_for` the header X-Forwarded-For. Each proxy adds at the
        right the address that spoke to it, so what stands left of the first stranger is the stranger's say.
        An entry that cannot be read ends the search: the proxy that handed it on is the last that is known.
        """
        nearest = _parse(remote)
        if nearest is None and not self.unix:
            _no_address.sound(
                "Requests come without an address, so signin.limit_ip cannot count. Where the web server in "
                "front uses a Unix socket, set signin.trusted_proxies = unix."
            )
            return None
        client = nearest
        for entry in reversed(forwarded_for.split(",") if forwarded_for.strip() else []):
            if client is not None and not self._trusts(client):
                break
            reported = _parse(entry)
            if reported is None:
                break
            client = reported
        if nearest is not None and forwarded_for and nearest.is_private and not self._trusts(nearest):
            _not_believed.sound(
                "Requests come from %s with X-Forwarded-For, which is not believed: all visitors behind it "
                "share one signin.limit_ip. If it is your proxy, name it in signin.trusted_proxies.",
                nearest,
            )
        return client

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self.networks)


def trusted_proxies(value: Any) -> TrustedProxies:
    """Addresses and networks, and perhaps the word ``unix``."""
    networks: list[Network] = []
    unix = False
    for word in words(value):
        if word.lower() == UNIX:
            unix = True
            continue
        try:
            networks.append(ipaddress.ip_network(word))
        except ValueError:
            mend = "Write addresses and networks such as 127.0.0.1 10.0.0.0/8, or unix for a Unix socket."
            raise Unusable("A word in the value is neither an address nor a network.", mend) from None
        if networks[-1].prefixlen == 0:
            mend = "Name the proxies alone: whoever is trusted here can give himself any address."
            raise Unusable("A network in the value is the whole internet.", mend)
    return TrustedProxies(tuple(networks), unix)


def network_of(address: Address) -> str:
    """What counts as one visitor: an IPv4 address, or the /64 network of an IPv6 one."""
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(ipaddress.ip_network((int(address), _SMALLEST_IPV6_SITE), strict=False))


def _parse(written: str) -> Address | None:
    """An address as proxies write it: with a port perhaps, which Azure's add, or a zone."""
    text = written.strip().strip('"')
    if match := _WITH_PORT.fullmatch(text):
        text = match["six"] or match["four"]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address

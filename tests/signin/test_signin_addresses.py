from __future__ import annotations

import ipaddress
import logging

import pytest

from chatsso_middleware.converters import Unusable
from chatsso_middleware.providers.alarm import Alarm
from chatsso_middleware.signin import addresses
from chatsso_middleware.signin.addresses import network_of, trusted_proxies

PROXIES = trusted_proxies("10.0.0.0/8 192.0.2.1 fd00::/8")
NOBODY = addresses.TrustedProxies()


@pytest.fixture(autouse=True)
def _rested_alarms(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_not_believed", "_no_address"):
        monkeypatch.setattr(addresses, name, Alarm(logging.getLogger(addresses.__name__)))


@pytest.mark.parametrize(
    ("remote", "forwarded_for", "client"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.7", "203.0.113.9"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.7, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.7, 203.0.113.9, 192.0.2.1,10.3.2.1", "203.0.113.9"),
        ("10.0.0.1", "192.0.2.1", "192.0.2.1"),
        ("10.0.0.1", "203.0.113.9:5678", "203.0.113.9"),
        ("10.0.0.1", "[2001:db8::7]:5678", "2001:db8::7"),
        ("10.0.0.1", "[2001:db8::7]", "2001:db8::7"),
        ("10.0.0.1", '"203.0.113.9"', "203.0.113.9"),
        ("fd00::1%eth0", "2001:db8::7", "2001:db8::7"),
        ("::ffff:10.0.0.1", "::ffff:203.0.113.9", "203.0.113.9"),
    ],
)
def test_the_client_is_the_rightmost_that_is_no_proxy_of_ours(
    remote: str, forwarded_for: str, client: str
) -> None:
    assert PROXIES.client(remote, forwarded_for) == ipaddress.ip_address(client)


@pytest.mark.parametrize(
    "garbage", ["unknown", "_hidden", "1.2.3", "999.1.1.1", "<script>", "", ",", " , ,", "1.2.3.4.5:6"]
)
def test_what_cannot_be_read_ends_the_search_and_lets_nobody_choose_an_address(garbage: str) -> None:
    assert PROXIES.client("10.0.0.1", f"198.51.100.7,{garbage}") == ipaddress.ip_address("10.0.0.1")
    assert PROXIES.client("10.0.0.1", f"{garbage},203.0.113.9") == ipaddress.ip_address("203.0.113.9")


def test_a_proxy_behind_a_unix_socket_has_no_address_and_is_believed_where_it_is_named() -> None:
    behind = trusted_proxies("unix 10.0.0.0/8")
    assert behind.client("", "198.51.100.7, 203.0.113.9, 10.0.0.4") == ipaddress.ip_address("203.0.113.9")
    assert behind.client("", "") is None
    assert behind.client("203.0.113.9", "198.51.100.7") == ipaddress.ip_address("203.0.113.9")


def test_without_any_address_the_owner_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        assert NOBODY.client("", "198.51.100.7") is None
    [line] = [record.getMessage() for record in caplog.records]
    assert "signin.trusted_proxies = unix" in line


def test_a_proxy_that_is_not_named_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        assert NOBODY.client("127.0.0.1", "203.0.113.9") == ipaddress.ip_address("127.0.0.1")
    [line] = [record.getMessage() for record in caplog.records]
    assert "127.0.0.1" in line
    assert "signin.trusted_proxies" in line


def test_a_stranger_who_sends_the_header_is_no_matter_for_the_log(caplog: pytest.LogCaptureFixture) -> None:
    NOBODY.client("8.8.8.8", "203.0.113.9")
    PROXIES.client("10.0.0.1", "203.0.113.9")
    NOBODY.client("127.0.0.1", "")
    assert caplog.records == []


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("proxy.example.com", "neither an address nor a network"),
        ("10.0.0.1/8", "neither an address nor a network"),
        ("0.0.0.0/0", "whole internet"),
        ("127.0.0.1 ::/0", "whole internet"),
        ("", "empty"),
    ],
)
def test_what_is_no_proxy_is_refused(written: str, words: str) -> None:
    with pytest.raises(Unusable, match=words):
        trusted_proxies(written)


def test_all_addresses_of_an_ipv6_subscriber_are_one_visitor() -> None:
    one, other, neighbour = map(
        ipaddress.ip_address, ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:db8:0:2::1")
    )
    assert network_of(one) == network_of(other) == "2001:db8:0:1::/64"
    assert network_of(neighbour) != network_of(one)
    assert network_of(ipaddress.ip_address("203.0.113.9")) == "203.0.113.9"

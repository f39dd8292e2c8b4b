from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsso_middleware.urls import (
    add_query,
    is_below,
    is_host_name,
    is_loopback,
    is_path_on_this_host,
    quote_parameter,
    split_web_address,
    without_parameters,
)


@pytest.mark.parametrize(
    "path", ["/", "/a", "/a/b?c=d#e", "/a//b", "/:x", "/@x", "/a?to=https://x", "/%5Cevil", "/é"]
)
def test_a_path_stays_on_the_host(path: str) -> None:
    assert is_path_on_this_host(path)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "?a",
        "#a",
        "//evil",
        "///evil",
        "/\\evil",
        "\\\\evil",
        "\\/evil",
        "https:evil",
        "https://evil",
        "javascript:alert(1)",
        " /a",
        "/ a",
        "/\t/evil",
        "\t//evil",
        "/\n/evil",
        "/a\r\nLocation: //evil",
        "/a\x00",
        "/a\x7f",
        "/a\x80",
        "/a\x9f",
        "/a\\..\\..",
    ],
)
def test_what_a_browser_may_read_as_another_host_is_no_path(address: str) -> None:
    assert not is_path_on_this_host(address)


def test_a_parameter_goes_behind_the_path_and_before_the_fragment() -> None:
    assert add_query("https://chat.test/a#b", [("t", "1")]) == "https://chat.test/a?t=1#b"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/a", "/a?t=1"),
        ("/a?", "/a?t=1"),
        ("/a?b", "/a?b&t=1"),
        ("/a?b=c", "/a?b=c&t=1"),
        ("/a?b=c&", "/a?b=c&t=1"),
        ("/a?b=%20+é", "/a?b=%20+é&t=1"),
        ("/a#b?c", "/a?t=1#b?c"),
        ("/a#", "/a?t=1#"),
        ("", "?t=1"),
    ],
)
def test_the_addresss_own_query_and_fragment_stay_as_they_are(address: str, expected: str) -> None:
    assert add_query(address, [("t", "1")]) == expected


@pytest.mark.parametrize("address", ["/a", "/a?", "/a?b#c"])
def test_without_parameters_the_address_is_unchanged(address: str) -> None:
    assert add_query(address, []) == address


def test_parameters_keep_their_order_and_are_escaped() -> None:
    assert add_query("/", [("b", "&="), ("a", "#é")]) == "/?b=%26%3D&a=%23%C3%A9"


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_whatever_the_parameter_is_the_server_reads_it_back(name: str, value: str) -> None:
    address = add_query("https://chat.test/a?x=y#z", [(name, value)])
    assert parse_qsl(urlsplit(address).query, keep_blank_values=True) == [("x", "y"), (name, value)]
    assert urlsplit(address).fragment == "z"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_quoted_parameter_holds_no_character_with_a_meaning(value: str) -> None:
    quoted = quote_parameter(value)
    assert not set(quoted) & set("/?#&=+:@\\ ;'\"<>")
    assert unquote(quoted) == value


@pytest.mark.parametrize(
    ("text", "origin", "path"),
    [
        ("https://chat.test", "https://chat.test", ""),
        ("HTTPS://Chat.Test/A", "https://chat.test", "/A"),
        ("https://chat.test:443/", "https://chat.test", "/"),
        ("http://chat.test:80", "http://chat.test", ""),
        ("http://chat.test:443", "http://chat.test:443", ""),
        ("https://chat.test:", "https://chat.test", ""),
        ("https://chat.test:08443", "https://chat.test:8443", ""),
        ("http://127.0.0.1:8080/x", "http://127.0.0.1:8080", "/x"),
        ("http://[0:0::1]:8080/x", "http://[::1]:8080", "/x"),
        ("https://under_score.test", "https://under_score.test", ""),
        ("https://xn--chteau-tta.test", "https://xn--chteau-tta.test", ""),
    ],
)
def test_an_address_is_split_as_a_browser_writes_it(text: str, origin: str, path: str) -> None:
    address = split_web_address(text)
    assert address is not None
    assert (address.origin, address.path) == (origin, path)
    assert (address.user_information, address.query, address.fragment) == (None, None, None)


def test_query_and_fragment_are_told_apart() -> None:
    address = split_web_address("https://chat.test?a=/b?c#d#e")
    assert address is not None
    assert (address.path, address.query, address.fragment) == ("", "a=/b?c", "d#e")


def test_an_empty_query_is_not_a_missing_one() -> None:
    address = split_web_address("https://chat.test/?")
    assert address is not None
    assert address.query == ""


def test_what_stands_before_the_last_at_sign_is_user_information() -> None:
    address = split_web_address("https://good.test@ann:canary@evil.test/")
    assert address is not None
    assert address.user_information == "good.test@ann:canary"
    assert address.host == "evil.test"


def test_the_repr_of_an_address_shows_neither_password_nor_query() -> None:
    assert (
        repr(split_web_address("https://ann:canary@chat.test/p?token=canary"))
        == "WebAddress(https://chat.test)"
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "chat.test",
        "//chat.test",
        "/chat",
        "ftp://chat.test",
        "javascript://chat.test",
        "https:chat.test",
        "https:/chat.test",
        "https:///chat.test",
        "https://",
        "https://?x",
        "https://:8080",
        "https://chat.test:0",
        "https://chat.test:65536",
        "https://chat.test:999999",
        "https://chat.test:port",
        "https://chat test",
        "https://chat.test /x",
        " https://chat.test",
        "https://chat.test\n",
        "https://chat.test\\@evil.test",
        "https://chat.test/\\evil",
        "https://chat.test/{x}",
        'https://chat.test/"',
        "https://chat.test/<",
        "https://chät.test",
        "https://chat.test/ä",
        "https://chat..test",
        "https://chat.test.",
        "https://.chat.test",
        "https://-chat.test",
        "https://chat-.test",
        "https://ch%61t.test",
        "https://127.1",
        "https://0x7f.0.0.1",
        "https://2130706433",
        "https://127.0.0.256",
        "https://chat.0x1",
        "https://[::1",
        "https://::1",
        "https://[:::1]",
        "https://[::1%25lo]",
        f"https://{'a' * 64}.test",
        f"https://{'a.' * 127}test",
    ],
)
def test_what_readers_may_disagree_about_is_no_web_address(text: str) -> None:
    assert split_web_address(text) is None


@pytest.mark.parametrize(
    "name", ["localhost", "example.com", "a-b.example", "1.example", "x_y.example", "a" * 63]
)
def test_a_host_name(name: str) -> None:
    assert is_host_name(name)


@pytest.mark.parametrize(
    "text", ["", ".", "a.", ".a", "A.example", "1.2.3.4", "a.1", "a b", "a:80", "[::1]", "a/b", "é"]
)
def test_no_host_name(text: str) -> None:
    assert not is_host_name(text)


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST", "chat.localhost", "127.0.0.1", "127.9.9.9", "[::1]", "::1"]
)
def test_loopback_hosts(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "localhost.test",
        "notlocalhost",
        "128.0.0.1",
        "10.0.0.1",
        "0.0.0.0",
        "[::2]",
        "[::]",
        "127.0.0.1.test",
    ],
)
def test_hosts_that_are_reached_over_a_network(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("/room", "/room"),
        ("/room?a=1&b=2#c", "/room?a=1&b=2#c"),
        ("/room?access_token=x", "/room"),
        ("/room?a=1&access_token=x&b=%20#f?access_token=y", "/room?a=1&b=%20#f?access_token=y"),
        ("/room?%61ccess_token=x&access_token", "/room"),
        ("/room?access_tokens=x", "/room?access_tokens=x"),
    ],
)
def test_named_parameters_leave_a_query_and_the_rest_stays_as_written(address: str, kept: str) -> None:
    assert without_parameters(address, {"access_token"}) == kept


@pytest.mark.parametrize(
    "path",
    [
        "/team",
        "/team/",
        "/team?to=/../other",
        "/team#/../other",
        "/team/channel/general",
        "/team/a/../b",
        "/team//../b",
        "/other/../team/a",
        "/../team",
        "/./team/.",
        "/other/%2E%2e/team",
        "/team/...",
        "/team/%2e%2e%2e",
    ],
)
def test_a_path_is_below_another(path: str) -> None:
    assert is_below(path, "/team")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/teams",
        "/teamster/",
        "/Team/",
        "/other/team/",
        "/team/..",
        "/team/../other",
        "/team/%2e%2E/other",
        "/team/.%2e",
        "/team/%2E.?x=/team/",
        "/team/a/../../other#/team/",
        "/%74eam",
        "/..team",
    ],
)
def test_a_path_that_a_browser_takes_elsewhere_is_not_below(path: str) -> None:
    assert not is_below(path, "/team")


@pytest.mark.parametrize("path", ["/", "/a", "/..", "/../a?b", "//"])
def test_every_path_is_below_the_root(path: str) -> None:
    assert is_below(path, "")

from __future__ import annotations

import pytest

from chatsso_middleware.page.addresses import decode_references, parameter_names, read_address


@pytest.mark.parametrize(
    ("value", "host"),
    [
        ("http://room.test", "room.test"),
        ("https://room.test/", "room.test"),
        ("//room.test/x", "room.test"),
        ("HtTpS://RoOm.TeSt", "room.test"),
        ("///room.test", "room.test"),
        ("https:///\\/room.test", "room.test"),
        ("\\\\room.test", "room.test"),
        ("/\\room.test", "room.test"),
        ("https:/\\room.test", "room.test"),
        ("h\tt\nt\rp\ts\n:\t/\n/\rroo\tm.te\nst\r/", "room.test"),
        ("/\t/room.test", "room.test"),
        (" \x01\x1f https://room.test \x02", "room.test"),
        ("http://room.test:80/", "room.test"),
        ("https://room.test:443/", "room.test"),
        ("https://room.test:0443/", "room.test"),
        ("https://room.test:/", "room.test"),
        ("//room.test:/", "room.test"),
        ("http://room.test:443/", "room.test:443"),
        ("https://room.test:80/", "room.test:80"),
        ("//room.test:443/", "room.test:443"),
        ("//room.test:08080/", "room.test:8080"),
        ("https://[::1]:8080/", "[::1]:8080"),
        ("https://[::1]/", "[::1]"),
        ("https://room.test./", "room.test."),
        ("https://sub.room.test/", "sub.room.test"),
        ("https://room.test.evil.test/", "room.test.evil.test"),
        ("https://room.test?x", "room.test"),
        ("https://room.test#x", "room.test"),
        ("https://room.test\\@evil.test/", "room.test"),
    ],
)
def test_the_host_is_read_as_a_browser_reads_it(value: str, host: str) -> None:
    address = read_address(value.encode())
    assert address is not None
    assert address.host == host


@pytest.mark.parametrize(
    "value",
    [
        "",
        "/",
        "/room.test",
        "room.test",
        "//",
        "// ",
        "//\n",
        "https://",
        "https:room.test",
        "https:/room.test",
        "http:///",
        "ftp://room.test/",
        "javascript://room.test/",
        "xhttps://room.test/",
        "https ://room.test/",
        "\x00https://room.test/",
        "\u00a0https://room.test/",
        "#//room.test",
        "?//room.test",
        "https://ann@room.test/",
        "https://ann:secret@room.test/",
        "https://room.test@evil.test/",
        "https://room.test:x/",
        "https://room.test:0/",
        "https://room.test:65536/",
        "https://room.test:" + "9" * 5000 + "/",
        "https://room%2Etest/",
        "https://room&period;test/",
        "https://room.test&#47;x",
        "https&colon;//room.test/",
        "https://room .test/",
        "https://r\u00f6\u00f6m.test/",
        "https://[room.test/",
    ],
)
def test_what_is_no_plain_address_with_a_host_is_none(value: str) -> None:
    assert read_address(value.encode()) is None


def test_the_parts_are_found_where_they_stand() -> None:
    value = b" //room.test/path?a=1&#35;x?y "
    address = read_address(value)
    assert address is not None
    assert value[address.path : address.query] == b"/path"
    assert value[address.query : address.query_text] == b"?"
    assert value[address.query_text : address.fragment] == b"a=1"
    assert value[address.fragment : address.end] == b"&#35;x?y"


def test_an_address_without_query_and_fragment_has_them_at_its_end() -> None:
    assert read_address(b"//room.test") == ("room.test", 11, 11, 11, 11, 11)
    assert read_address(b"//room.test#x?y") == ("room.test", 11, 11, 11, 11, 15)


@pytest.mark.parametrize(
    ("value", "decoded"),
    [
        ("plain", "plain"),
        ("a&amp;b", "a&b"),
        ("a&ampb", "a&ampb"),
        ("a&amp=b", "a&amp=b"),
        ("a&amp;=b", "a&=b"),
        ("a&amp", "a&"),
        ("a&amp b", "a& b"),
        ("&notit;", "&notit;"),
        ("&notin;", "\u2209"),
        ("&NotEqualTilde;", "\u2242\u0338"),
        ("&#65&#x42;&#X43", "ABC"),
        ("&#65=", "A="),
        ("&#128;", "\u20ac"),
        ("&#0;", "\ufffd"),
        ("&#xD800;", "\ufffd"),
        ("&#" + "1" * 5000 + ";", "\ufffd"),
        ("&#x" + "0" * 5000 + "41;", "A"),
        ("&", "&"),
        ("&;", "&;"),
        ("&&amp;&", "&&&"),
    ],
)
def test_character_references_are_resolved_as_in_an_attribute(value: str, decoded: str) -> None:
    assert decode_references(value.encode()) == decoded.encode()


def test_bytes_that_are_no_ascii_stay_as_they_are() -> None:
    assert decode_references(b"\xe9&eacute;\xff") == b"\xe9\xc3\xa9\xff"


def test_parameter_names_are_decoded() -> None:
    assert parameter_names(b"a=1&amp;b&c+d=&%65=&#38;\xff=") == {"a", "b", "c d", "e", "\xff"}

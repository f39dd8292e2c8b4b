"""The value of an attribute as an address: character references resolved, read as a browser reads it.

Offsets are those of the value as it stands in the page, so that what the author wrote can be kept.
"""

from __future__ import annotations

import re
from html import unescape
from html.entities import html5
from typing import Final, NamedTuple
from urllib.parse import quote, unquote_plus

__all__ = ["Address", "decode_references", "parameter_names", "read_address", "resource"]

_C0_CONTROL_OR_SPACE: Final = bytes(range(1, 33))
"""Stripped from both ends of an address (URL Standard, 4.4). Not NUL: the tokenizer has replaced that."""
_TAB_OR_NEWLINE: Final = b"\t\n\r"
"""Removed wherever they stand in an address (URL Standard, 4.4)."""

_ABSOLUTE: Final = re.compile(
    rb"[\x01-\x20]*+"
    rb"(?:h[\t\n\r]*+t[\t\n\r]*+t[\t\n\r]*+p[\t\n\r]*+(s[\t\n\r]*+)?+:[\t\n\r]*+)?+"
    # Two slashes of either kind lead to a host, and more are skipped (URL Standard, "special authority ignore
    # slashes state"). What one slash leads to depends on the page's own scheme, so it is left alone.
    rb"[/\\][\t\n\r]*+[/\\][/\\\t\n\r]*+"
    rb"([^/\\?#]*+)",
    re.IGNORECASE,
)
_HOST: Final = re.compile(rb"(\[[0-9a-f:.]++\]|[a-z0-9._-]++)(?::([0-9]*+))?+", re.IGNORECASE)
_LARGEST_PORT: Final = 65535

_REFERENCE: Final = rb"&(?:#[0-9]++;?+|#[xX][0-9a-fA-F]++;?+|[a-zA-Z][a-zA-Z0-9]*+;?+)"
_REFERENCES: Final = re.compile(_REFERENCE + rb"=?+")
_REFERENCE_OR_SIGN: Final = re.compile(rb"[#?]|" + _REFERENCE + rb"=?+")
_MOST_DIGITS: Final = 7
"""U+10FFFF has seven in decimal. Python refuses to convert some thousands of them."""


_KEPT: Final = "!#$%&'()*+,/:;=?@[]|"
"""Besides letters, digits and ``-._~``, the characters that stay; the rest is escaped."""


class Address(NamedTuple):
    """An absolute http(s) address in an attribute's value."""

    host: str
    """In lower case, with the port where it is not the scheme's own."""
    path: int
    """Where the path begins; equal to `query` where there is none."""
    query: int
    """Where the question mark stands, or its character reference; equal to `fragment` where there is none."""
    query_text: int
    """Where the text after it begins."""
    fragment: int
    """Where the number sign stands, or its character reference; equal to `end` where there is none."""
    end: int
    """Where the address ends; white space may follow."""


def read_address(value: bytes) -> Address | None:
    """`value` as an address with a host, or `None` for all others.

    `None` too for those that only look like it or are not worth reading: user names, hosts that are written
    with character references or percent signs, ports that are no number.
    """
    match = _ABSOLUTE.match(value)
    if match is None:
        return None
    end = len(value.rstrip(_C0_CONTROL_OR_SPACE))
    path = min(match.end(), end)
    host = _HOST.fullmatch(value[match.start(2) : path].translate(None, _TAB_OR_NEWLINE))
    if host is None:
        return None
    scheme = "" if b":" not in value[: match.start(2)] else "https" if match[1] else "http"
    name = host[1].decode("ascii").lower()
    port = (host[2] or b"").lstrip(b"0").decode("ascii")
    if host[2] and (not port or len(port) > len(str(_LARGEST_PORT)) or int(port) > _LARGEST_PORT):
        return None
    if port and (scheme, port) not in {("http", "80"), ("https", "443")}:
        name = f"{name}:{port}"
    query = query_text = fragment = end
    for sign in _REFERENCE_OR_SIGN.finditer(value, path, end):
        text = _decode(sign[0])
        if text.startswith("#"):
            fragment = sign.start()
            break
        if text.startswith("?") and query == end:
            query, query_text = sign.span()
            if text == "?=":  # the expression takes an equals sign along, to tell what it follows
                query_text -= 1
    if query == end:
        query = query_text = fragment
    return Address(name, path, query, query_text, fragment, end)


def decode_references(value: bytes) -> bytes:
    """`value` with its character references resolved, as in an attribute (13.2.5.73); characters as UTF-8."""
    if b"&" not in value:
        return value
    return _REFERENCES.sub(lambda match: _decode(match[0]).encode("utf-8", "replace"), value)


def parameter_names(query: bytes) -> set[str]:
    """The names of the parameters in `query`, which stands as in the page, without its question mark."""
    decoded = decode_references(query).translate(None, _TAB_OR_NEWLINE)
    return {
        unquote_plus(pair.partition(b"=")[0].decode("latin-1"), "latin-1") for pair in decoded.split(b"&")
    }


def resource(value: bytes, address: Address) -> tuple[str, str]:
    """The path of `address` in `value`, and the query with the fragment; in ASCII, as a browser sends them.

    The path begins with one slash, so that it can never be taken for a host.
    """
    decoded = decode_references(value[address.path : address.end]).translate(None, _TAB_OR_NEWLINE)
    cut = next((index for index, byte in enumerate(decoded) if byte in b"?#"), len(decoded))
    path = decoded[:cut].replace(b"\\", b"/").lstrip(b"/")
    return "/" + quote(path, safe=_KEPT), quote(decoded[cut:], safe=_KEPT)


def _decode(reference: bytes) -> str:
    """One character reference with the equals sign that may follow it, resolved; or one other character."""
    text = reference.decode("ascii")
    if not text.startswith("&"):
        return text
    body, equals = (text[1:-1], "=") if text.endswith("=") else (text[1:], "")
    if body.startswith("#"):
        base, digits = ("#x", body[2:]) if body[1] in "xX" else ("#", body[1:])
        digits = digits.rstrip(";").lstrip("0") or "0"
        if len(digits) > _MOST_DIGITS:
            return "\N{REPLACEMENT CHARACTER}" + equals
        return unescape(f"&{base}{digits};") + equals
    # Without a semicolon only an old name counts, and none that a letter, a digit or an equals sign follows.
    if not body.endswith(";") and equals:
        return text
    return html5.get(body, f"&{body}") + equals

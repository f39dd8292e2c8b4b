"""Changes within one tag, and the escaping of what they bring into it."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from .tags import Attribute

__all__ = ["Splice", "attribute_text", "spliced", "value_splice"]

Splice = tuple[int, int, bytes]
"""What stands between two offsets in the tag from now on."""


def attribute_text(text: str) -> bytes:
    """`text` as the value of an attribute in either kind of quotes, in ASCII."""
    return escape(text).encode("ascii", "xmlcharrefreplace")


def value_splice(attribute: Attribute, value: bytes) -> Splice:
    """`value`, which is escaped, in the place of the attribute's own, with quotes if there were none."""
    if attribute.quoted:
        return attribute.value_start, attribute.value_end, value
    return attribute.value_start, attribute.value_end, b'"' + value.replace(b'"', b"&quot;") + b'"'


def spliced(tag: bytes, splices: Iterable[Splice]) -> bytes:
    """`tag` with `splices`, which do not overlap."""
    pieces = []
    copied = 0
    for start, end, text in sorted(splices, key=lambda splice: splice[:2]):
        pieces += [tag[copied:start], text]
        copied = end
    pieces.append(tag[copied:])
    return b"".join(pieces)

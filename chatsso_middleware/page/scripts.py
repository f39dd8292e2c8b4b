"""The attributes that the tag of a chat's script gains."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from .addresses import Address, decode_references, resource
from .edits import ScriptAttributes
from .splices import Splice, attribute_text, value_splice
from .tags import Attribute

__all__ = ["SCRIPT_SOURCE", "attributes_for", "set_attributes"]

SCRIPT_SOURCE: Final = (b"script", b"src")


def attributes_for(
    scripts: Iterable[ScriptAttributes], value: bytes, address: Address
) -> tuple[tuple[str, str], ...]:
    """What the tag of the script at `address`, which stands in `value`, gains."""
    for script in scripts:
        if address.host in script.hosts and resource(value, address)[0] in script.paths:
            return script.attributes
    return ()


def set_attributes(
    tag: bytes,
    present: Mapping[bytes, Attribute],
    wanted: Iterable[tuple[str, str]],
    after: Attribute,
) -> list[Splice]:
    """Give `tag` the attributes that are `wanted`, new ones `after` the one named.

    One that is there with another value is replaced: what an author pasted there, or a cache kept, is old.
    """
    splices: list[Splice] = []
    added = b""
    for name, text in wanted:
        key, value = name.encode("ascii"), attribute_text(text)
        attribute = present.get(key)
        if attribute is None:
            added += b' %b="%b"' % (key, value)
        elif not attribute.has_value:
            splices.append((attribute.start, attribute.end, b'%b="%b"' % (key, value)))
        elif decode_references(tag[attribute.value_start : attribute.value_end]) != text.encode():
            splices.append(value_splice(attribute, value))
    if added:
        splices.append((after.end, after.end, added))
    return splices

"""Decides what becomes of a tag that may lead to a chat."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote, urlencode

from ..urls import is_below
from .addresses import Address, decode_references, parameter_names, read_address, resource
from .edits import AddParameters, LinkEdit, ScriptAttributes
from .scanner import Watched
from .scripts import SCRIPT_SOURCE, attributes_for, set_attributes
from .splices import Splice, attribute_text, spliced, value_splice
from .tags import Attribute, read_attributes

__all__ = ["LinkEditor"]

_LEFT_ALONE: Final = b"data-chatsso"
"""A tag with this attribute, whatever its value, stays as it is."""
_FIELDS_ADDED: Final = b' data-chatsso="done"'
"""Marks a form that has got its fields, which its address does not show."""
_TAKES_REL: Final = frozenset({b"a", b"area", b"form"})


class LinkEditor:
    """Edits the start tags whose links lead to a chat, and those of its scripts."""

    def __init__(
        self, links: Iterable[LinkEdit], scripts: Iterable[ScriptAttributes] = (), *, xml: bool = False
    ) -> None:
        self._links = tuple(links)
        self._scripts = tuple(scripts)
        self._xml = xml
        self.hosts = frozenset().union(
            *(link.hosts for link in self._links), *(script.hosts for script in self._scripts)
        )
        """Where the links and scripts lead that change."""
        pairs = {
            (element.encode(), name.encode()) for link in self._links for element, name in link.attributes
        }
        if self._scripts or any(link.scripts for link in self._links):
            pairs.add(SCRIPT_SOURCE)
        self.watched: Watched = frozenset(pairs)
        """The attributes that may change."""
        self._attributes: defaultdict[bytes, list[bytes]] = defaultdict(list)
        for element, name in sorted(pairs):
            self._attributes[element].append(name)

    def edit(self, element: bytes, tag: bytes) -> bytes | None:
        """`tag`, a whole start tag of `element`, as it goes out, or `None` where it stays as it is."""
        attributes = read_attributes(tag, 1 + len(element), fold=not self._xml)
        if _LEFT_ALONE in attributes:
            return None
        splices: list[Splice] = []
        for name in self._attributes[element]:
            attribute = attributes.get(name)
            if attribute is None or not attribute.has_value:
                continue
            value = tag[attribute.value_start : attribute.value_end]
            address = read_address(value)
            if address is None:
                continue
            if (element, name) == SCRIPT_SOURCE:
                wanted = attributes_for(self._scripts, value, address)
                splices += set_attributes(tag, attributes, wanted, attribute)
            link = self._link(element, name, value, address)
            if link is None:
                continue
            if (element, name) == (b"form", b"action") and _submits_by_get(tag, attributes):
                changes = self._form_fields(tag, attribute, value, address, link)
            else:
                changes = _new_address(attribute, value, address, link)
            if changes and link.noreferrer and element in _TAKES_REL:
                changes += _noreferrer(tag, attributes.get(b"rel"), attribute)
            splices += changes
        return spliced(tag, splices) if splices else None

    def _link(self, element: bytes, name: bytes, value: bytes, address: Address) -> LinkEdit | None:
        """How a link to `address` changes in that place."""
        pair = element.decode("ascii", "replace"), name.decode("ascii", "replace")
        for link in self._links:
            if address.host not in link.hosts:
                continue
            if pair in link.attributes:
                if not link.below or is_below(resource(value, address)[0], link.below):
                    return link
            elif (element, name) == SCRIPT_SOURCE and resource(value, address)[0] in link.scripts:
                return link
        return None

    def _form_fields(
        self, tag: bytes, action: Attribute, value: bytes, address: Address, link: LinkEdit
    ) -> list[Splice]:
        """The parameters as hidden fields of a form that is submitted by GET.

        A browser puts the fields in the place of the query of the form's address (HTML Standard, 4.10.21.3,
        "mutate action URL"), so that parameters there would be lost.
        """
        if self._xml and tag.endswith(b"/>"):
            return []  # it has no content, and no fields to submit
        if isinstance(link.change, AddParameters):
            fields = link.change.parameters
            in_tag = (action.end, action.end, _FIELDS_ADDED)
        else:
            fields = (("to", "".join(resource(value, address))), ("provider", link.change.provider))
            in_tag = value_splice(action, attribute_text(link.change.path))
        if not fields:
            return []
        end = b" />" if self._xml else b">"
        inputs = b"".join(
            b'<input type="hidden" name="%b" value="%b"%b' % (attribute_text(name), attribute_text(text), end)
            for name, text in fields
        )
        return [in_tag, (len(tag), len(tag), inputs)]


def _new_address(attribute: Attribute, value: bytes, address: Address, link: LinkEdit) -> list[Splice]:
    """The address of a link as it goes out; nothing where it stays."""
    if isinstance(link.change, AddParameters):
        edited = _with_parameters(value, address, link.change.parameters)
        return [] if edited is None else [value_splice(attribute, edited)]
    to = quote("".join(resource(value, address)), safe="")
    gateway = f"{link.change.path}?to={to}&provider={quote(link.change.provider, safe='')}"
    return [value_splice(attribute, attribute_text(gateway))]


def _with_parameters(value: bytes, address: Address, parameters: tuple[tuple[str, str], ...]) -> bytes | None:
    query = value[address.query_text : address.fragment]
    if not parameters or not parameter_names(query).isdisjoint(name for name, _ in parameters):
        return None
    added = attribute_text(urlencode(parameters))
    if address.query == address.fragment:
        joint = b"/?" if address.path == address.fragment else b"?"
    elif not query or (query.endswith((b"&", b";")) and decode_references(query).endswith(b"&")):
        joint = b""
    else:
        joint = b"&amp;"
    return value[: address.fragment] + joint + added + value[address.fragment :]


def _submits_by_get(tag: bytes, attributes: dict[bytes, Attribute]) -> bool:
    method = attributes.get(b"method")
    if method is None or not method.has_value:
        return True
    return decode_references(tag[method.value_start : method.value_end]).lower() not in (b"post", b"dialog")


def _noreferrer(tag: bytes, rel: Attribute | None, link: Attribute) -> list[Splice]:
    """What `rel` needs for the next page not to learn this one's address, which may hold a token as well."""
    if rel is None:
        return [(link.end, link.end, b' rel="noreferrer"')]
    if not rel.has_value:
        return [(rel.start, rel.end, b'rel="noreferrer"')]
    tokens = tag[rel.value_start : rel.value_end]
    if b"noreferrer" in decode_references(tokens).lower().split():
        return []
    return [value_splice(rel, tokens + b" noreferrer" if tokens else b"noreferrer")]

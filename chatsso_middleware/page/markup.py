"""The markup that goes into pages: a tag as the vendors document it, and a script of ours."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from .splices import attribute_text

__all__ = ["Markup", "image_tag", "script_tag"]


class Markup(str):
    """Text that is HTML already; template engines ask `__html__` and do not escape it again."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


def image_tag(address: str, *, xml: bool = False) -> str:
    """The 1x1 IMG that a browser loads without showing it.

    In HTML the address stands to the letter, as the vendor's page has it: ``&`` followed by a parameter's
    name and ``=`` is no character reference inside an attribute (HTML Standard, 13.2.5.73). What could end
    the attribute is escaped all the same; XML wants every ``&`` escaped.
    """
    if xml:
        return f'<img border="0" width="1" height="1" alt="" src="{escape(address)}" />'
    source = address.replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")
    return f'<img border="0" width="1" height="1" alt="" src="{source}">'


def script_tag(address: str, attributes: Iterable[tuple[str, str]] = ()) -> str:
    """A script that runs when the page has been read, written so that HTML and XML read it alike.

    `attributes` are names with their values. What is not ASCII in a value stands as a character reference.
    """
    written = [f' {name}="{attribute_text(value).decode("ascii")}"' for name, value in attributes]
    return f'<script src="{escape(address)}" defer="defer"{"".join(written)}></script>'

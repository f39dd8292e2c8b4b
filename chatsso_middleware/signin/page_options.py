"""Converters of the page's keys: what it looks like, where it leads, who may show it in a frame."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from ..converters import Unusable, text, words
from ..site_converters import page_address
from ..urls import is_loopback, split_web_address
from .appearance import Appearance
from .colors import Color
from .embedding import WEB_VIEW

__all__ = ["color", "folder", "font", "language_tags", "linked_address", "origins"]

_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")


def linked_address(value: Any) -> str:
    """A path on the site or a whole web address, without places."""
    address = page_address(value)
    if "{" in address:
        raise Unusable("{next} stands in the address, which is not known here.", "Take it away.")
    return address


def color(value: Any) -> str:
    """A colour as ``#rrggbb``."""
    try:
        return str(Color.parse(text(value)))
    except ValueError:
        raise Unusable("The value is no colour.", "Write it as in #0b57b8.") from None


def font(value: Any) -> str:
    """Font families as CSS lists them, or the address of a font file."""
    written = text(value)
    try:
        Appearance(font=written)
    except ValueError:
        mend = "Write families as CSS does, such as Inter, Arial, or the address of a file."
        raise Unusable("The value is neither a list of fonts nor an address.", mend) from None
    return written


def folder(value: Any) -> Path:
    """A folder of this machine, by its whole path: workers may start in another folder than the owner."""
    path = value if isinstance(value, Path) else Path(text(value))
    if not path.is_absolute():
        mend = "Write the whole path; in an ini, %(here)s/signin is the folder signin beside it."
        raise Unusable("The path begins nowhere.", mend)
    if not path.is_dir():
        raise Unusable(f"There is no folder {path}.", "Make it, or mend the path.")
    return path


def language_tags(value: Any) -> tuple[str, ...]:
    """Tags of languages (BCP 47), the first of which is for everybody who wants none of them."""
    tags = words(value)
    if not all(map(_LANGUAGE.fullmatch, tags)):
        raise Unusable("A word in the value is no tag of a language.", "Write tags such as en pt-BR de.")
    return tags


def origins(value: Any) -> tuple[str, ...]:
    """Exact origins, as browsers write them, and perhaps `WEB_VIEW`.

    A one-time code is handed to them, so plain http is refused but on this machine.
    """
    found = words(value)
    for number, origin in enumerate(found, start=1):
        subject = "The value" if len(found) == 1 else f"Word {number} of {len(found)}"
        if origin == WEB_VIEW:
            continue
        address = split_web_address(origin)
        if address is None or address.user_information is not None or origin != address.origin:
            mend = "Write scheme and host, in lower case and without a slash at the end: https://app.example.com."
            raise Unusable(f"{subject} is no origin.", mend)
        if address.scheme == "http" and not is_loopback(address.host):
            raise Unusable(f"{subject} lacks TLS: the hand-over could be read.", "Write https://.")
    return found

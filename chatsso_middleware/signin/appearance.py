"""How the pages look: the owner's title, logo, colour, font and stylesheet, as style and as a policy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from ..urls import split_web_address
from .colors import Color, legible_on, text_on

__all__ = ["Appearance", "Sources"]

_LIGHT_GROUND: Final = Color.parse("#f3f5f8")
"""The darker one of the two light grounds in ``signin.css``: what can be read on it can be read on both."""
_DARK_GROUND: Final = Color.parse("#1e232c")
"""The lighter one of the two dark grounds."""
_FAMILIES: Final = re.compile(r"[\w '\",.-]+")
_FONT_FILE: Final = re.compile(r"(?:https?:/)?/[^\"\\\s]*", re.IGNORECASE)
_SELF: Final = "'self'"


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a page's resources may come from, as sources of a Content-Security-Policy."""

    images: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    fonts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Appearance:
    """What the owner set. Addresses are paths on the site, or whole ones."""

    title: str | None = None
    logo: str | None = None
    color: str = "#0b57b8"
    """``#rgb`` or ``#rrggbb``: of the button, and, made legible where it has to be, of links and outlines."""
    font: str | None = None
    """Families as CSS lists them, or the address of a font file."""
    stylesheet: str | None = None
    own_templates: bool = False
    """Whether templates of the owner may use images, styles and fonts of the site."""

    def __post_init__(self) -> None:
        """Refuse with `ValueError` what would mean something else in a style sheet."""
        Color.parse(self.color)
        if self.font is not None and not (self._font_is_file or _FAMILIES.fullmatch(self.font)):
            raise ValueError("a font is a list of families, or the address of a file")

    @property
    def style(self) -> str:
        """The style sheet of a page, safe inside of a ``style`` element."""
        accent = Color.parse(self.color)
        light, dark = (legible_on(ground, accent) for ground in (_LIGHT_GROUND, _DARK_GROUND))
        font = ""
        if self.font is not None:
            font = '--font: "Site font", ' if self._font_is_file else f"--font: {self.font}, "
            font += "system-ui, sans-serif; "
        return (
            f"{self._font_face}:root {{ {font}--accent: {accent}; --on-accent: {text_on(accent)}; "
            f"--link: {light}; }}\n"
            f"@media (prefers-color-scheme: dark) {{ :root {{ --link: {dark}; }} }}\n{_base_style()}"
        )

    @property
    def sources(self) -> Sources:
        """What the browser must be allowed to load, and nothing else."""
        own = {_SELF} if self.own_templates else set()
        sheet = {_source(self.stylesheet)} if self.stylesheet else set()
        logo = {_source(self.logo)} if self.logo else set()
        font = {_source(self.font)} if self.font and self._font_is_file else set()
        return Sources(
            images=tuple(sorted(own | sheet | logo)),
            styles=tuple(sorted(own | sheet)),
            fonts=tuple(sorted(own | sheet | font)),
        )

    @property
    def _font_is_file(self) -> bool:
        return self.font is not None and _FONT_FILE.fullmatch(self.font) is not None

    @property
    def _font_face(self) -> str:
        if not self._font_is_file:
            return ""
        address = str(self.font).replace("<", "%3C")
        return f'@font-face {{ font-family: "Site font"; src: url("{address}"); font-display: swap; }}\n'


@cache
def _base_style() -> str:
    return (resources.files(__package__) / "static" / "signin.css").read_text(encoding="utf-8")


def _source(address: str) -> str:
    """The origin of `address`, as a policy names it; a path is on the site itself."""
    parts = split_web_address(address)
    return _SELF if parts is None else parts.origin

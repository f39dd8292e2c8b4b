"""Colours that can be read on each other (WCAG 2.2, "contrast ratio")."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["BLACK", "READABLE", "WHITE", "Color", "contrast", "legible_on", "text_on"]

READABLE: Final = 4.5
"""The least contrast of text with its ground (WCAG 2.2, success criterion 1.4.3)."""

_HEXADECIMAL: Final = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)
_STEPS: Final = 100


@dataclass(frozen=True, slots=True)
class Color:
    """A colour in sRGB."""

    red: int
    green: int
    blue: int

    @classmethod
    def parse(cls, text: str) -> Color:
        """The colour that ``#rgb`` or ``#rrggbb`` names. Raises `ValueError` for anything else."""
        if not _HEXADECIMAL.fullmatch(text):
            raise ValueError("a colour is written as in #0b57b8")
        digits = text[1:]
        if len(digits) == 3:
            digits = "".join(digit * 2 for digit in digits)
        red, green, blue = bytes.fromhex(digits)
        return cls(red, green, blue)

    def __str__(self) -> str:
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"

    @property
    def luminance(self) -> float:
        """How light it is, from 0 for black to 1 for white (WCAG 2.2, "relative luminance")."""
        red, green, blue = map(_linear, (self.red, self.green, self.blue))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    def mixed(self, other: Color, share: float) -> Color:
        """This colour with a `share` of `other` in it, from 0 to 1."""
        return Color(
            *(
                round(own + (new - own) * share)
                for own, new in zip(
                    (self.red, self.green, self.blue), (other.red, other.green, other.blue), strict=True
                )
            )
        )


WHITE: Final = Color(255, 255, 255)
BLACK: Final = Color(0, 0, 0)


def contrast(one: Color, other: Color) -> float:
    """The contrast ratio of two colours, from 1 for the same to 21 for black and white."""
    dark, light = sorted((one.luminance, other.luminance))
    return (light + 0.05) / (dark + 0.05)


def text_on(ground: Color) -> Color:
    """Black or white, whichever can be read better on `ground`. One of the two always reaches `READABLE`."""
    return max(WHITE, BLACK, key=lambda text: contrast(text, ground))


def legible_on(ground: Color, wanted: Color) -> Color:
    """`wanted`, mixed with as little black or white as makes it legible on `ground`."""
    end = text_on(ground)
    mixtures = (wanted.mixed(end, step / _STEPS) for step in range(_STEPS + 1))
    return next(mixture for mixture in mixtures if contrast(mixture, ground) >= READABLE)


def _linear(channel: int) -> float:
    share = channel / 255
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

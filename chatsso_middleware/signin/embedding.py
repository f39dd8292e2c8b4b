"""Where the page is shown: by itself, in another site's frame, or in the web view of a mobile app."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from ..urls import split_web_address

__all__ = ["WEB_VIEW", "Embedding", "Place"]

WEB_VIEW: Final = "webview"
"""What stands among the origins where apps may show the page, and what such an app's codes are made for."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one page is shown."""

    kind: Literal["tab", "frame", "webview"]
    origin: str | None = None
    """Whose frame it is."""

    @property
    def audience(self) -> str | None:
        """Whom a one-time code is made for; `None` where there is nobody to hand one to."""
        return {"tab": None, "frame": self.origin, "webview": WEB_VIEW}[self.kind]

    @property
    def query(self) -> tuple[tuple[str, str], ...]:
        """The parameters with which the address of a page says where it is shown."""
        if self.kind == "frame":
            return (("origin", self.origin or ""),)
        return (("embed", WEB_VIEW),) if self.kind == "webview" else ()


class Embedding:
    """What the owner allows."""

    def __init__(self, allowed: Sequence[str] = ()) -> None:
        """`allowed`: origins as a browser writes them, and `WEB_VIEW`. Raises `ValueError` for others."""
        self.origins = tuple(origin for origin in allowed if origin != WEB_VIEW)
        """The origins of pages that may show ours in a frame."""
        self.in_web_views = WEB_VIEW in allowed
        for origin in self.origins:
            parts = split_web_address(origin)
            if parts is None or parts.origin != origin:
                raise ValueError("an origin is written as in https://app.example.com")

    def __bool__(self) -> bool:
        return bool(self.origins) or self.in_web_views

    def place(self, origin: str | None, embed: str | None) -> Place | None:
        """Where a page is shown whose address has these parameters; `None` where it must not be."""
        if origin is not None and embed is None:
            return Place("frame", origin) if origin in self.origins else None
        if embed is not None and origin is None:
            return Place("webview") if embed == WEB_VIEW and self.in_web_views else None
        return Place("tab") if origin is None else None

"""The chat as browsers see it: its address, and what it calls a token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from ...urls import split_web_address

__all__ = ["IFRAME_LOGIN", "RESUMED_LOGIN", "ChatAddress", "TokenField"]

TokenField = Literal["loginToken", "token"]
"""The name under which the chat's page takes a token, by its kind."""
RESUMED_LOGIN: Final[TokenField] = "loginToken"
"""A token of the chat's own, of ``services.resume``."""
IFRAME_LOGIN: Final[TokenField] = "token"
"""The value of ``services.iframe.token``, which mode mongodb writes."""


@dataclass(frozen=True, slots=True)
class ChatAddress:
    """Where the chat lives."""

    origin: str
    """What its pages send as Origin, and what a message to them names: default ports left out, lower case."""
    path: str
    """Below which path of the origin the chat stands; empty for the root, without a slash at its end."""

    @classmethod
    def of(cls, url: str) -> ChatAddress:
        """The address that `url` names. Raises `ValueError` for what is no web address."""
        parts = split_web_address(url)
        if parts is None:
            raise ValueError("the chat's address must be an http or https address")
        return cls(parts.origin, parts.path.rstrip("/"))

    @property
    def url(self) -> str:
        """The address without a slash at its end, as the chat's mobile app keeps it."""
        return self.origin + self.path

    @property
    def front(self) -> str:
        """The path of the chat's front page."""
        return f"{self.path}/"

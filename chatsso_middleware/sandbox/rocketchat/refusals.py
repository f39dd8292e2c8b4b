"""What the chat refuses, in the terms of Meteor. REST and the realtime protocol each have a shape for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import ChatSSOError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Refused"]


class Refused(ChatSSOError):
    """The chat does not do what it was asked to.

    `error` is Meteor's code, a number such as 403 or a word such as ``error-invalid-user``; empty where the
    server gives none.
    """

    def __init__(self, error: int | str, reason: str, details: Mapping[str, object] | None = None) -> None:
        self.error = error
        self.reason = reason
        self.details = details
        super().__init__(error, reason, details)

    def __str__(self) -> str:
        return f"{self.reason} [{self.error}]" if self.error else self.reason

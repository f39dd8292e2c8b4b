"""TypingMind Custom."""

from __future__ import annotations

from .provider import TypingMind

__all__ = ["TypingMind"]

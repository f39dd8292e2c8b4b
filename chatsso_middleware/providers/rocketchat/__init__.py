"""Rocket.Chat, and pimentaCHAT which is built on it."""

from __future__ import annotations

from .provider import RocketChat

__all__ = ["RocketChat"]

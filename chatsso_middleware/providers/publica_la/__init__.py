"""Stores at publica.la."""

from __future__ import annotations

from .provider import PublicaLa

__all__ = ["PublicaLa"]

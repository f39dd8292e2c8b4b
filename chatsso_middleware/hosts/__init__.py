"""Who is logged in on the site: one reader a framework, all with the same face."""

from __future__ import annotations

from .identity import IdentityMapping, IdentityReader
from .readers import IDENTITIES, make_reader

__all__ = ["IDENTITIES", "IdentityMapping", "IdentityReader", "make_reader"]

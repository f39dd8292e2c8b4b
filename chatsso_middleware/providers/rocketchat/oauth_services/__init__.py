"""The OAuth services whose word about a visitor we can ask for ourselves, one a module."""

from __future__ import annotations

from .facebook import Facebook
from .google import Google
from .visitor_facts import NotConfirmed

__all__ = ["Facebook", "Google", "NotConfirmed"]

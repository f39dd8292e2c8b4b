"""Passwords that nobody shall know."""

from __future__ import annotations

import secrets

__all__ = ["new_password"]


def new_password() -> str:
    """192 random bits, and at the end a sign of each kind, which the chat's password policy may ask for."""
    return f"{secrets.token_urlsafe(24)}-aA1"

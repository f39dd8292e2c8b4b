"""Passwords: what a client sends of one, and what the chat keeps of it."""

from __future__ import annotations

import hashlib
import hmac
import secrets

__all__ = ["hash_password", "password_digest", "password_matches"]


def password_digest(password: str) -> str:
    """What the realtime login sends in place of the password: SHA-256, in lower-case hexadecimal."""
    return hashlib.sha256(password.encode()).hexdigest()


def hash_password(digest: str) -> str:
    """What the chat keeps of a password with this digest; Rocket.Chat itself keeps bcrypt of the digest."""
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}${_scrypt(digest, salt)}"


def password_matches(digest: str, kept: str) -> bool:
    """Whether `kept` was made of this digest."""
    salt, _, hashed = kept.partition("$")
    return hmac.compare_digest(_scrypt(digest, bytes.fromhex(salt)), hashed)


def _scrypt(digest: str, salt: bytes) -> str:
    # Cheaper than a real service would choose: nothing of a sandbox outlives its process.
    return hashlib.scrypt(digest.encode(), salt=salt, n=2**10, r=8, p=1).hex()

"""What the outbox's keys do: hide a change, and name an address without telling it.

Every key is derived from one of the site's secrets by HKDF-SHA256 (RFC 5869) with a label of its own, so that
no key of the outbox equals the one that signs cookies.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING, Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Keyring", "UnreadableChange"]

_PAYLOAD: Final = b"chatsso-middleware outbox payload"
_ADDRESS: Final = b"chatsso-middleware outbox address"


class UnreadableChange(ValueError):
    """A change that this process cannot read: other secrets, or a newer version of the package, wrote it."""


def _derive(secret: str, label: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=label).derive(secret.encode())


class Keyring:
    """The outbox's keys, made from the site's `secrets`: the first encrypts, every one of them decrypts."""

    def __init__(self, secrets: Sequence[str]) -> None:
        if isinstance(secrets, str) or not secrets:
            raise ValueError("the outbox needs a sequence of at least one secret")
        self._cipher = MultiFernet(
            [Fernet(base64.urlsafe_b64encode(_derive(secret, _PAYLOAD))) for secret in secrets]
        )
        self._address_keys = [_derive(secret, _ADDRESS) for secret in secrets]

    def encrypt(self, plain: bytes) -> bytes:
        """A Fernet token that holds `plain`."""
        return self._cipher.encrypt(plain)

    def decrypt(self, token: bytes) -> bytes:
        """What `encrypt` was given. Raises `UnreadableChange` when none of the secrets opens the token."""
        try:
            return self._cipher.decrypt(token)
        except InvalidToken as error:
            raise UnreadableChange("encrypted under a secret that is not configured here") from error

    def digests(self, provider: str, address: str) -> list[str]:
        """The names of `address` in the database, one for every secret.

        All are written and all are looked for. So two processes agree on an address while they have one
        secret in common, as they have in a rotation, and nothing is ever encrypted or named anew.
        """
        message = f"{provider}\0{address}".encode()
        return [hmac.new(key, message, hashlib.sha256).hexdigest() for key in self._address_keys]

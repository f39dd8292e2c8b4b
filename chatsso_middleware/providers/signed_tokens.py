"""JSON Web Tokens that a chat takes from us, signed with a key that the two share.

HS256 alone (RFC 7518, section 3.2): the signer knows no other algorithm, so nothing in a key or a claim can
choose one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from jwt import InvalidKeyError, PyJWS
from jwt.algorithms import HMACAlgorithm

from ..converters import Unusable, secret_text
from ..secret import Secret

__all__ = ["SHORTEST_SAFE_KEY", "is_short", "shared_key", "sign"]

SHORTEST_SAFE_KEY: Final = 32
"""Octets: a key shorter than the hash is the weakest part of the token (RFC 7518, section 3.2)."""

_ALGORITHM: Final = "HS256"


class _KeyOfAnyLength(HMACAlgorithm):
    """HMAC without PyJWT's warning at each token: the vendor chose the key, and the owner is told of it."""

    def check_key_length(self, key: Any) -> str | None:  # noqa: ARG002 - the base's signature
        return None


_hs256 = _KeyOfAnyLength(HMACAlgorithm.SHA256)
_signer = PyJWS(algorithms=[])
_signer.register_algorithm(_ALGORITHM, _hs256)


def shared_key(value: Any) -> Secret:
    """A converter: one secret that can be the key of HS256, however short."""
    key = secret_text(value)
    try:
        _hs256.prepare_key(key.reveal())
    except InvalidKeyError:
        mend = "Write the secret text itself that the chat shows, no certificate, public key or JSON."
        raise Unusable("The value is a key of another kind than the shared one of HS256.", mend) from None
    return key


def is_short(key: Secret) -> bool:
    """Whether `key` could be guessed from a token by somebody with time and machines."""
    return len(key.reveal().encode()) < SHORTEST_SAFE_KEY


def sign(claims: Mapping[str, Any], key: Secret) -> str:
    """The token with exactly these claims, in printable ASCII."""
    payload = json.dumps(claims, separators=(",", ":"), allow_nan=False).encode()
    return _signer.encode(payload, key.reveal(), algorithm=_ALGORITHM)

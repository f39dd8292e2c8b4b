"""JSON Web Tokens as a sandbox takes them: HS256 with its own key, whatever they say of themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from jwt import InvalidAlgorithmError, InvalidSignatureError, InvalidTokenError, PyJWS
from jwt.algorithms import HMACAlgorithm

from ..errors import ChatSSOError

__all__ = ["BadToken", "flat_claims", "read_token"]

ALGORITHM: Final = "HS256"


class BadToken(ChatSSOError):
    """The token is not one of ours. The message says why, and never quotes it."""


class _KeyOfAnyLength(HMACAlgorithm):
    """HMAC without PyJWT's warning about short keys: vendors give such keys out."""

    def check_key_length(self, key: Any) -> str | None:  # noqa: ARG002 - the base's signature
        return None


_reader = PyJWS(algorithms=[])
_reader.register_algorithm(ALGORITHM, _KeyOfAnyLength(HMACAlgorithm.SHA256))


def read_token(token: str, key: str) -> dict[str, Any]:
    """The claims of a token that was signed with `key`; what they say is not looked at. Raises `BadToken`."""
    try:
        payload = _reader.decode(token, key, algorithms=[ALGORITHM])
        claims = json.loads(payload)
    except InvalidAlgorithmError:
        raise BadToken(f"the token's algorithm is not {ALGORITHM}") from None
    except InvalidSignatureError:
        raise BadToken("the token is signed with another key") from None
    except (InvalidTokenError, ValueError, RecursionError):
        raise BadToken("that is no JSON Web Token") from None
    if not isinstance(claims, dict):
        raise BadToken("the token's payload is no JSON object")
    return claims


def flat_claims(claims: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Names and values for the list of calls; a member of an object is called ``user.uuid``."""
    for name, value in claims.items():
        if isinstance(value, dict):
            for member, held in value.items():
                yield f"{name}.{member}", _shown(held)
        else:
            yield name, _shown(value)


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)

"""What a token says, in the form that the vendor documents for a user who is made where he is missing."""

from __future__ import annotations

import json
import logging
from typing import Any

from ...users import ChatUser

__all__ = ["user_claims"]

logger = logging.getLogger(__name__)


def user_claims(provider: str, user: ChatUser) -> dict[str, Any]:
    """The object ``user``: `id`, always text, then `email`, then whatever the site gave in `extra`.

    The address is the id of a user whom the site gave none. `extra` names neither of the two. What JSON
    cannot hold is left out: a login counts for more.
    """
    claims: dict[str, Any] = {"id": user.id or user.email, "email": user.email}
    extra = {name: value for name, value in user.extra.items() if name not in claims}
    kept = {name: value for name, value in extra.items() if _is_json(name, value)}
    if len(kept) < len(extra):
        missing = len(extra) - len(kept)
        logger.warning(
            "%s: JSON cannot hold %d of the values in a user's extra; the token lacks them", provider, missing
        )
    return claims | kept


def _is_json(name: object, value: object) -> bool:
    if not isinstance(name, str):
        return False
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return False
    return True

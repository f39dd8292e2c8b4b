"""What a room answers, read into a yes or a no.

The JSON of an answer is documented; the texts of refusals and the meaning of their statuses are not. What the
patterns know was seen in the vendor's plugins or is a guess on the safe side, and what none of them knows is
a refusal of the call itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from ...errors import Rejected, Unavailable
from ..api import Answer
from ..quoting import quotable

__all__ = ["Reply", "ServerBlocked", "read_reply"]

_OUR_KEY: Final = re.compile(r"\bapi[\s_-]*key|\bunauthori[sz]ed", re.IGNORECASE)
_TOO_MANY_CALLS: Final = re.compile(r"\btoo (many|often)|rate[\s-]*limit|try again later", re.IGNORECASE)
_EXISTS_ALREADY: Final = re.compile(
    r"already have a chat ?room account"  # seen in the vendor's plugin
    r"|\be-?mail\b[^.!]*\balready\b",
    re.IGNORECASE,
)
_NOT_FOUND: Final = re.compile(
    r"not (be )?found|(does not|doesn['\u2019]t) exist|no such|no (user|account|member)\b"
    r"|unknown (user|account|e-?mail)",
    re.IGNORECASE,
)

_TELLING_STATUSES: Final = frozenset({400, 401, 403})
"""What these mean holds without JSON too: over the limit, the key refused, this server blocked."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the room said, once it has taken the key."""

    success: bool
    message: str = field(default="", repr=False)
    """The room's own words, without anything that it was sent; empty where it gave none."""
    token: str | None = field(default=None, repr=False)

    @property
    def exists_already(self) -> bool:
        """Whether it refused because the account is there."""
        return not self.success and bool(_EXISTS_ALREADY.search(self.message))

    @property
    def not_found(self) -> bool:
        """Whether it refused because no such account is there."""
        return not self.success and bool(_NOT_FOUND.search(self.message))


class ServerBlocked(Unavailable):
    """The room takes no calls from this machine's address."""


def read_reply(answer: Answer, sent: Iterable[str]) -> Reply:
    """Read an answer of any of the four calls to which `sent` was sent.

    Raises `Rejected` when the key was refused, `Unavailable` for what is no answer of the API.
    """
    try:
        body = answer.json_object()
    except Unavailable:
        if answer.status not in _TELLING_STATUSES:
            raise
        body = {}
    success, message = body.get("success"), body.get("message")
    if success is True and 200 <= answer.status < 300:
        token = body.get("access_token")
        return Reply(True, token=token if isinstance(token, str) else None)
    # First what was sent goes out of the text: nobody shall cry "API key" by his choice of a user name.
    text = quotable(sent, message) if isinstance(message, str) else ""
    if answer.status == 401 or (success is False and _OUR_KEY.search(text)):
        raise Rejected(answer.provider, "refuses the API key", credentials=True)
    if answer.status == 403:
        raise ServerBlocked(answer.provider, "takes no calls from this server (403)")
    if _TOO_MANY_CALLS.search(text) or (answer.status == 400 and not text):
        reason = f"limits our calls, as it seems (status {answer.status})"
        raise Unavailable(answer.provider, reason, retry_after=answer.retry_after)
    if success is not False:
        reason = f"answered JSON that says neither yes nor no (status {answer.status})"
        raise Unavailable(answer.provider, reason)
    return Reply(False, text)

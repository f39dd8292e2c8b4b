"""What the chat's REST API answers, read strictly.

Servers before 8.0 write ``{"status": "error", "error", "message"}`` in some places, and ``{"success": false,
"error", "errorType", "details"}`` in others; from 8.0 on it is nearly always the second form. The codes of
refusals are documented in part and observed in part, and have moved between versions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ...errors import Rejected, Unavailable
from ..api import Answer
from ..quoting import quotable

__all__ = ["Account", "Reply", "TooManyCalls", "read_account", "read_identifier", "read_reply"]

_IDENTIFIER: Final = re.compile(r"[!-~]{1,1024}")
"""An id or a token: printable ASCII without blanks, never an object."""
_CODE: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{2,63}")
_CODE_BEHIND_THE_TEXT: Final = re.compile(r"\[([a-z][a-z0-9-]*)\]\s*$")

_NO_SUCH_ACCOUNT: Final = frozenset({"error-invalid-user", "error-invalid-user-id", "error-user-not-found"})
_TAKEN: Final = frozenset({"error-field-unavailable", "error-user-already-exists", "error-email-exists"})
_NAME_REFUSED: Final = frozenset({"error-blocked-username", "error-invalid-username", "username-invalid"})
_NOT_ALLOWED: Final = frozenset(
    {"error-unauthorized", "error-not-authorized", "not-authorized", "unauthorized", "error-not-allowed"}
)
_WRONG_FIELDS: Final = frozenset({"invalid-params", "error-invalid-params"})
_TOO_MANY: Final = frozenset({"error-too-many-requests", "too-many-requests"})
_LOGINS_BLOCKED: Final = frozenset({"error-login-blocked-for-ip", "error-login-blocked-for-user"})

_NO_SUCH_ACCOUNT_IN_WORDS: Final = re.compile(r"user not found|not match any|invalid user", re.IGNORECASE)
_TAKEN_IN_WORDS: Final = re.compile(r"already (in use|exists)|E11000|duplicate key", re.IGNORECASE)
_ADDRESS_IN_WORDS: Final = re.compile(r"\be-?mails?\b", re.IGNORECASE)
_LAST_ADMINISTRATOR: Final = re.compile(r"last.admin|without (an |active )*admin", re.IGNORECASE)
_WAIT: Final = re.compile(r"wait (\d{1,6}) second", re.IGNORECASE)
_ANY_ADDRESS: Final = re.compile(r"[^\s@<>(),;:\"]+@[^\s@<>(),;:\"]+")


class TooManyCalls(Unavailable):
    """The chat's rate limit was met: by default 10 calls a minute from one address to one path."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the chat said."""

    success: bool
    status: int
    body: Mapping[str, Any] = field(repr=False)
    code: str = ""
    """Of a refusal: ``error-invalid-user``; empty where it has none."""
    message: str = field(default="", repr=False)
    """The words of a refusal, without anything that was sent; empty where there are none."""

    @property
    def no_such_account(self) -> bool:
        """Whether it refused because the account is not there, or has no session that could end."""
        return not self.success and (
            self.code in _NO_SUCH_ACCOUNT or bool(_NO_SUCH_ACCOUNT_IN_WORDS.search(self.message))
        )

    @property
    def taken(self) -> bool:
        """Whether it refused because an account with that user name or address is there."""
        return not self.success and (self.code in _TAKEN or bool(_TAKEN_IN_WORDS.search(self.message)))

    def takes_address(self, address: str) -> bool:
        """Whether what is taken is `address`, not the user name that was sent with it.

        Servers name the value itself, in ``details`` and in the text, or say "Email" (observed).
        """
        if not self.taken:
            return False
        details = self.body.get("details")
        field_named = _text(details, "field") if isinstance(details, dict) else ""
        named = f"{field_named} {_words(self.body)}".lower()
        return address.lower() in named or bool(_ADDRESS_IN_WORDS.search(self.message))

    @property
    def name_refused(self) -> bool:
        """Whether it refused the user name itself."""
        return self.code in _NAME_REFUSED

    @property
    def wrong_fields(self) -> bool:
        """Whether it refused because it knows other fields: a server of another generation."""
        return self.code in _WRONG_FIELDS

    @property
    def wants_second_factor(self) -> bool:
        """Whether two-factor authentication stands in the way."""
        return self.code.startswith("totp-")

    @property
    def blocks_logins(self) -> bool:
        """Whether too many logins have failed, from our address or of this user, so that none is tried."""
        return self.code in _LOGINS_BLOCKED

    @property
    def not_allowed(self) -> bool:
        """Whether whoever asked may not do this, or is not known: the two have the status 401 in common."""
        if self.success or _LAST_ADMINISTRATOR.search(self.message):
            return False
        return (
            self.status in {401, 403}
            or self.code.lower() in _NOT_ALLOWED
            or self.code == "error-action-not-allowed"
        )

    def refusal(self, provider: str, what: str, *, credentials: bool = False) -> Rejected:
        """The error that tells of it: `what` was not done, and why."""
        reason = self.message or self.code or f"refused without a reason (status {self.status})"
        return Rejected(provider, f"{what}: {reason}", credentials=credentials)


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the chat."""

    id: str
    username: str | None
    addresses: frozenset[str] | None
    """Its addresses in lower case, as the chat stores them; `None` where it does not tell them."""
    verified: frozenset[str]
    """Those of them that the chat has seen to be the user's."""
    active: bool
    kind: str
    """``user`` for a person; ``bot`` and ``app`` are others."""

    def has_address(self, address: str) -> bool:
        """Whether the chat says that `address` is one of its addresses."""
        return self.addresses is not None and address.lower() in self.addresses

    def has_verified(self, address: str) -> bool:
        """Whether the chat says that it has seen `address` to be this user's."""
        return address.lower() in self.verified


def read_reply(answer: Answer, sent: Iterable[str]) -> Reply:
    """Read an answer of any call to which the texts `sent` were sent.

    Raises `TooManyCalls` at the rate limit of older servers, which has the status 400, and `Unavailable` for
    what is no answer of the API.
    """
    body = answer.json_object()
    said = (
        body["success"] if "success" in body else {"success": True, "error": False}.get(_text(body, "status"))
    )
    if said is True and 200 <= answer.status < 300:
        return Reply(True, answer.status, body)
    if said is not False and answer.status not in {401, 403}:
        reason = f"answered JSON that says neither yes nor no (status {answer.status})"
        raise Unavailable(answer.provider, reason, status=answer.status)
    words = _words(body)
    code = _code(body, words)
    # What was sent goes out of the text first: nobody shall cry "already in use" by his choice of a name. A
    # refusal may name an address that was not sent: that of the account whose id was.
    message = quotable([*sent, *_ANY_ADDRESS.findall(words)], words)
    if code in _TOO_MANY:
        wait = _WAIT.search(message)
        reason = f"limits our calls (status {answer.status})"
        seconds = float(wait[1]) if wait else answer.retry_after
        raise TooManyCalls(answer.provider, reason, retry_after=seconds, status=answer.status)
    return Reply(False, answer.status, body, code, message)


def read_account(provider: str, value: object) -> Account:
    """Read a user as the API writes one, else raise `Unavailable`."""
    if not isinstance(value, dict):
        raise Unavailable(provider, "answered without the user")
    username, active, kind = value.get("username"), value.get("active", True), value.get("type", "user")
    if not (isinstance(username, str | None) and isinstance(active, bool) and isinstance(kind, str)):
        raise Unavailable(provider, "answered with a user that cannot be read")
    addresses, verified = _addresses(provider, value.get("emails"))
    return Account(
        id=read_identifier(provider, value.get("_id"), "a user id"),
        username=username,
        addresses=addresses,
        verified=verified,
        active=active,
        kind=kind,
    )


def read_identifier(provider: str, value: object, what: str) -> str:
    """Give `value` back if it can be an id or a token, else raise `Unavailable`; `what` names it."""
    if not isinstance(value, str) or not _IDENTIFIER.fullmatch(value):
        raise Unavailable(provider, f"answered without {what} that can be used")
    return value


def _addresses(provider: str, value: object) -> tuple[frozenset[str] | None, frozenset[str]]:
    """The addresses of a user, and those that are verified; a list without any tells as little as no list."""
    if value is None or value == []:
        return None, frozenset()
    if not isinstance(value, list):
        raise Unavailable(provider, "answered with addresses that cannot be read")
    found: dict[str, bool] = {}
    for entry in value:
        address = entry.get("address") if isinstance(entry, dict) else None
        if not isinstance(address, str):
            raise Unavailable(provider, "answered with addresses that cannot be read")
        found[address.lower()] = entry.get("verified") is True
    return frozenset(found), frozenset(address for address, verified in found.items() if verified)


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    return value if isinstance(value, str) else ""


def _words(body: Mapping[str, Any]) -> str:
    """What a refusal says to a reader: some versions say it in ``message``, others in ``error``."""
    return _text(body, "message") or _text(body, "error")


def _code(body: Mapping[str, Any], words: str) -> str:
    for candidate in (_text(body, "errorType"), _text(body, "error")):
        if _CODE.fullmatch(candidate):
            return candidate
    behind = _CODE_BEHIND_THE_TEXT.search(words)
    return behind[1] if behind else ""

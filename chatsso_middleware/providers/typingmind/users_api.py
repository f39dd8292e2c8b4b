"""The users of an instance, by TypingMind's API (``/api/v2/users``).

The vendor's OpenAPI description names the calls, the header ``X-API-KEY``, the statuses 200, 401, 404 and
500, and a user's `id` and `email`. It calls the id a string and shows a number, so both are read.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from ...errors import Rejected, Unavailable
from ...secret import Secret
from ..alarm import Alarm
from ..answer import Answer
from ..api import ChatAPI

__all__ = ["UsersAPI"]

_NUMBER: Final = re.compile(r"[1-9][0-9]{0,15}")
_LARGEST_NUMBER: Final = 2**53 - 1
"""Beyond it the vendor's sample, which is JavaScript, could not write an id (ECMA-262, 21.1.2.6)."""
_KEY_REFUSED: Final = frozenset({401, 403})
_CALL_REFUSED: Final = frozenset({400, 422})

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _User:
    id: int
    email: str | None


class UsersAPI:
    """Finds and deletes users. Every method may be called in any thread. *Network.*"""

    def __init__(self, url: str, key: Secret, api: ChatAPI) -> None:
        """`url` is the API's address, without a slash at its end."""
        self._users = f"{url}/api/v2/users"
        self._key = key
        self._api = api
        self._key_refused = Alarm(logger)

    def ids(self, address: str) -> tuple[int, ...]:
        """The ids of the users who have `address`, compared as given.

        Raises `Rejected` where the instance knows it in other capital letters alone: nobody can say here
        whether that is the same person.
        """
        answer = self._call("GET", self._users, {"email": address})
        if answer.status != 200:
            raise self._unexpected(answer)
        # The API is asked for one address, but an answer with other users would be no surprise.
        users = tuple(_users(answer))
        found = tuple(user.id for user in users if user.email == address)
        folded = address.casefold()
        if not found and any(user.email is not None and user.email.casefold() == folded for user in users):
            reason = (
                "a user of the instance has the address in other capital letters, and may be another person"
            )
            raise Rejected(self._api.provider, reason)
        return found

    def delete(self, user_id: int) -> None:
        """Delete one user. One who is gone already is fine."""
        answer = self._call("DELETE", f"{self._users}/{user_id}", {})
        if answer.status != 404 and not 200 <= answer.status < 300:
            raise self._unexpected(answer)

    def close(self) -> None:
        """Close the connections that are kept open. A later call opens new ones."""
        self._api.close()

    def _call(self, method: str, url: str, fields: dict[str, str]) -> Answer:
        headers = {"X-API-KEY": self._key.reveal()}
        # A second arrival of either call leaves the instance as the first did.
        answer = self._api.call(method, url, fields, headers=headers, safe_to_retry=True)
        if answer.status in _KEY_REFUSED:
            self._key_refused.sound(
                "%s: the API refuses the API key (%d): typingmind.api_key must hold one of Admin Panel,"
                " Integrations, API Integration, and typingmind.api_url the address of its region.",
                self._api.provider,
                answer.status,
            )
            reason = f"the API refuses the API key (status {answer.status})"
            raise Rejected(self._api.provider, reason, credentials=True)
        self._key_refused.rest()
        return answer

    def _unexpected(self, answer: Answer) -> Rejected | Unavailable:
        if answer.status in _CALL_REFUSED:
            return Rejected(self._api.provider, f"the API refuses the call (status {answer.status})")
        reason = f"answered with status {answer.status}; is typingmind.api_url the API's address?"
        return Unavailable(self._api.provider, reason, status=answer.status)


def _users(answer: Answer) -> Iterator[_User]:
    entries = answer.json_object().get("data")
    if not isinstance(entries, list):
        raise Unavailable(answer.provider, "answered without a list of users")
    for entry in entries:
        user = _user(entry)
        if user is None:
            raise Unavailable(answer.provider, "answered with a user that cannot be read")
        yield user


def _user(entry: Any) -> _User | None:
    if not isinstance(entry, dict):
        return None
    number, email = entry.get("id"), entry.get("email")
    if isinstance(number, str) and _NUMBER.fullmatch(number):
        number = int(number)
    if type(number) is not int or not 0 < number <= _LARGEST_NUMBER or not isinstance(email, str | None):
        return None
    return _User(number, email)

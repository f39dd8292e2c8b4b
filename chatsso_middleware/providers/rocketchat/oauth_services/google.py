"""Google: whose access token is it, and for which app was it made?"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from ....errors import Unavailable
from ....users import ChatUser
from ...api import Answer, ChatAPI
from .visitor_facts import NotConfirmed, identifier, text, user_with

__all__ = ["Google"]

_NAME: Final = "google"
_NOT_YOU: Final = "Google did not confirm this login."
_SPENT_OR_WRONG: Final = frozenset({400, 401, 403})


class Google:
    """Asks ``tokeninfo`` (Google Identity, "OAuth 2.0", validating access tokens)."""

    def __init__(
        self,
        api: ChatAPI,
        client_id: str,
        url: str = "https://oauth2.googleapis.com",
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`client_id` is the one that the chat's own Google login is set up with."""
        self.client_id = client_id
        self._api = api.beside(_NAME)
        self._url = url.rstrip("/")
        self._clock = clock

    def verify(self, response: Mapping[str, Any]) -> ChatUser:
        """The user to whom Google gave the token of `response`; nothing else of it is believed.

        Raises `NotConfirmed` for a token that is not his, `Unavailable` where Google does not answer.
        """
        token = text(response, "oauthToken", "accessToken")
        if not token:
            raise NotConfirmed(_NAME, "sent no token", _NOT_YOU)
        user_id = identifier(response, "userId")
        # The one documented form has the token in the query, which ChatAPI keeps out of logs and errors.
        return self._api.ask(
            "GET",
            f"{self._url}/tokeninfo",
            {"access_token": token},
            lambda answer: self._read(answer, user_id),
            safe_to_retry=True,
        )

    def _read(self, answer: Answer, user_id: str) -> ChatUser:
        if answer.status in _SPENT_OR_WRONG:
            raise NotConfirmed(_NAME, f"does not know the token (status {answer.status})", _NOT_YOU)
        facts = answer.json_object()
        if answer.status != 200:
            raise Unavailable(_NAME, f"answered with status {answer.status}", status=answer.status)
        # A token that another app got would let that app's owner in as any of his own users.
        if identifier(facts, "aud") != self.client_id:
            raise NotConfirmed(_NAME, "made the token for another client id than ours", _NOT_YOU)
        if not self._is_still_good(facts):
            raise NotConfirmed(_NAME, "says that the token has expired", _NOT_YOU)
        if user_id and identifier(facts, "sub") != user_id:
            raise NotConfirmed(_NAME, "made the token for somebody else", _NOT_YOU)
        if facts.get("email_verified") not in (True, "true"):
            unverified = "Google has not verified your email address, so nobody can be logged in with it."
            raise NotConfirmed(_NAME, "has not verified the email address", unverified)
        return user_with(_NAME, "Google", text(facts, "email"))

    def _is_still_good(self, facts: Mapping[str, Any]) -> bool:
        """By ``exp``, in seconds since the epoch, which Google writes as text."""
        moment = identifier(facts, "exp")
        return moment.isascii() and moment.isdigit() and len(moment) < 16 and int(moment) > self._clock()

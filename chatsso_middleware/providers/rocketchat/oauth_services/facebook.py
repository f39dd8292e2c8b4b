"""Facebook: whose access token is it, and for which app was it made?"""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Mapping
from typing import Any, Final

from ....errors import Rejected, Unavailable
from ....secret import Secret
from ....users import ChatUser
from ...alarm import Alarm
from ...api import Answer, ChatAPI
from .visitor_facts import NotConfirmed, identifier, text, user_with

__all__ = ["Facebook"]

log = logging.getLogger(__name__)

_NAME: Final = "facebook"
_NOT_YOU: Final = "Facebook did not confirm this login."
_REFUSALS: Final = frozenset({400, 401, 403})


class Facebook:
    """Asks ``debug_token`` and then ``me`` (Graph API, "Securing Graph API requests")."""

    def __init__(
        self, api: ChatAPI, app_id: str, app_secret: Secret, url: str = "https://graph.facebook.com"
    ) -> None:
        """`app_id` and `app_secret` are those that the chat's own Facebook login is set up with.

        `url` may end with a version: ``https://graph.facebook.com/v23.0``.
        """
        self._api = api.beside(_NAME)
        self._app_id = app_id
        self._app_secret = app_secret
        self._url = url.rstrip("/")
        self._alarm = Alarm(log)

    def verify(self, response: Mapping[str, Any]) -> ChatUser:
        """The user to whom Facebook gave the token of `response`; nothing else of it is believed.

        Raises `NotConfirmed` for a token that is not his, `Rejected` where Facebook refuses our app,
        `Unavailable` where it does not answer.
        """
        # The native plug-in writes the user's id inside authResponse, the chat's web page beside it.
        login = response.get("authResponse")
        parts = [part for part in (login, response) if isinstance(part, Mapping)]
        token = next(filter(None, (text(part, "accessToken") for part in parts)), "")
        if not token:
            raise NotConfirmed(_NAME, "sent no token", _NOT_YOU)
        said = {identifier(part, "userID") for part in parts} - {""}
        user_id = self._owner_of(token)
        if not said <= {user_id}:
            raise NotConfirmed(_NAME, "made the token for somebody else", _NOT_YOU)
        return self._user(token, user_id)

    def _owner_of(self, token: str) -> str:
        return self._api.ask(
            "GET",
            f"{self._url}/debug_token",
            {"input_token": token},
            self._read_owner,
            headers=_authorization(f"{self._app_id}|{self._app_secret.reveal()}"),
            safe_to_retry=True,
        )

    def _read_owner(self, answer: Answer) -> str:
        if answer.status in _REFUSALS:
            # A visitor's token that is wrong gets status 200 and is_valid: false; so this one is about ours.
            self._alarm.sound(
                "Facebook refuses rocketchat.facebook_app_id or rocketchat.facebook_app_secret (status %d); "
                "nobody can log in to the chat with Facebook until that is mended",
                answer.status,
            )
            raise Rejected(_NAME, f"refuses our app (status {answer.status})", credentials=True)
        facts = _object(answer).get("data")
        if not isinstance(facts, Mapping):
            raise Unavailable(_NAME, "answered JSON without a word about the token", status=answer.status)
        self._alarm.rest()
        user_id = identifier(facts, "user_id")
        if facts.get("is_valid") is not True or not user_id:
            raise NotConfirmed(_NAME, "does not know the token", _NOT_YOU)
        # A token that another app got would let that app's owner in as any of his own users.
        if identifier(facts, "app_id") != self._app_id:
            raise NotConfirmed(_NAME, "made the token for another app than ours", _NOT_YOU)
        return user_id

    def _user(self, token: str, user_id: str) -> ChatUser:
        proof = hmac.new(self._app_secret.reveal().encode(), token.encode(), hashlib.sha256).hexdigest()

        def read(answer: Answer) -> ChatUser:
            if answer.status in _REFUSALS:
                raise NotConfirmed(_NAME, f"does not take the token (status {answer.status})", _NOT_YOU)
            facts = _object(answer)
            if identifier(facts, "id") != user_id:
                raise NotConfirmed(_NAME, "names somebody else than before", _NOT_YOU)
            # Facebook gives an address only where it has a valid one.
            return user_with(_NAME, "Facebook", text(facts, "email"))

        return self._api.ask(
            "GET",
            f"{self._url}/me",
            {"fields": "id,email", "appsecret_proof": proof},
            read,
            headers=_authorization(token),
            safe_to_retry=True,
        )


def _authorization(token: str) -> dict[str, str]:
    # A header, so that neither the app's secret nor the visitor's token stands in an address (RFC 6750, 2.1).
    return {"Authorization": f"Bearer {token}"}


def _object(answer: Answer) -> dict[str, Any]:
    facts = answer.json_object()
    if answer.status != 200:
        raise Unavailable(_NAME, f"answered with status {answer.status}", status=answer.status)
    return facts

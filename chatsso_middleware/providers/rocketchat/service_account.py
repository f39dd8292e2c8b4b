"""The chat's account in whose name the site calls the REST API: its key, its permissions, its alarms."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from ...errors import Rejected, Unavailable
from ...secret import Secret
from ..alarm import Alarm
from .replies import Reply, TooManyCalls, read_account, read_identifier
from .rest import Method, RestAPI

__all__ = ["ServiceAccount"]

logger = logging.getLogger(__name__)

PERMISSIONS: Final = {
    "users.create": "create-user",
    "users.createToken": "user-generate-access-token",
    "users.delete": "delete-user",
    "users.info": "view-full-other-user-info",
    "users.logout": "logout-other-user",
    "users.resetAvatar": "edit-other-user-avatar",
    "users.setActiveStatus": "edit-other-user-active-status",
    "users.setAvatar": "edit-other-user-avatar",
    "users.update": "edit-other-user-info, and for passwords edit-other-user-password",
}
"""What the role of the service account must hold for each path (documented)."""

_TOKEN_PATH: Final = "users.createToken"  # noqa: S105 - a path, no token


class _Alarms:
    """What only the owner can mend, each told once however many ways lead to the chat."""

    def __init__(self) -> None:
        self.key_refused = Alarm(logger)
        self.over_limit = Alarm(logger)
        self.not_permitted = {path: Alarm(logger) for path in PERMISSIONS}
        self.second_factor = {path: Alarm(logger) for path in (*PERMISSIONS, "me")}


class ServiceAccount:
    """Calls in the name of the service account. Every method may be called in any thread. *Network.*

    A refusal that only the owner can mend is `Rejected` with `credentials`, and one line in the log.
    """

    def __init__(
        self,
        rest: RestAPI,
        user_id: str,
        token: Secret,
        token_secret: Secret | None,
        alarms: _Alarms | None = None,
    ) -> None:
        """`token_secret` is what servers from 8.0 want beside the id for ``users.createToken``."""
        self.id = user_id
        self._rest = rest
        self._token = token
        self._token_secret = token_secret
        self._alarms = alarms or _Alarms()

    @property
    def provider(self) -> str:
        """The name that stands in errors."""
        return self._rest.provider

    def beside(self) -> ServiceAccount:
        """The same account on another way: a failure there leaves this one open. The alarms are in common."""
        rest = self._rest.beside()
        return ServiceAccount(rest, self.id, self._token, self._token_secret, self._alarms)

    def call(self, method: Method, path: str, fields: Mapping[str, Any]) -> Reply:
        """Call `path`, and give the reply unless it is one that only the owner can mend."""
        reply = self.ask(method, path, fields)
        if reply.wants_second_factor:
            raise self._refused_for_second_factor(path)
        of_other_generation = path == _TOKEN_PATH and reply.wrong_fields
        if reply.not_allowed or of_other_generation:
            raise self._refused(path, reply)
        self._alarms.key_refused.rest()
        if path in self._alarms.not_permitted:
            self._alarms.not_permitted[path].rest()
        self._alarms.second_factor[path].rest()  # some calls ask for one, and others do not
        return reply

    def ask(self, method: Method, path: str, fields: Mapping[str, Any]) -> Reply:
        """Call `path`, and give the reply whatever it says."""
        try:
            return self._rest.call(method, path, fields, user_id=self.id, token=self._token.reveal())
        except Unavailable as failure:
            if isinstance(failure, TooManyCalls) or failure.status == 429:
                # Once in the life of a process: at the limit, calls that work and calls that fail alternate.
                self._alarms.over_limit.sound(
                    "%s: the chat limits our calls, and all visitors share the site's one address. Give the"
                    " role of the service account the permission api-bypass-rate-limit.",
                    self.provider,
                )
            raise

    def create_token(self, account_id: str) -> str:
        """A new login token of the account `account_id`, for which no second factor is asked."""
        fields = {"userId": account_id}
        if self._token_secret is not None:
            fields["secret"] = self._token_secret.reveal()
        reply = self.call("POST", _TOKEN_PATH, fields)
        if not reply.success:
            raise reply.refusal(self.provider, "no token")
        given = reply.body.get("data")
        found = given if isinstance(given, dict) else {}
        if read_identifier(self.provider, found.get("userId"), "a user id") != account_id:
            raise Unavailable(self.provider, "answered with the token of another user than was asked for")
        return read_identifier(self.provider, found.get("authToken"), "a token")

    def log_out(self, account_id: str) -> None:
        """End every session of the account `account_id`. One that has none, or is not there, is fine.

        The service account itself is left alone: its own token would end with its sessions.
        """
        if account_id == self.id:
            logger.warning(
                "%s: a user of the site has the address of the service account, whose sessions are not ended",
                self.provider,
            )
            return
        reply = self.call("POST", "users.logout", {"userId": account_id})
        if not (reply.success or reply.no_such_account):
            raise reply.refusal(self.provider, "no logout")

    def probe(self) -> str:
        """Say who the service account is. Changes nothing."""
        reply = self.call("GET", "me", {})
        if not reply.success:
            raise reply.refusal(self.provider, "the service account cannot be looked at")
        account = read_account(self.provider, reply.body)
        if account.id != self.id:
            raise Unavailable(self.provider, "answered as somebody else than the service account")
        return f"the chat takes the key of the service account @{account.username}"

    def _refused(self, path: str, reply: Reply) -> Rejected:
        permission = PERMISSIONS.get(path)
        if permission is None or (reply.status == 401 and not self._is_known()):
            self._alarms.key_refused.sound(
                "%s: the chat refuses the service account: %s.admin_user_id and %s.admin_token must be the"
                " user id and the personal access token of one account of the chat.",
                *[self.provider] * 3,
            )
            return Rejected(self.provider, "refuses the key of the service account", credentials=True)
        if path == _TOKEN_PATH:
            return self._token_refused()
        self._alarms.not_permitted[path].sound(
            "%s: the chat does not let the service account call %s: give its role the permission %s.",
            self.provider,
            path,
            permission,
        )
        reason = f"the service account lacks the permission {permission}"
        return Rejected(self.provider, reason, credentials=True)

    def _is_known(self) -> bool:
        """Whether the chat knows the service account: with 401 some servers mean a missing permission."""
        return self.ask("GET", "me", {}).success

    def _token_refused(self) -> Rejected:
        if self._token_secret is None:
            mend = (
                "start the chat's server with CREATE_TOKENS_FOR_USERS=true (before 8.0), or with"
                " CREATE_TOKENS_FOR_USERS_SECRET and set the same value here as token_secret (from 8.0)"
            )
        else:
            mend = (
                "token_secret must be the value of CREATE_TOKENS_FOR_USERS_SECRET at the chat's server (from"
                " 8.0); take it away for an older server and start that with CREATE_TOKENS_FOR_USERS=true"
            )
        self._alarms.not_permitted[_TOKEN_PATH].sound(
            "%s: the chat makes no login tokens, so nobody is logged in to it: %s. The role of the service"
            " account needs the permission user-generate-access-token.",
            self.provider,
            mend,
        )
        return Rejected(self.provider, f"makes no login tokens for us: {mend}", credentials=True)

    def _refused_for_second_factor(self, path: str) -> Rejected:
        mend = (
            "make the personal access token of the service account with the box Ignore Two Factor"
            " Authentication ticked"
        )
        self._alarms.second_factor[path].sound(
            "%s: the chat wants a second factor from the service account: %s.", self.provider, mend
        )
        reason = f"wants a second factor from the service account: {mend}"
        return Rejected(self.provider, reason, credentials=True)

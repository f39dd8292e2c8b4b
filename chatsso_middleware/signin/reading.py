"""What an answer of the external system means. Nothing of it is quoted in a log line but the code."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from ..errors import ChatSSOError, InvalidUser, Unavailable
from ..providers.answer import Answer
from ..providers.quoting import quotable
from ..users import ChatUser, check_text
from .expressions import CannotEvaluate, Expression, kind_of
from .form import Form
from .outcome import Accepted, Down, Outcome, Refused
from .success import ANY_2XX, SuccessRule

__all__ = ["AnswerReader", "Messages"]

log = logging.getLogger(__name__)

_LONGEST: Final = 1000
"""Characters of an identifier or another fact."""
_WRONG_CREDENTIALS: Final = frozenset({400, 401, 403, 404, 422})
"""What systems answer to a wrong password, or to an unknown user, who must not be told apart."""
_ANOTHER_REASON: Final = frozenset({402, 409, 410, 423, 451})
"""What else a system may have against an account. Any other status speaks of the call, not of the visitor."""


class _Useless(ChatSSOError):
    """The answer cannot be used, for a reason that the owner must read."""


@dataclass(frozen=True, slots=True)
class Messages:
    """The owner's words, by code, by status and under ``unavailable``."""

    by_code: Mapping[str, str]

    def down(self, retry_after: float | None = None, *, status: int | None = None) -> Down:
        """What a visitor is told while the external system fails."""
        message = self.by_code.get(str(status), self.by_code.get("unavailable"))
        return Down(message, None if retry_after is None else max(round(retry_after), 1))

    def told(self, refusal: Refused) -> Refused:
        """`refusal` with the owner's words for its code, where it has no message of its own."""
        if refusal.message is not None:
            return refusal
        return Refused(self.by_code.get(refusal.code), refusal.code, refusal.reason, refusal.field)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerReader:
    """Where in an answer stands what, as the settings say."""

    success: SuccessRule
    user_id: Expression
    email: Expression
    optional: Mapping[str, Expression]
    """Where ``username``, ``name`` and ``avatar_url`` stand, of those that the owner wants."""
    error_code: Expression | None
    messages: Messages

    def read(self, answer: Answer, form: Form) -> Outcome:
        """The outcome of the attempt with `form` that was answered so."""
        try:
            return self._outcome(answer, form)
        except _Useless as useless:
            log.warning("signin: the external system %s", useless)
            return self.messages.down()

    def _outcome(self, answer: Answer, form: Form) -> Outcome:
        body, why_not = _object(answer)
        if answer.status in self.success.statuses:
            if body is None:
                raise _Useless(why_not)
            if self._succeeded(body):
                return self._accepted(body)
        return self._refused(answer, body, why_not, form)

    def _succeeded(self, body: Mapping[str, Any]) -> bool:
        if self.success.expression is None:
            return True
        found = _find(self.success.expression, body, "success")
        if found is not None and not isinstance(found, bool):
            raise _Useless(
                f"answered, and signin.success found {kind_of(found)}, which is neither true nor false"
            )
        return found is True

    def _accepted(self, body: Mapping[str, Any]) -> Outcome:
        identifier = _text(_find(self.user_id, body, "user.id"))
        if identifier is None:
            code = self._code(body)
            if code is not None:  # a refusal with a status of success, by a system that knows no other
                return self._refusal(code, "other")
            raise _Useless(
                f"accepted a login {self._instead('user.id', self.user_id, body, 'an identifier')}"
            )
        email = _text(_find(self.email, body, "user.email"))
        if email is None:
            raise _Useless(f"accepted a login {self._instead('user.email', self.email, body, 'an address')}")
        facts = self._optional(body)
        try:
            user = ChatUser(
                email,
                username=facts.get("username"),
                name=facts.get("name"),
                avatar_url=facts.get("avatar_url"),
                id=identifier,
            )
        except InvalidUser as problem:
            raise _Useless(f"accepted a login with an unusable user ({problem})") from None
        return Accepted(user)

    def _instead(self, key: str, where: Expression, body: Mapping[str, Any], wanted: str) -> str:
        found = kind_of(where.find(body))
        return f"and gave {found} instead of {wanted} at signin.{key} = {where.written}"

    def _optional(self, body: Mapping[str, Any]) -> dict[str, str]:
        facts: dict[str, str] = {}
        for name, where in self.optional.items():
            found = _find(where, body, f"user.{name}")
            value = _text(found)
            if value is not None:
                facts[name] = value
            elif found not in (None, ""):
                log.warning("signin: signin.user.%s found %s, which is left out", name, kind_of(found))
        return facts

    def _refused(self, answer: Answer, body: Mapping[str, Any] | None, why_not: str, form: Form) -> Outcome:
        code = None if body is None else self._code(body)
        status = answer.status
        if code is not None and code in self.messages.by_code:
            return self._refusal(code, "other")
        if str(status) in self.messages.by_code:
            return self._refusal(str(status), "credentials" if status in _WRONG_CREDENTIALS else "other")
        if code is not None:
            shown = quotable(form.values().values(), code)
            log.info(
                "signin: refused with the code %s (status %d), for which there is no message", shown, status
            )
        # A page in the place of an answer is a firewall's or a wrong address's, but a 401 says enough.
        if body is None and answer.body.strip() and status != 401:
            raise _Useless(why_not)
        if status in _WRONG_CREDENTIALS or (status in ANY_2XX.statuses and code is None):
            return self._refusal(code or str(status), "credentials")
        if status in _ANOTHER_REASON or status in ANY_2XX.statuses:
            return self._refusal(code or str(status), "other")
        raise _Useless(f"does not take the call (status {status}); compare url, method, body and headers")

    def _refusal(self, code: str, reason: Literal["credentials", "other"]) -> Refused:
        return self.messages.told(Refused(code=code, reason=reason))

    def _code(self, body: Mapping[str, Any]) -> str | None:
        return None if self.error_code is None else _text(_find(self.error_code, body, "error_code"))


def _object(answer: Answer) -> tuple[dict[str, Any] | None, str]:
    """The JSON object, or `None` and the reason."""
    try:
        return answer.json_object(), ""
    except Unavailable as failure:
        return None, failure.reason


def _find(where: Expression, body: Mapping[str, Any], key: str) -> Any:
    try:
        return where.find(body)
    except CannotEvaluate as error:
        raise _Useless(f"answered what signin.{key} cannot be evaluated on ({error})") from None


def _text(found: Any) -> str | None:
    """`found` if it is text that says something, or a whole number in its decimal digits."""
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    if not isinstance(found, str) or not found.strip() or len(found) > _LONGEST:
        return None
    try:
        return check_text("text", found)
    except InvalidUser:
        return None

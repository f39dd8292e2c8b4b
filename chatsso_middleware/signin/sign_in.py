"""One attempt to sign in, from what the visitor entered to what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ..providers import ChatAPI
from ..secret import Secret
from .addresses import TrustedProxies
from .checks import Check, first_problem, make_checks
from .directory import Directory, LoginCall
from .form import Form
from .limits import AttemptLimits
from .outcome import Accepted, Outcome
from .own_verifier import OwnVerifier
from .reading import AnswerReader, Messages
from .windows import Windows

__all__ = ["SignIn", "Verifier", "make_sign_in", "make_verifier"]


class Verifier(Protocol):
    """Who knows the users."""

    def verify(self, form: Form) -> Outcome:
        """What becomes of an attempt with `form`."""

    def close(self) -> None:
        """Close what is kept open."""


class SignIn:
    """First what can be seen from the input, then the limits, and only then a call. Any thread may ask."""

    def __init__(
        self, verifier: Verifier, checks: Sequence[Check], limits: AttemptLimits, proxies: TrustedProxies
    ) -> None:
        self._verifier = verifier
        self._checks = checks
        self._limits = limits
        self._proxies = proxies

    def attempt(self, fields: Mapping[str, str], *, remote: str, forwarded_for: str) -> Outcome:
        """The outcome for `fields`, a form's ``login`` and ``password``; others are not looked at. *Network.*

        `remote` is WSGI's ``REMOTE_ADDR``, `forwarded_for` the header X-Forwarded-For, empty where there is
        none.
        """
        form = Form.of(fields)
        refused = first_problem(form, self._checks)
        if refused is not None:
            return refused
        limited = self._limits.admit(self._proxies.client(remote, forwarded_for), form.login)
        if limited is not None:
            return limited
        outcome = self._verifier.verify(form)
        if isinstance(outcome, Accepted):
            self._limits.forget(form.login)
        return outcome

    def close(self) -> None:
        """Close the connections that are kept open. A later attempt opens new ones."""
        self._verifier.close()
        self._limits.close()


def make_sign_in(options: Mapping[str, Any], api: ChatAPI, *, store: str, key: Secret) -> SignIn:
    """The sign-in with `options`, a value for every key of `KEYS`; opens no connection.

    `store` is the setting of that name, `key` the first of the site's signing keys.
    """
    limits = AttemptLimits(
        Windows(store), by_address=options["limit_ip"], by_account=options["limit_account"], key=key
    )
    checks = make_checks(options["check.*"], options["check.*.message"])
    return SignIn(make_verifier(options, api), checks, limits, options["trusted_proxies"])


def make_verifier(options: Mapping[str, Any], api: ChatAPI) -> Verifier:
    """The external system, or the owner's own code."""
    messages = Messages(options["message.*"])
    if options["verify"] is not None:
        return OwnVerifier(options["verify"], messages)
    call = LoginCall(
        url=options["url"],
        method=options["method"],
        as_json=options["body"] == "json",
        fields=options["field.*"],
        headers=options["header.*"],
    )
    reader = AnswerReader(
        success=options["success"],
        user_id=options["user.id"],
        email=options["user.email"],
        optional={
            name: options[f"user.{name}"]
            for name in ("username", "name", "avatar_url")
            if options[f"user.{name}"] is not None
        },
        error_code=options["error_code"],
        messages=messages,
    )
    return Directory(call, reader, messages, api)

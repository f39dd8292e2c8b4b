"""Logins with Facebook, Google or Twitter that the chat itself carries out (in old versions of it only).

The frame asks the chat's page for the login, gets the service's word back, and hands it to us. It came
through a browser, so it is worth nothing until the service itself, or the host, has confirmed it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from ...errors import Rejected, Unavailable
from ...users import ChatUser
from ..visits import Endpoint, Reply, Visit
from .oauth_services import Facebook, Google, NotConfirmed

__all__ = ["HostVerifier", "OAuthHandOver", "OAuthVerifier"]

log = logging.getLogger(__name__)

HostVerifier = Callable[[str, Mapping[str, Any]], ChatUser | None]
"""The host's own: from a service's name and what came from the browser as its word, to a verified user.

It must ask the service itself. `None` is a refusal.
"""

_TITLES: Final = {"facebook": "Facebook", "google": "Google", "twitter": "Twitter"}

_MOST_MEMBERS: Final = 40
_LONGEST_TEXT: Final = 4096
"""Characters. Access tokens of these services have a few hundred."""
_DEEPEST: Final = 3


class OAuthVerifier:
    """Which services are offered, and who asks each of them."""

    def __init__(
        self,
        services: Sequence[str],
        *,
        google: Google | None = None,
        facebook: Facebook | None = None,
        by_host: HostVerifier | None = None,
    ) -> None:
        """`services` are any of ``facebook``, ``google`` and ``twitter``, the first to be shown first.

        `by_host`, where it is given, is asked about all of them. Raises `ValueError` for a service that is
        not known, or that nobody could be asked about.
        """
        built_in: dict[str, Callable[[Mapping[str, Any]], ChatUser | None]] = {}
        if google is not None:
            built_in["google"] = google.verify
        if facebook is not None:
            built_in["facebook"] = facebook.verify
        for service in services:
            if service not in _TITLES:
                raise ValueError(f"{service}: this chat has no login with it")
            if by_host is None and service not in built_in:
                raise ValueError(f"{service}: there is nobody to verify its logins")
        self._built_in = built_in
        self._by_host = by_host
        self.titles = {service: _TITLES[service] for service in services}
        """The services' names for people, by their names in messages."""
        self.calls = {service: _call(service, google) for service in services}
        """What the frame posts to the chat's page for each."""

    def verify(self, service: str, response: Mapping[str, Any]) -> ChatUser:
        """Who has logged in with `service`, one of `titles`.

        Raises `Rejected` for what is not confirmed, and `Unavailable` where the service does not answer.
        """
        if self._by_host is None:
            user = self._built_in[service](response)
        else:
            user = self._by_host(service, response)
        if user is None:
            title = self.titles[service]
            raise NotConfirmed(
                service, "was not confirmed by the host", f"{title} did not confirm this login."
            )
        return user


class OAuthHandOver:
    """Where the frame hands over what a service said."""

    def __init__(self, verifier: OAuthVerifier) -> None:
        self._verifier = verifier

    @property
    def endpoint(self) -> Endpoint:
        """Its address; nobody but a page of ours may send a visitor's browser there."""
        return Endpoint("oauth", self.answer, ("POST",), calls_out=True, checks_forgery=True)

    def answer(self, visit: Visit) -> Reply:
        """Log the visitor in if the service confirms it. JSON for the frame's script."""
        service, response = visit.fields.get("service"), visit.fields.get("response")
        if not isinstance(service, str) or service not in self._verifier.titles:
            return _refusal(400, "This site has no such login.")
        if not isinstance(response, Mapping) or not _is_modest(response):
            return _refusal(400, "What the chat sent cannot be a login.")
        title = self._verifier.titles[service]
        try:
            user = self._verifier.verify(service, response)
        except NotConfirmed as refused:
            log.info("Nobody was logged in with %s: it %s", title, refused.reason)
            return _refusal(403, refused.for_visitor)
        except Rejected:
            return _refusal(503, f"Logging in with {title} does not work on this site at the moment.")
        except Unavailable as failure:
            log.warning("Nobody can be logged in with %s now: it %s", title, failure.reason)
            return _refusal(503, f"{title} does not answer at the moment.")
        return Reply(body=json.dumps({"ok": True}), content_type="application/json", logs_in=user)


def _call(service: str, google: Google | None) -> dict[str, Any]:
    """The message that makes the chat's page log somebody in (the vendor's page on iframe authentication)."""
    call: dict[str, Any] = {"event": f"call-{service}-login"}
    if service == "facebook":
        call["permissions"] = ["email"]
    if service == "google":
        call["scopes"] = "profile email"
        if google is not None:
            call["webClientId"] = google.client_id
    return call


def _refusal(status: int, message: str) -> Reply:
    body = json.dumps({"ok": False, "message": message})
    return Reply(status=status, body=body, content_type="application/json")


def _is_modest(value: object, depth: int = _DEEPEST) -> bool:
    """Whether `value` is JSON of a size that a login can have."""
    if isinstance(value, str):
        return len(value) <= _LONGEST_TEXT
    if isinstance(value, Mapping):
        members = list(value.values())
        if not all(isinstance(name, str) and len(name) <= _LONGEST_TEXT for name in value):
            return False
    elif isinstance(value, list | tuple):
        members = list(value)
    else:
        return value is None or isinstance(value, bool | int | float)
    return depth > 0 and len(members) <= _MOST_MEMBERS and all(_is_modest(one, depth - 1) for one in members)

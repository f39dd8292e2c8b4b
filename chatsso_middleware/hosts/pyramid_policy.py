"""Pyramid: the application's security policy, watched for the logins and logouts that pass through it."""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from typing import Any, Final, NamedTuple

from pyramid.interfaces import ISecurityPolicy

from ..handle import Handle
from ..state.session_state import SessionState
from ..users import UNKNOWN, ChatUser
from .pyramid import PyramidReader

__all__ = ["WatchedPolicy", "confirm_login", "watch_policy"]

log = logging.getLogger(__name__)


REMEMBERED_KEY: Final = "chatsso.pyramid_remembered"


class _Remembered(NamedTuple):
    """A login, as long as its answer may still turn out to be without it."""

    before: SessionState
    after: SessionState
    headers: tuple[tuple[str, str], ...]


def confirm_login(handle: Handle, environ: MutableMapping[str, Any], response: Any) -> None:
    """Take a login back whose headers are not in `response`: the application thought better of it.

    A view may fail after it has remembered somebody, or ask for a second factor first.
    """
    remembered = environ.pop(REMEMBERED_KEY, None)
    if remembered is None or handle.state is not remembered.after:
        return
    # A response of another make may not show its headers; then the next page's identity tells.
    shown = getattr(response, "headerlist", remembered.headers)
    if not any(header in shown for header in remembered.headers):
        handle.change_state(remembered.before)
        handle.spoken = handle.changed


class WatchedPolicy:
    """The application's policy in all it says and does; `remember` and `forget` are noted on the way."""

    def __init__(self, policy: Any, reader: PyramidReader) -> None:
        self._policy = policy
        self._reader = reader

    @property  # type: ignore[misc]  # Pyramid asks isinstance(policy, LegacySecurityPolicy) for principals
    def __class__(self) -> Any:
        return type(self._policy)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._policy, name)

    def remember(self, request: Any, userid: Any, **keywords: Any) -> Any:
        """The policy's own headers; a login is noted on the way. One with a `max_age` is to be remembered."""
        headers = self._policy.remember(request, userid, **keywords)
        handle = request.environ.get("chatsso")
        if isinstance(handle, Handle):
            before = handle.state
            try:
                self._note_login(handle, request, userid, remember=bool(keywords.get("max_age")))
                if headers:
                    request.environ[REMEMBERED_KEY] = _Remembered(before, handle.state, tuple(headers))
            except Exception as error:  # the site's login must not fail for what the chat cannot use
                log.error("A login could not be noted: %s", type(error).__name__)
        return headers

    def forget(self, request: Any, **keywords: Any) -> Any:
        """The policy's own headers; a logout is noted on the way."""
        headers = self._policy.forget(request, **keywords)
        handle = request.environ.get("chatsso")
        if isinstance(handle, Handle):
            handle.log_out()
        return headers

    def _note_login(self, handle: Handle, request: Any, userid: object, *, remember: bool) -> None:
        user = self._reader.from_userid(userid, request.environ)
        if isinstance(user, ChatUser):
            handle.log_in(user, remember=remember or None)
        elif user is UNKNOWN:
            handle.expect_login(remember=remember)
        else:  # the site's mapping says that he is nobody in the chat
            handle.log_out()


def watch_policy(registry: Any, reader: PyramidReader) -> None:
    """Watch the policy in `registry`, if there is one. Watching twice is watching once."""
    policy = registry.queryUtility(ISecurityPolicy)
    if policy is not None and type(policy) is not WatchedPolicy:
        registry.registerUtility(WatchedPolicy(policy, reader), ISecurityPolicy)

"""The Iframe URL: the page that the chat shows in a frame to whoever is not logged in there.

It hands the login over by a message to the chat's exact origin, and to nobody else. In the mobile app it is
the page of a web view; there it speaks to its own window, where the app listens.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlencode

from ...sessions import ChatSession
from ...urls import add_query
from ...users import ChatUser
from ..visits import Endpoint, Reply, Visit
from . import frame_pages
from .chat_address import RESUMED_LOGIN, ChatAddress, TokenField
from .framed_page import framed_page
from .oauth import OAuthVerifier

__all__ = ["Frame"]

_PATH: Final = "frame"
_CAME_BACK: Final = "came_back"
"""The query parameter of somebody who comes back from `Visit.login_page`."""
_TRY: Final = "try"
_WAITS: Final = {"0": 2, "1": 4, "2": 8}
"""Seconds before the page asks for a token again, by the number of times that it has done so."""


class Frame:
    """What the owner enters in the chat as ``Accounts_iframe_url``."""

    def __init__(
        self,
        chat: ChatAddress,
        *,
        token_field: TokenField,
        provider: str,
        ancestors: str,
        oauth: OAuthVerifier | None = None,
        needs_password: bool = False,
        patience: float = 10.0,
        oauth_patience: float = 60.0,
    ) -> None:
        """`ancestors` is the list of who may show the page in a frame, as a Content-Security-Policy has it.

        `needs_password` says that the chat gives a session at a login only. `patience` is how many seconds
        the chat has to take a login over before the page says what else to do, `oauth_patience` how many a
        visitor has for a login with one of the services of `oauth`.
        """
        self._chat = chat
        self._token_field = token_field
        self._provider = provider
        self._ancestors = ancestors
        self._oauth = oauth
        self._needs_password = needs_password
        self._patience = patience
        self._oauth_patience = oauth_patience

    @property
    def endpoint(self) -> Endpoint:
        """Its address and methods. A POST is the button of somebody who had left the chat."""
        return Endpoint(_PATH, self.answer, ("GET", "HEAD", "POST"), checks_forgery=True)

    def answer(self, visit: Visit) -> Reply:
        """The page for this visitor, or the way to the site's login page."""
        if visit.user is None:
            return self._for_guest(visit)
        comes_back = visit.method == "POST"
        if visit.has_left and not comes_back:
            content = frame_pages.has_left(visit.user, frame=_here(visit), forgery_token=visit.forgery_token)
            return self._page("You logged out of the chat", content)
        session = visit.session()
        if session is None or not session.token:
            reply = self._without_session(visit)
        else:
            reply = self._entering(visit, visit.user, session)
        return replace(reply, comes_back=comes_back)

    def _for_guest(self, visit: Visit) -> Reply:
        again, into_chat = _here(visit), self._into_chat(visit)
        if visit.is_refused:
            return self._page("You may not use the chat", frame_pages.refused(front_page=visit.front_page))
        if _CAME_BACK in visit.query:
            content = frame_pages.not_logged_in_after_login(again=again, into_chat=into_chat)
            return self._page("The chat does not see your login", content)
        if self._oauth is not None:
            return self._with_services(visit, self._oauth)
        if visit.login_page is not None:
            return Reply(status=302, headers=(("Location", visit.login_page),))
        content = frame_pages.no_login_page(front_page=visit.front_page, again=again)
        return self._page("Please log in", content)

    def _without_session(self, visit: Visit) -> Reply:
        content = frame_pages.no_session(
            again=_here(visit),
            login_page=visit.login_page if self._needs_password else None,
        )
        # With status 200: a proxy in front of the site may put its own page in place of an error's.
        page = self._page("The chat could not log you in", content)
        tried = visit.query.get(_TRY, "0")
        if self._needs_password or tried not in _WAITS:
            return page
        # A chat that many enter at once is only late: the page asks again by itself, a few times.
        again = add_query(_here(visit), [(_TRY, str(int(tried) + 1))])
        return replace(page, headers=(*page.headers, ("Refresh", f"{_WAITS[tried]}; url={again}")))

    def _entering(self, visit: Visit, user: ChatUser, session: ChatSession) -> Reply:
        message, app_message = self._messages(session)
        content = frame_pages.entering(
            user,
            again=_here(visit),
            into_chat=self._into_chat(visit),
            works_in_app=app_message is not None,
        )
        facts = {
            "chatOrigin": self._chat.origin,
            "message": message,
            "appMessage": app_message,
            "patience": self._patience * 1000,
        }
        return self._page("Entering the chat", content, script="frame.js", facts=facts)

    def _messages(self, session: ChatSession) -> tuple[dict[str, str], dict[str, str] | None]:
        """What the chat's page is told, and what its mobile app.

        Observed in the app's published versions: it takes each message that is an object as text behind the
        ``#`` of the page's address, and reads it where the chat's own address stands in that text too. On
        ``try-iframe-login`` it asks the API URL without cookies, so that message is of no use there.
        """
        if self._token_field != RESUMED_LOGIN:
            return {"event": "try-iframe-login"}, None
        message = {"event": "login-with-token", "loginToken": session.token}
        return message, message | {"server": self._chat.url}

    def _with_services(self, visit: Visit, oauth: OAuthVerifier) -> Reply:
        content = frame_pages.services(oauth.titles, login_page=visit.login_page, front_page=visit.front_page)
        facts = {
            "chatOrigin": self._chat.origin,
            "calls": oauth.calls,
            "titles": oauth.titles,
            "handOver": f"{visit.base}/oauth",
            "forgeryToken": visit.forgery_token,
            "next": add_query(_here(visit), [(_CAME_BACK, "1")]),
            "patience": self._oauth_patience * 1000,
        }
        return self._page("Log in to the chat", content, script="services.js", facts=facts)

    def _into_chat(self, visit: Visit) -> str:
        """The way into the chat at top level, where the browser lets the site have its cookies.

        It asks for a login first where there is none: one that was made in the frame may be unknown there.
        """
        mount = visit.base.rpartition("/")[0]
        return f"{mount}/login?{urlencode({'to': self._chat.front, 'provider': self._provider})}"

    def _page(
        self, title: str, content: str, *, script: str = "", facts: dict[str, Any] | None = None
    ) -> Reply:
        return framed_page(title, content, ancestors=self._ancestors, script=script, facts=facts)


def _here(visit: Visit) -> str:
    return f"{visit.base}/{_PATH}"

"""A script for pages of the site that show the chat in a frame, and the address that it asks."""

from __future__ import annotations

import json
from typing import Final

from ..visits import Endpoint, Reply, Visit
from .chat_address import RESUMED_LOGIN, ChatAddress, TokenField
from .framed_page import as_script_text, static_script

__all__ = ["SCRIPT_PATH", "Embedding"]

SCRIPT_PATH: Final = "embed.js"


class Embedding:
    """Tells the chat in a frame of the site's own page who is logged in (``externalCommand`` messages).

    The chat listens where ``Iframe_Integration_receive_enable`` is on and the site's origin stands in
    ``Iframe_Integration_receive_origin``. In mode mongodb there is no token that such a message could carry:
    the chat in the frame asks the API URL by itself, and the script only ends its session and steers it.
    """

    def __init__(self, chat: ChatAddress, *, token_field: TokenField, provider: str) -> None:
        self._chat = chat
        self._has_resume_token = token_field == RESUMED_LOGIN
        self._provider = provider

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The script, and what it asks."""
        return (Endpoint(SCRIPT_PATH, self.script), Endpoint("embed", self.answer))

    def script(self, visit: Visit) -> Reply:  # noqa: ARG002 - it is the same for everybody
        """The script, which knows the chat's origin and finds our addresses by its own."""
        facts = {
            "chatOrigin": self._chat.origin,
            "provider": self._provider,
            "sendsTokens": self._has_resume_token,
        }
        text = static_script(SCRIPT_PATH).replace("null /* facts */", as_script_text(facts), 1)
        return Reply(body=text, content_type="text/javascript")

    def answer(self, visit: Visit) -> Reply:
        """Who is logged in, for a page of the site itself."""
        if not visit.same_origin:
            return Reply(status=403)
        known: dict[str, object] = {"origin": self._chat.origin, "loggedIn": visit.user is not None}
        if self._has_resume_token and visit.user is not None and not visit.has_left:
            session = visit.session()
            if session is not None and session.token:
                known["loginToken"] = session.token
        return Reply(body=json.dumps(known), content_type="application/json")

"""What the chat's page, our frame in it, and pages that embed it ask of us."""

from __future__ import annotations

from ..visits import Endpoint
from .api_url import ApiUrl
from .chat_address import ChatAddress, TokenField
from .embed import SCRIPT_PATH, Embedding
from .frame import Frame
from .oauth import OAuthHandOver, OAuthVerifier

__all__ = ["BrowserSide"]


class BrowserSide:
    """The endpoints of a Rocket.Chat, put together."""

    def __init__(
        self,
        chat_url: str,
        *,
        token_field: TokenField,
        needs_password: bool = False,
        oauth: OAuthVerifier | None = None,
        embed: bool = False,
        provider: str = "rocketchat",
    ) -> None:
        """`token_field` is ``token`` where sessions hold the value of ``services.iframe.token``.

        `needs_password` says that the chat gives a session at a login only. `oauth` verifies what the chat's
        own OAuth logins brought; without it none are offered. `embed` switches the script for pages of the
        site on that show the chat in a frame. Raises `ValueError` for a `chat_url` that is no web address.
        """
        chat = ChatAddress.of(chat_url)
        # Where the chat itself is framed by a page of the site, that page is an ancestor of our frame too.
        ancestors = f"{chat.origin} 'self'" if embed else chat.origin
        api_url = ApiUrl(chat, token_field=token_field)
        frame = Frame(
            chat,
            token_field=token_field,
            provider=provider,
            ancestors=ancestors,
            oauth=oauth,
            needs_password=needs_password,
        )
        self.endpoints: tuple[Endpoint, ...] = (
            api_url.endpoint,
            frame.endpoint,
            *((OAuthHandOver(oauth).endpoint,) if oauth is not None else ()),
            *(Embedding(chat, token_field=token_field, provider=provider).endpoints if embed else ()),
        )
        self.page_script: str | None = SCRIPT_PATH if embed else None
        """The endpoint with the script that the site's pages shall run."""

"""What an owner has to enter in his store, and what he has to know of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..base import Advice, SiteFacts
from ..signed_tokens import SHORTEST_SAFE_KEY

__all__ = ["advice_for"]

_ANY_SITE: Final = "https://YOUR.SITE"


def advice_for(site: SiteFacts, *, provider: str, issuer: str, key_is_short: bool) -> Iterator[Advice]:
    """Sentences for `chatsso check`, the order of work first."""
    base = (site.site_url or _ANY_SITE) + site.mount
    if site.site_url is None:
        yield Advice(f"site_url is not set; where {_ANY_SITE} stands here, write your site's own address.")
    yield Advice(
        f"In the store's settings of the auth token, enter: issuer {issuer}; the key of {provider}.key"
        f" (HS256); redirect_url {base}/login?provider={provider}; logout_url"
        f" {base}/logout?provider={provider}."
    )
    if site.login_url is None:
        yield Advice(
            "login_url is not set, so whoever comes from the store to log in finds no login page.",
            urgent=True,
        )
    if key_is_short:
        yield Advice(
            f"The key has less than {SHORTEST_SAFE_KEY} octets, so it could be guessed from a token. Ask"
            " publica.la for a longer one."
        )
    yield Advice(
        "The store knows a user by his id on your site. One who has none is known by his email address, and"
        " is another user to the store when that changes."
    )
    yield Advice(
        "A logout on your site does not log out of the store, which offers no way to do that from outside; a"
        " deleted account must be deleted in the store by hand."
    )

"""What an owner has to set in his instance and in his site, and what no setting can change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..base import Advice
from ..signed_tokens import SHORTEST_SAFE_KEY, is_short

__all__ = ["advice_for"]


def advice_for(options: Mapping[str, Any], *, origin: str, widget_source: str) -> Iterator[Advice]:
    """Sentences for `chatsso check`, the order of work first. `origin` is that of the instance."""
    yield Advice(
        "In the instance's Admin Panel, under User Authentication, switch JWT on; the secret shown there is"
        " typingmind.secret. It must serve this one instance alone: a token names none."
    )
    if is_short(options["secret"]):
        yield Advice(
            f"typingmind.secret has less than {SHORTEST_SAFE_KEY} octets, so it could be guessed from a"
            " token. Ask TypingMind for a longer one."
        )
    if options["form"] == "user":
        yield Advice(
            "The first login of a visitor makes a user, who takes a seat of the instance; with no seat left"
            " he sees an error page of the chat."
        )
    else:
        yield Advice(
            "Only users whom the instance has already can log in (typingmind.form); with form = user they are"
            " made as they come."
        )
    yield Advice(f"Link to the chat from your pages as to any other address: {options['url']}/")
    yield from _of_widget(options["widget"], origin, widget_source)
    if options["api_key"] is None:
        yield Advice(
            "typingmind.api_key is not set, so an account that is deleted on the site cannot be deleted in"
            " the instance; the outbox then keeps the deletion for you. A key is made in the Admin Panel,"
            " under Integrations, API Integration."
        )
    yield Advice(
        "TypingMind has no way to end a session from outside: after a logout on your site, a browser stays"
        " logged in in the chat until it is logged out there or its token expires (typingmind.expires)."
    )


def _of_widget(placing: str, origin: str, source: str) -> Iterator[Advice]:
    if placing == "off":
        return
    if placing == "attribute":
        yield Advice(
            f'The widget shows on pages that have its tag, <script defer src="{source}"></script>, which is'
            " completed for members. With delivery = gateway pages hold no token, so it stays a guest's: set"
            " typingmind.widget = insert then, and take the tag off your pages."
        )
    else:
        yield Advice("The widget's tag is placed on every page; take a tag of your own off your pages.")
    yield Advice(
        "Where a page has a Content-Security-Policy, its script-src and its frame-src must name"
        f" {origin}, or the widget is blocked."
    )

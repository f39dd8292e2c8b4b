"""The sign-in page in a frame or a web view: the hand-over by a one-time code, and its use."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from ..signin.codes import LIFETIME, OneTimeCodes, StoreUnavailable
from ..signin.embedding import WEB_VIEW
from ..signin.languages import ENGLISH, N_
from ..signin.outcome import Down
from ..signin.pages import Surroundings
from ..signin.texts import alert_of
from ..users import ChatUser
from .answers import Answer
from .own_forms import Unreadable, form_fields
from .signin_answers import form_page, name_of, path_on_site, problem, see_other, shown, unembedded

__all__ = ["MESSAGE", "developers", "enter", "exchange", "hand_over"]

MESSAGE: Final = "chatsso:signin"
"""The type of the message that brings the code."""
_PLACEHOLDER: Final = "https://www.example.com"


def hand_over(request: Any, around: Surroundings, user: ChatUser) -> Answer:
    """A page whose script hands a code for `user` to whoever shows it."""
    audience = around.place.audience
    if audience is None:  # the page was opened by itself meanwhile
        return see_other(request, around.destination)
    try:
        code = _codes(request).issue(user, audience)
    except StoreUnavailable:
        return form_page(request, around, status=503, alert=alert_of(Down(), around.language))
    return shown(
        request,
        "handed_over",
        around,
        name=name_of(user),
        destination=around.destination,
        hand_over={"message": {"type": MESSAGE, "code": code}, "origin": around.place.origin},
    )


def exchange(request: Any) -> Answer:
    """Whom a code stands for, told once to the one that it was made for.

    A server says itself whom it asks for. For a page the browser says it by Origin, so that no page can show
    another's code, nor read the answer.
    """
    origin = request.headers.get("Origin")
    allowed = request.hosted_page.embedding.origins
    try:
        fields = form_fields(request)
    except Unreadable:
        fields = {}
    audience = fields.get("audience", "")
    grant = None
    try:
        if audience in (*allowed, WEB_VIEW) and origin in (None, audience):
            grant = _codes(request).redeem(fields.get("code", ""), audience)
    except StoreUnavailable:
        answer = Answer(status=503, json_body={"error": "unavailable"})
    else:
        answer = (
            Answer(status=400, json_body={"error": "invalid_code"})
            if grant is None
            else Answer(json_body=_facts(grant.user))
        )
    answer.headers["Vary"] = "Origin"
    if origin in allowed:
        answer.headers["Access-Control-Allow-Origin"] = origin
    return answer


def enter(request: Any) -> Answer:
    """Log the browser in here whom a page in whose frame somebody logged in sends on, with his code.

    The browser says in Origin which page that is: a stranger's cannot log anybody in as somebody else.
    """
    origin = request.headers.get("Origin", "")
    fields = form_fields(request)
    grant = None
    status = 400
    try:
        if origin in request.hosted_page.embedding.origins:
            grant = _codes(request).redeem(fields.get("code", ""), origin)
    except StoreUnavailable:  # the log says so; he can log in without a code
        status = 503
    if grant is None:
        return problem(
            request,
            unembedded(request),
            status,
            N_("You could not be logged in"),
            N_("The login that you bring is used already, or too old. Please log in here."),
        )
    request.chatsso.log_in(grant.user)
    return see_other(request, path_on_site(fields.get("next")) or unembedded(request).front)


def developers(request: Any) -> Answer:
    """How to show the page in a frame or a web view, and what to do with a code."""
    hosted = request.hosted_page
    around = replace(unembedded(request), language=ENGLISH)
    return shown(
        request,
        "developers",
        around,
        languages=(),
        site=hosted.site_origin or _PLACEHOLDER,
        base=around.base,
        origins=hosted.embedding.origins,
        web_views=hosted.embedding.in_web_views,
        lifetime=LIFETIME,
    )


def _codes(request: Any) -> OneTimeCodes:
    codes: OneTimeCodes = request.hosted_page.codes
    return codes


def _facts(user: ChatUser) -> dict[str, str | None]:
    return {name: getattr(user, name) for name in ("id", "email", "username", "name", "avatar_url")}

"""The hosted login page: the form, what becomes of it, and the way out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from pyramid.config import Configurator

from ..sessions import Credentials
from ..signin.hosted_page import HostedPage
from ..signin.languages import N_
from ..signin.outcome import Accepted, Down, Limited, Outcome, Refused
from ..signin.pages import Surroundings
from ..signin.texts import Alert, Field, alert_of, missing_alert, stale_alert
from . import signin_embedding as embedding
from .answers import Answer
from .own_forms import Unreadable, brings_mark, comes_from_us, form_fields
from .signin_answers import (
    PlaceRefused,
    form_page,
    logged_in_page,
    name_of,
    problem,
    renew_mark,
    see_other,
    shown,
    surroundings,
    unembedded,
)
from .views import refuse_other_methods

__all__ = ["add_signin"]

log = logging.getLogger(__name__)

View = Callable[[Any], Answer]

_COME_BACK_AFTER: Final = 5
"""Seconds."""
_READ: Final = ("GET", "HEAD")
_REFUSED: Final = 422
"""For a form that is refused: with a status of success, browsers would offer to save the wrong password."""


def add_signin(config: Configurator, hosted: HostedPage) -> None:
    """Add the addresses of `hosted` below ``signin``."""
    config.add_request_method(lambda _: hosted, "hosted_page", reify=True)
    views: list[tuple[str, str, Sequence[tuple[View, Sequence[str]]]]] = [
        ("signin", "/signin", ((show, _READ), (submit, ("POST",)))),
        ("signin logout", "/signin/logout", ((ask_to_leave, _READ), (leave, ("POST",)))),
    ]
    if hosted.embedding:
        views += [
            ("signin code", "/signin/code", ((embedding.exchange, ("POST",)),)),
            ("signin embed", "/signin/embed", ((embedding.developers, _READ),)),
        ]
    if hosted.embedding.origins:
        views.append(("signin enter", "/signin/enter", ((embedding.enter, ("POST",)),)))
    for name, pattern, by_method in views:
        config.add_route(name, pattern)
        allowed = [method for _, methods in by_method for method in methods]
        for view, methods in by_method:
            config.add_view(view, route_name=name, request_method=methods)
        config.add_view(refuse_other_methods(allowed), route_name=name)
    config.add_exception_view(_refuse_place, context=PlaceRefused)
    config.add_exception_view(_refuse_form, context=Unreadable)


def show(request: Any) -> Answer:
    """The form; or who is logged in already."""
    around = surroundings(request)
    user = request.chatsso.user
    return form_page(request, around) if user is None else logged_in_page(request, around, user)


def submit(request: Any) -> Answer:
    """Log in, or say what is amiss."""
    around = surroundings(request)
    fields = form_fields(request)
    marked = brings_mark(request, fields)
    if "go_on" in fields and marked and request.chatsso.user is not None:
        return embedding.hand_over(request, around, request.chatsso.user)
    # In another site's frame no cookie can vouch for the form. A login there changes nothing in this browser:
    # it ends in a code for the one page around it, which a forged form does not have.
    if not (marked or (around.place.kind == "frame" and comes_from_us(request))):
        return _again(request, around, fields, stale_alert(around.language), 403)
    missing = _missing(request.hosted_page, fields)
    if missing:
        return _again(request, around, fields, missing_alert(missing, around.language), _REFUSED)
    outcome = _attempt(request, fields)
    if not isinstance(outcome, Accepted):
        return _refused(request, around, fields, outcome)
    if around.place.kind == "frame":
        return embedding.hand_over(request, around, outcome.user)
    request.chatsso.log_in(outcome.user, credentials=Credentials(password=fields["password"]))
    if around.place.kind == "tab":
        return see_other(request, around.destination)
    return renew_mark(request, embedding.hand_over(request, around, outcome.user))


def _attempt(request: Any, fields: Mapping[str, str]) -> Outcome:
    """Ask the external system; while it holds others up, that is not worth another of the site's threads."""
    with request.endpoints.turn() as admitted:
        if not admitted:
            log.warning("Logins wait for the external system, so one more was sent away for a moment")
            return Down(retry_after=_COME_BACK_AFTER)
        outcome: Outcome = request.hosted_page.sign_in.attempt(
            fields,
            remote=request.environ.get("REMOTE_ADDR", ""),
            forwarded_for=request.headers.get("X-Forwarded-For", ""),
        )
    return outcome


def ask_to_leave(request: Any) -> Answer:
    """Ask before a session is ended: a GET may come from anywhere."""
    return _leaving(request, surroundings(request))


def leave(request: Any) -> Answer:
    """Log out."""
    around = surroundings(request)
    if not brings_mark(request, form_fields(request)):
        again = Alert(around.language.text(N_("Please try once more")))
        return _leaving(request, around, status=403, alert=again)
    request.chatsso.log_out()
    return see_other(request, around.destination if around.place.kind == "tab" else around.address())


def _leaving(request: Any, around: Surroundings, *, status: int = 200, alert: Alert | None = None) -> Answer:
    user = request.chatsso.user
    return shown(
        request,
        "log_out",
        around,
        status=status,
        alert=alert,
        name=None if user is None else name_of(user),
        action=around.address("/logout"),
        log_in=around.address(),
        destination=around.destination,
    )


def _missing(hosted: HostedPage, fields: Mapping[str, str]) -> list[Field]:
    missing: list[Field] = [name for name in ("login", "password") if not fields.get(name, "").strip()]
    if hosted.links.terms_required and not fields.get("terms"):
        missing.append("terms")
    return missing


def _refused(
    request: Any, around: Surroundings, fields: Mapping[str, str], outcome: Refused | Limited | Down
) -> Answer:
    alert = alert_of(outcome, around.language)
    match outcome:
        case Limited(retry_after=seconds):
            answer = _again(request, around, fields, alert, 429)
            answer.headers["Retry-After"] = str(seconds)
        case Down(retry_after=seconds):
            answer = _again(request, around, fields, alert, 503)
            if seconds is not None:
                answer.headers["Retry-After"] = str(seconds)
        case _:
            answer = _again(request, around, fields, alert, _REFUSED)
    return answer


def _again(
    request: Any, around: Surroundings, fields: Mapping[str, str], alert: Alert, status: int
) -> Answer:
    return form_page(
        request,
        around,
        status=status,
        alert=alert,
        login=fields.get("login", ""),
        terms=bool(fields.get("terms")),
    )


def _refuse_place(_error: PlaceRefused, request: Any) -> Answer:
    return problem(
        request,
        unembedded(request),
        400,
        N_("This page cannot be shown here"),
        N_("The page or the app around it is not among those that may show this login page."),
    )


def _refuse_form(_error: Unreadable, request: Any) -> Answer:
    return problem(
        request,
        unembedded(request),
        400,
        N_("That did not come from this page"),
        N_("What was sent cannot be read. Open the page anew, and try again."),
    )

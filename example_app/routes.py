"""Every page in one table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from pyramid.config import Configurator
from pyramid.exceptions import BadCSRFOrigin, BadCSRFToken

from .views import joining, pages, profile, refusals

__all__ = ["add_to"]

READ: Final = ("GET",)  # Pyramid adds HEAD
FORM: Final = ("GET", "POST")


@dataclass(frozen=True, slots=True)
class Page:
    """An address, the function that answers, and who may see it."""

    name: str
    pattern: str
    view: Callable[[Any], Any]
    template: str | None = None
    methods: tuple[str, ...] = READ
    permission: str | None = None


PAGES: Final = (
    Page("front", "/", pages.front, "front"),
    Page("events", "/events", pages.events, "events"),
    Page("members", "/members", pages.members, "members", permission="member"),
    Page("room", "/shed", pages.room, "room"),
    Page("committee", "/committee", pages.committee, "committee", permission="committee"),
    Page("avatar", "/avatars/{name}.png", pages.avatar),
    Page("sign_up", "/signup", joining.sign_up, "sign_up", FORM),
    Page("log_in", "/login", joining.log_in, "log_in", FORM),
    Page("log_out", "/logout", joining.log_out, "log_out", FORM),
    Page("profile", "/profile", profile.profile, "profile", permission="member"),
    Page("words", "/profile/about", profile.words, "words", FORM, "member"),
    Page("picture", "/profile/picture", profile.picture, "picture", FORM, "member"),
    Page("email", "/profile/email", profile.email, "email", FORM, "member"),
    Page("password", "/profile/password", profile.password, "password", FORM, "member"),
    Page("delete", "/profile/delete", profile.delete, "delete", FORM, "member"),
)


def add_to(config: Configurator) -> None:
    """Register every page, the static files and the refusals."""
    for page in PAGES:
        renderer = None if page.template is None else f"templates/{page.template}.jinja2"
        config.add_route(page.name, page.pattern)
        config.add_view(
            page.view,
            route_name=page.name,
            renderer=renderer,
            request_method=page.methods,
            permission=page.permission,
        )
    config.add_static_view("static", "static", cache_max_age=300)
    config.add_notfound_view(refusals.not_found, renderer="templates/not_found.jinja2")
    config.add_forbidden_view(refusals.forbidden, renderer="templates/forbidden.jinja2")
    for error in (BadCSRFToken, BadCSRFOrigin):
        config.add_exception_view(refusals.stale_form, context=error, renderer="templates/stale_form.jinja2")
    config.add_exception_view(
        refusals.not_understood, context=UnicodeDecodeError, renderer="templates/not_understood.jinja2"
    )

"""Sign up, log in, log out."""

from __future__ import annotations

from datetime import date
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.security import forget, remember

from chatsso_middleware.urls import is_path_on_this_host

from .. import accounts, chat
from ..database import User
from ..forms import LogInForm, SignUpForm
from ..security import REMEMBERED_FOR

__all__ = ["log_in", "log_out", "sign_up"]


def sign_up(request: Any) -> Any:
    if request.identity is not None:
        return HTTPSeeOther(where_from(request))
    form = SignUpForm(request.POST)
    if request.method == "POST" and form.validate():
        try:
            user = accounts.sign_up(
                request.db,
                email=form.email.data or "",
                username=form.username.data or "",
                password=form.password.data or "",
                joined=date.today(),  # noqa: DTZ011 - the wall calendar of the place
            )
        except accounts.Taken as taken:
            say_taken(form[taken.field], taken)
        else:
            password = form.password.data or ""
            chat.joined(request, user, password)
            return enter(request, user, password, f"Welcome to Millbrook Lane, {user.username}.", stay=False)
    return {"form": form, "came_from": where_from(request)}


def log_in(request: Any) -> Any:
    if request.identity is not None:
        return HTTPSeeOther(where_from(request))
    form = LogInForm(request.POST)
    if request.method == "POST" and form.validate():
        password = form.password.data or ""
        user = accounts.authenticate(request.db, form.email.data or "", password)
        if user is not None:
            return enter(
                request, user, password, f"Good to see you, {user.username}.", stay=form.remember.data
            )
        # One answer for both, so that nobody can ask this form who is a member.
        form.email.errors = ["Email address and password do not belong together"]
    return {"form": form, "came_from": where_from(request)}


def log_out(request: Any) -> Any:
    """The page asks, the button does it: a mere link or picture on another site logs nobody out."""
    if request.method != "POST":
        return {}
    return leave(request, "You are logged out. See you on the plots.")


def where_from(request: Any) -> str:
    """The page that sent the visitor here, or the front page. Never another site."""
    came_from: str = request.params.get("came_from", "")
    front: str = request.route_path("front")
    return came_from if is_path_on_this_host(came_from) else front


def enter(request: Any, user: User, password: str, greeting: str, *, stay: bool) -> HTTPSeeOther:
    """Log `user` in, in a new session: whoever planted the old one in this browser does not come along."""
    came_from = where_from(request)
    request.session.invalidate()
    if not request.is_framed:  # else he goes on in the chat, and would be greeted whenever he comes back
        request.session.flash(greeting)
    headers = remember(request, user.id, max_age=REMEMBERED_FOR if stay else None)
    chat.logged_in(request, user, password, remember=stay)
    return HTTPSeeOther(came_from, headers=headers)


def leave(request: Any, farewell: str) -> HTTPSeeOther:
    """Log out whoever is logged in."""
    request.session.invalidate()
    request.session.flash(farewell)
    headers = forget(request)
    chat.logged_out(request)
    return HTTPSeeOther(request.route_path("front"), headers=headers)


def say_taken(field: Any, taken: accounts.Taken) -> None:
    """Put the reason of a refusal where the form shows it."""
    things = {"email": "email address", "username": "display name"}
    field.errors = [f"Another member has this {things[taken.field]}"]

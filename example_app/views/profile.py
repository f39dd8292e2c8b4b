"""A member's own account: what each page changes on the site is told to the chat in the next line."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.security import remember

from .. import accounts, chat, pictures
from ..forms import DeleteForm, EmailForm, PasswordForm, PictureForm, ProfileForm
from .joining import leave, say_taken

__all__ = ["delete", "email", "password", "picture", "profile", "words"]

WRONG_PASSWORD = "This is not your password"  # noqa: S105 - what a form says


def profile(request: Any) -> dict[str, Any]:
    return {}


def words(request: Any) -> Any:
    """Display name and the line below it."""
    user = request.identity
    form = ProfileForm(request.POST, obj=user)
    if request.method == "POST" and form.validate():
        username = form.username.data or ""
        changed = username != user.username
        try:
            accounts.change_username(request.db, user, username)
        except accounts.Taken as taken:
            say_taken(form.username, taken)
        else:
            user.about = form.about.data or ""
            if changed:
                chat.edited(request, user.email, username=username)
            return saved(request, "Your profile is saved.")
    return {"form": form}


def email(request: Any) -> Any:
    user = request.identity
    form = EmailForm(request.POST)
    if request.method == "POST" and form.validate():
        old, new = user.email, form.email.data or ""
        if not accounts.has_password(user, form.password.data or ""):
            form.password.errors = [WRONG_PASSWORD]
        elif new == old:
            form.email.errors = ["This is your email address already"]
        else:
            try:
                accounts.change_email(request.db, user, new)
            except accounts.Taken as taken:
                say_taken(form.email, taken)
            else:
                chat.edited(request, old, email=new)
                return saved(request, "Your email address is changed. Log in with the new one from now on.")
    return {"form": form}


def password(request: Any) -> Any:
    user = request.identity
    form = PasswordForm(request.POST)
    if request.method == "POST" and form.validate():
        if accounts.has_password(user, form.password.data or ""):
            accounts.change_password(request.db, user, form.new_password.data or "")
            chat.edited(request, user.email, password=form.new_password.data or "")
            response = saved(request, "Your password is changed. Other devices have to log in again.")
            response.headers.extend(remember(request, user.id))
            return response
        form.password.errors = [WRONG_PASSWORD]
    return {"form": form}


def picture(request: Any) -> Any:
    """Take a new picture, or take the present one away."""
    user = request.identity
    form = PictureForm(request.POST)
    if request.method != "POST":
        return {"form": form}
    if "remove" in request.POST:
        accounts.change_picture(request.db, user, None)
        chat.edited(request, user.email, avatar_url="")
        return saved(request, "Your picture is taken away.")
    try:
        png = pictures.as_avatar(uploaded(request, form.picture.data))
    except pictures.Unusable as unusable:
        form.picture.errors = [str(unusable)]
        return {"form": form}
    accounts.change_picture(request.db, user, png)
    chat.edited(request, user.email, avatar_url=chat.avatar_url(request, user) or "")
    return saved(request, "Your new picture is up.")


def delete(request: Any) -> Any:
    user = request.identity
    form = DeleteForm(request.POST)
    if request.method == "POST" and form.validate():
        if accounts.has_password(user, form.password.data or ""):
            address = user.email
            request.db.delete(user)
            request.db.flush()
            chat.left(request, address)
            return leave(request, "Your account is deleted. Thank you for your time with us.")
        form.password.errors = [WRONG_PASSWORD]
    return {"form": form}


def saved(request: Any, message: str) -> HTTPSeeOther:
    """Back to the profile, with a line that says what was done."""
    request.session.flash(message)
    return HTTPSeeOther(request.route_path("profile"))


def uploaded(request: Any, field: Any) -> bytes:
    """The bytes of an upload, at most one more than allowed. Raises `Unusable` if no file was chosen."""
    file = getattr(field, "file", None)
    if file is None:
        raise pictures.Unusable("Choose a picture first")
    # A large body lies in two temporary files: WebOb's copy of it all, and the field's own.
    with file, request.body_file_raw:
        content: bytes = file.read(pictures.LARGEST_UPLOAD + 1)
    return content

"""What can happen to a member's account. Knows no requests and no chat."""

from __future__ import annotations

import secrets
from datetime import date

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import select
from sqlalchemy.orm import Session

from .database import User

__all__ = [
    "Taken",
    "authenticate",
    "change_email",
    "change_password",
    "change_picture",
    "change_username",
    "has_password",
    "sign_up",
]

_HASHER = PasswordHasher()
# Compared with when the address is unknown, so that the answer takes as long as for a wrong password.
_NOBODYS_HASH = _HASHER.hash(secrets.token_urlsafe())


class Taken(Exception):
    """Another member has this already."""

    def __init__(self, field: str) -> None:
        self.field = field
        super().__init__(f"another member has this {field}")


def sign_up(db: Session, *, email: str, username: str, password: str, joined: date) -> User:
    """A new member, on the waiting list. Raises `Taken`."""
    _refuse_taken(db, "email", email)
    _refuse_taken(db, "username", username)
    user = User(
        email=email,
        username=username,
        password_hash=_HASHER.hash(password),
        login_stamp=secrets.token_hex(8),
        joined=joined,
        about="",
    )
    db.add(user)
    db.flush()
    return user


def authenticate(db: Session, email: str, password: str) -> User | None:
    """The member with this address, if the password is the member's."""
    user = db.scalar(select(User).where(User.email == email))
    if user is None:
        _verify(_NOBODYS_HASH, password)
        return None
    if not has_password(user, password):
        return None
    if _HASHER.check_needs_rehash(user.password_hash):
        user.password_hash = _HASHER.hash(password)
    return user


def has_password(user: User, password: str) -> bool:
    """Whether `password` is the member's."""
    return _verify(user.password_hash, password)


def change_username(db: Session, user: User, username: str) -> None:
    """Raises `Taken`."""
    _refuse_taken(db, "username", username, besides=user)
    user.username = username
    db.flush()


def change_email(db: Session, user: User, email: str) -> None:
    """Raises `Taken`."""
    _refuse_taken(db, "email", email, besides=user)
    user.email = email
    db.flush()


def change_password(db: Session, user: User, password: str) -> None:
    """Ends every login of the member, the one that asks for it too."""
    user.password_hash = _HASHER.hash(password)
    user.login_stamp = secrets.token_hex(8)
    db.flush()


def change_picture(db: Session, user: User, png: bytes | None) -> None:
    """`None` takes the picture away."""
    user.avatar_png = png
    user.avatar_name = None if png is None else secrets.token_hex(12)
    db.flush()


def _refuse_taken(db: Session, field: str, value: str, *, besides: User | None = None) -> None:
    owner = db.scalar(select(User.id).where(getattr(User, field) == value))
    if owner is not None and (besides is None or owner != besides.id):
        raise Taken(field)


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except VerifyMismatchError:
        return False

"""A directory of users that other systems ask whether a login and a password belong together."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from typing import Final

from ..calls import CallLog
from ..faults import Faults
from .answers import SHAPES, Answer, Shape, answer_of
from .people import People

__all__ = ["LOGIN_PATH", "Directory"]

LOGIN_PATH: Final = "/login"


class Directory:
    """People, and how the directory speaks of them; `shape` may be changed while it runs."""

    def __init__(
        self,
        *,
        shape: Shape = "plain",
        api_key: str | None = None,
        login_field: str = "login",
        password_field: str = "password",  # noqa: S107 - the name of a field
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`api_key` is what the header X-Api-Key must hold, if one is asked for at all.

        Raises `ValueError` for a shape that is not known.
        """
        if shape not in SHAPES:
            raise ValueError(f"A directory answers in the shape {' or '.join(SHAPES)}")
        self.shape: Shape = shape
        self.api_key = api_key
        self.login_field = login_field
        self.password_field = password_field
        self.people = People()
        self.calls = CallLog(clock, secrets=frozenset(), tokens=frozenset())
        self.faults = Faults(on=LOGIN_PATH)
        self.fail_with = self.faults.fail_with
        self.recover = self.faults.recover

    def key_is(self, key: str) -> bool:
        """Whether a caller with `key` may ask."""
        return self.api_key is None or hmac.compare_digest(key.encode(), self.api_key.encode())

    def log_in(self, login: str, password: str) -> Answer:
        """What somebody with this login and password gets."""
        person = self.people.verify(login, password)
        if person is None:
            return answer_of(self.shape, "INVALID_CREDENTIALS")
        if person.state == "locked":
            return answer_of(self.shape, "LOCKED")
        if person.state == "expired":
            return answer_of(self.shape, "EXPIRED")
        return answer_of(self.shape, person)

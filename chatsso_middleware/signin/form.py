"""What a visitor entered."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ..secret import Secret

__all__ = ["FIELDS", "Form"]

FIELDS: Final = ("login", "password")
"""The fields of the form, by the names that the settings and the page have for them."""


@dataclass(frozen=True, slots=True)
class Form:
    """One attempt. Its repr shows neither: people type passwords into the wrong field."""

    login: Secret
    password: Secret

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> Form:
        """The form with `fields`; one that is missing counts as empty.

        The login loses the white space around it, which phones add; the password keeps its own.
        """
        return cls(Secret(fields.get("login", "").strip()), Secret(fields.get("password", "")))

    def values(self) -> dict[str, str]:
        """What was entered, by the name of the field."""
        return {"login": self.login.reveal(), "password": self.password.reveal()}

    @property
    def basic(self) -> str:
        """Both, as the Basic scheme has them behind its name (RFC 7617, section 2)."""
        return base64.b64encode(f"{self.login.reveal()}:{self.password.reveal()}".encode()).decode()

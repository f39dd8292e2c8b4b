"""What the form says when something is amiss. Each text is a message of the catalogues."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import ceil
from typing import Final, Literal

from .languages import N_, Language
from .outcome import Down, Limited, Refused

__all__ = ["Alert", "Field", "Mistake", "alert_of", "missing_alert", "stale_alert"]

Field = Literal["login", "password", "terms"]


EMPTY: Final[dict[Field, str]] = {
    "login": N_("Enter your user name or email address."),
    "password": N_("Enter your password."),
    "terms": N_("Tick the box if you accept the terms and conditions. Without that you cannot log in."),
}
_UNUSABLE: Final = {
    "too_long": N_("This is too long. Please check it."),
    "unreadable": N_("A character stands here that cannot be used. Please type it anew."),
}
"""By the code of a refusal before anything was sent."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something that can be mended in one field."""

    field: Field
    text: str


@dataclass(frozen=True, slots=True)
class Alert:
    """What stands above the form."""

    title: str
    text: str = ""
    mistakes: tuple[Mistake, ...] = ()
    doubts: frozenset[Field] = frozenset()
    """Fields that may be wrong, without saying which."""

    @property
    def by_field(self) -> dict[Field, str]:
        """What to say beside each field, empty for those that are fine."""
        return dict.fromkeys(EMPTY, "") | {mistake.field: mistake.text for mistake in self.mistakes}


def missing_alert(fields: Iterable[Field], language: Language) -> Alert:
    """Nothing was sent: these fields are empty."""
    return _input_alert(*(Mistake(field, language.text(EMPTY[field])) for field in fields), language=language)


def stale_alert(language: Language) -> Alert:
    """The form did not bring the mark that our page gave it."""
    text = N_(
        "This page was open for a long time, or your browser keeps our cookies away. "
        "Please enter your password again."
    )
    return Alert(language.text(N_("Please try once more")), language.text(text))


def alert_of(outcome: Refused | Limited | Down, language: Language) -> Alert:
    """What the visitor reads of an attempt that failed. The owner's own words go before ours."""
    match outcome:
        case Refused(code="missing", reason="input", field="login" | "password" as field):
            return missing_alert([field], language)
        case Refused(message=message, code=code, reason="input", field=field):
            text = message or _UNUSABLE.get(code) or N_("This cannot be right. Please check it.")
            if field is None:
                return replace(_input_alert(language=language), text=language.text(text))
            return _input_alert(Mistake(field, language.text(text)), language=language)
        case Refused(message=message, reason="credentials"):
            text = message or N_("The user name or the password is wrong.")
            return Alert(
                language.text(N_("You could not be logged in")),
                language.text(text),
                doubts=frozenset(("login", "password")),
            )
        case Refused(message=message):
            text = message or N_("Your account cannot be used here at the moment.")
            return Alert(language.text(N_("You could not be logged in")), language.text(text))
        case Limited(retry_after=seconds):
            return Alert(language.text(N_("Please wait a moment")), _wait(seconds, language))
    text = outcome.message or N_(
        "The service that checks passwords cannot be reached. It is not your password: "
        "please try again in a few minutes."
    )
    return Alert(language.text(N_("Logging in does not work at the moment")), language.text(text))


def _input_alert(*mistakes: Mistake, language: Language) -> Alert:
    return Alert(language.text(N_("Please check what you entered")), mistakes=mistakes)


def _wait(seconds: int, language: Language) -> str:
    if seconds <= 90:
        return language.counted(
            "There were too many attempts. You can try again in %(num)d second.",
            "There were too many attempts. You can try again in %(num)d seconds.",
            seconds,
        )
    return language.counted(
        "There were too many attempts. You can try again in %(num)d minute.",
        "There were too many attempts. You can try again in %(num)d minutes.",
        ceil(seconds / 60),
    )

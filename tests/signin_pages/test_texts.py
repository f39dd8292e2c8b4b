from __future__ import annotations

import pytest

from chatsso_middleware.signin.languages import Languages
from chatsso_middleware.signin.outcome import Down, Limited, Refused
from chatsso_middleware.signin.texts import alert_of, missing_alert

LANGUAGES = Languages(("en", "de"))
ENGLISH = LANGUAGES.first


@pytest.mark.parametrize(
    ("outcome", "title", "text"),
    [
        (Refused(), "You could not be logged in", "The user name or the password is wrong."),
        (Refused("Nobody knows that.", "401"), "You could not be logged in", "Nobody knows that."),
        (Refused(reason="other"), "You could not be logged in", "Your account cannot be used here at the"),
        (
            Refused("Locked until noon.", "LOCKED", "other"),
            "You could not be logged in",
            "Locked until noon.",
        ),
        (Refused(reason="input"), "Please check what you entered", "This cannot be right."),
        (Down(), "Logging in does not work at the moment", "It is not your password"),
        (Down("Back at six."), "Logging in does not work at the moment", "Back at six."),
        (Limited(1, "account"), "Please wait a moment", "You can try again in 1 second."),
        (Limited(90, "account"), "Please wait a moment", "You can try again in 90 seconds."),
        (Limited(91, "address"), "Please wait a moment", "You can try again in 2 minutes."),
        (Limited(3600, "address"), "Please wait a moment", "You can try again in 60 minutes."),
    ],
)
def test_each_outcome_has_its_words(outcome: Refused | Limited | Down, title: str, text: str) -> None:
    alert = alert_of(outcome, ENGLISH)
    assert alert.title == title
    assert text in alert.text
    assert alert.mistakes == ()


@pytest.mark.parametrize(
    ("refused", "text"),
    [
        (Refused(code="missing", reason="input", field="login"), "Enter your user name or email address."),
        (Refused(code="missing", reason="input", field="password"), "Enter your password."),
        (Refused(code="too_long", reason="input", field="login"), "This is too long."),
        (Refused(code="unreadable", reason="input", field="login"), "A character stands here"),
        (Refused(None, "check.login", "input", "login"), "This cannot be right."),
        (Refused("Use your company's address.", "check.login", "input", "login"), "Use your company's"),
    ],
)
def test_a_mistake_stands_at_its_field(refused: Refused, text: str) -> None:
    alert = alert_of(refused, ENGLISH)
    (mistake,) = alert.mistakes
    assert mistake.field == refused.field
    assert mistake.text.startswith(text)
    assert alert.by_field[mistake.field] == mistake.text
    assert sum(map(bool, alert.by_field.values())) == 1


def test_wrong_credentials_put_both_fields_in_doubt_and_name_none() -> None:
    alert = alert_of(Refused(), ENGLISH)
    assert alert.doubts == {"login", "password"}
    assert not any(alert.by_field.values())


def test_texts_come_in_the_visitors_language_and_owners_texts_as_they_are() -> None:
    german = LANGUAGES.get("de")
    assert german is not None
    assert alert_of(Refused(), german).text == "Der Benutzername oder das Passwort ist falsch."
    assert alert_of(Refused("Call 100%."), german).text == "Call 100%."
    assert missing_alert(["terms"], german).mistakes[0].text.startswith("Setzen Sie das Häkchen")

"""What visitors fill in, and what is said to them when it cannot be taken."""

from __future__ import annotations

from typing import Final

from wtforms import (
    BooleanField,
    EmailField,
    FileField,
    Form,
    PasswordField,
    StringField,
    TextAreaField,
    validators,
)

__all__ = [
    "DeleteForm",
    "EmailForm",
    "LogInForm",
    "PasswordForm",
    "PictureForm",
    "ProfileForm",
    "SignUpForm",
]

# A comma, a quotation mark or a space in an address would make it two addresses, or none, for mail and chat.
# U+FFFD is what bytes that are no text have become on their way here.
LOCAL_PART: Final = r"""[^@\s,;:"()<>\[\]\\\x00-\x1f\x7f\ufffd]+"""
LABEL: Final = r"[^\W_](?:[^\W_]|-)*"
EMAIL: Final = rf"{LOCAL_PART}@(?:{LABEL}\.)+{LABEL}\Z"
DISPLAY_NAME: Final = r"[^\W_](?:[^\W_]|[ .'\u2019-])*\Z"
SHORTEST_PASSWORD: Final = 10
# Longer ones only keep the hash function busy.
LONGEST_PASSWORD: Final = 200


def _stripped(text: str | None) -> str | None:
    return text.strip() if text else text


def _email(label: str) -> EmailField:
    return EmailField(
        label,
        filters=[_stripped],
        validators=[
            validators.InputRequired("Enter an email address"),
            validators.Length(max=254, message="Enter an email address of at most 254 characters"),
            validators.Regexp(EMAIL, message="Enter an email address like name@example.com"),
        ],
        render_kw={"autocomplete": "email", "spellcheck": "false", "autocapitalize": "none"},
    )


def _display_name() -> StringField:
    return StringField(
        "Display name",
        filters=[_stripped],
        validators=[
            validators.InputRequired("Enter the name that other members shall see"),
            validators.Length(min=2, max=30, message="The display name has 2 to 30 characters"),
            validators.Regexp(
                DISPLAY_NAME,
                message="A display name is letters, digits, spaces, full stops, hyphens and apostrophes",
            ),
        ],
        render_kw={"autocomplete": "nickname"},
    )


def _new_password(label: str) -> PasswordField:
    return PasswordField(
        label,
        validators=[
            validators.InputRequired("Choose a password"),
            validators.Length(
                min=SHORTEST_PASSWORD,
                max=LONGEST_PASSWORD,
                message=f"The password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters",
            ),
        ],
        render_kw={"autocomplete": "new-password"},
    )


def _present_password(label: str) -> PasswordField:
    return PasswordField(
        label,
        validators=[
            validators.InputRequired("Enter your password"),
            validators.Length(max=LONGEST_PASSWORD, message="This is not your password"),
        ],
        render_kw={"autocomplete": "current-password"},
    )


class SignUpForm(Form):
    """Become a member."""

    username = _display_name()
    email = _email("Email address")
    password = _new_password("Password")


class LogInForm(Form):
    """Log in."""

    email = EmailField(
        "Email address",
        filters=[_stripped],
        validators=[validators.InputRequired("Enter your email address")],
        render_kw={"autocomplete": "username", "spellcheck": "false", "autocapitalize": "none"},
    )
    password = _present_password("Password")
    remember = BooleanField("Remember me on this device")


class ProfileForm(Form):
    """What other members see."""

    username = _display_name()
    about = TextAreaField(
        "What do you grow?",
        filters=[_stripped],
        validators=[validators.Length(max=140, message="Keep it to 140 characters")],
        render_kw={"rows": "3"},
    )


class PictureForm(Form):
    """A new picture."""

    picture = FileField("Picture", render_kw={"accept": "image/jpeg,image/png,image/webp,image/gif"})


class EmailForm(Form):
    """A new email address."""

    email = _email("New email address")
    password = _present_password("Your password")


class PasswordForm(Form):
    """A new password."""

    password = _present_password("Present password")
    new_password = _new_password("New password")


class DeleteForm(Form):
    """The end of an account."""

    password = _present_password("Your password")

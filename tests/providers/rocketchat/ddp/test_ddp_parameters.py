from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from chatsso_middleware.errors import InvalidUser
from chatsso_middleware.providers.rocketchat.ddp import OAuthLogin, PasswordLogin, ResumeLogin

DIGEST = hashlib.sha256(b"pass").hexdigest()


def test_a_password_goes_as_its_digest_with_a_user_name_or_an_address() -> None:
    digest = {"digest": DIGEST, "algorithm": "sha-256"}
    by_name = PasswordLogin.with_password("username", "ann", "pass")
    by_address = PasswordLogin.with_password("email", "ann@example.com", "pass")
    assert by_name.parameter == {"user": {"username": "ann"}, "password": digest}
    assert by_address.parameter == {"user": {"email": "ann@example.com"}, "password": digest}
    assert by_name == PasswordLogin("username", "ann", DIGEST)


def test_a_password_is_digested_as_utf_8() -> None:
    login = PasswordLogin.with_password("username", "ann", "pässwörd\n")
    assert login.digest == hashlib.sha256(b"p\xc3\xa4ssw\xc3\xb6rd\n").hexdigest()


def test_an_oauth_credential_and_a_token_go_as_documented() -> None:
    assert OAuthLogin("T", "S").parameter == {"oauth": {"credentialToken": "T", "credentialSecret": "S"}}
    assert ResumeLogin("T").parameter == {"resume": "T"}


def test_only_an_oauth_credential_is_good_for_one_time() -> None:
    logins = (PasswordLogin("username", "ann", DIGEST), OAuthLogin("T", "S"), ResumeLogin("T"))
    assert [login.good_once for login in logins] == [False, True, False]


def test_no_secret_is_shown() -> None:
    logins = (PasswordLogin.with_password("username", "ann", "pass"), OAuthLogin("S3cret", "S3cret"))
    shown = repr([*logins, ResumeLogin("S3cret")])
    assert "S3cret" not in shown
    assert DIGEST not in shown
    assert "pass'" not in shown


@pytest.mark.parametrize("value", ["", None, 7, {"$ne": ""}, ["ann"], b"ann", "a\ud800b"])
@pytest.mark.parametrize(
    ("field", "make"),
    [
        ("username", lambda value: PasswordLogin("username", value, DIGEST)),
        ("email", lambda value: PasswordLogin.with_password("email", value, "pass")),
        ("digest", lambda value: PasswordLogin("username", "ann", value)),
        ("password", lambda value: PasswordLogin.with_password("username", "ann", value)),
        ("credential_token", lambda value: OAuthLogin(value, "S")),
        ("credential_secret", lambda value: OAuthLogin("T", value)),
        ("token", ResumeLogin),
    ],
)
def test_only_texts_that_can_be_sent_are_taken(field: str, make: Callable[[Any], object], value: Any) -> None:
    with pytest.raises(InvalidUser) as caught:
        make(value)
    assert caught.value.field == field

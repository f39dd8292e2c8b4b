"""Read back with joserfc, a library that shares nothing with the one that signs."""

from __future__ import annotations

import pytest
from joserfc import jwt as jose
from joserfc.errors import BadSignatureError
from joserfc.jwk import OctKey

from chatsso_middleware.converters import Unusable
from chatsso_middleware.providers.signed_tokens import is_short, shared_key, sign
from chatsso_middleware.secret import Secret

KEY = "a-key-of-forty-characters-for-these-tests"
CLAIMS = {"iss": "me", "exp": 1060, "user": {"uuid": "ünï \U0001f4d6"}, "on": True}


def test_another_library_reads_exactly_the_claims_that_were_signed() -> None:
    token = sign(CLAIMS, Secret(KEY))
    read = jose.decode(token, OctKey.import_key(KEY), algorithms=["HS256"])
    assert read.claims == CLAIMS
    assert read.header == {"alg": "HS256", "typ": "JWT"}
    assert token.isascii()


def test_another_key_does_not_read_it() -> None:
    token = sign(CLAIMS, Secret(KEY))
    with pytest.raises(BadSignatureError):
        jose.decode(token, OctKey.import_key(KEY[::-1]), algorithms=["HS256"])


def test_a_number_that_json_does_not_have_is_not_signed() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        sign({"exp": float("nan")}, Secret(KEY))


def test_a_short_key_of_the_vendors_signs_without_a_python_warning() -> None:
    short = shared_key("sixteen-octets!!")
    token = sign(CLAIMS, short)
    read = jose.decode(token, OctKey.import_key(short.reveal()), algorithms=["HS256"])
    assert read.claims == CLAIMS


@pytest.mark.parametrize(("key", "short"), [("k" * 31, True), ("k" * 32, False), ("ü" * 16, False)])
def test_a_key_is_short_below_32_octets(key: str, short: bool) -> None:
    assert is_short(Secret(key)) is short


@pytest.mark.parametrize(
    "other", ["ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC7", '{"kty": "oct", "k": "c2VjcmV0"}', "'quoted'", ""]
)
def test_a_key_of_another_kind_is_refused_and_not_quoted(other: str) -> None:
    with pytest.raises(Unusable) as refused:
        shared_key(other)
    assert not other or other not in str(refused.value)


def test_a_key_does_not_show_itself() -> None:
    assert KEY not in repr(shared_key(KEY))

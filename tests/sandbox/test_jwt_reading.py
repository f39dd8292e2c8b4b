"""Tokens made with joserfc, a library that shares nothing with the one that reads."""

from __future__ import annotations

import base64
import json
import warnings

import pytest
from joserfc import jws
from joserfc import jwt as jose
from joserfc.jwk import OctKey

from chatsso_middleware.sandbox.jwt_reading import BadToken, flat_claims, read_token

KEY = "a-key-of-forty-characters-for-these-tests"
CLAIMS: dict[str, object] = {"iss": "me", "user": {"uuid": "1"}}


def made(claims: dict[str, object], *, key: str = KEY, algorithm: str = "HS256") -> str:
    return jose.encode({"alg": algorithm}, claims, OctKey.import_key(key), algorithms=[algorithm])


def part(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def unsigned(header: dict[str, str], signature: str = "") -> str:
    return f"{part(json.dumps(header).encode())}.{part(b'{}')}.{signature}"


def test_a_token_of_another_library_is_read() -> None:
    assert read_token(made(CLAIMS), KEY) == CLAIMS


def test_a_short_key_reads_without_a_python_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_token(made(CLAIMS, key="fourteen-bytes"), "fourteen-bytes") == CLAIMS


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        (made(CLAIMS, key=KEY[::-1]), "the token is signed with another key"),
        (made(CLAIMS)[:-4] + "AAAA", "the token is signed with another key"),
        (made(CLAIMS, algorithm="HS512"), "the token's algorithm is not HS256"),
        (unsigned({"alg": "none"}), "the token's algorithm is not HS256"),
        (unsigned({"alg": "None"}, "AAAA"), "the token's algorithm is not HS256"),
        (unsigned({}, "AAAA"), "the token's algorithm is not HS256"),
        ("one.two.three", "that is no JSON Web Token"),
        ("no token", "that is no JSON Web Token"),
        ("t\u00f6k\u00ebn", "that is no JSON Web Token"),
        ("\udcff", "that is no JSON Web Token"),
        ("", "that is no JSON Web Token"),
    ],
)
def test_what_is_not_signed_by_our_key_is_refused(token: str, reason: str) -> None:
    with pytest.raises(BadToken) as refused:
        read_token(token, KEY)
    assert str(refused.value) == reason


def test_another_payload_under_the_same_signature_is_refused() -> None:
    head, _, signature = made(CLAIMS).split(".")
    forged = f"{head}.{part(json.dumps({'iss': 'you'}).encode())}.{signature}"
    with pytest.raises(BadToken, match="another key"):
        read_token(forged, KEY)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"[]", "the token's payload is no JSON object"),
        (b"nonsense", "that is no JSON Web Token"),
        (b"\xff", "that is no JSON Web Token"),
        (b'{"a":' * 100_000, "that is no JSON Web Token"),
    ],
)
def test_a_signed_payload_that_is_no_object_is_refused(payload: bytes, reason: str) -> None:
    token = jws.serialize_compact({"alg": "HS256"}, payload, OctKey.import_key(KEY), algorithms=["HS256"])
    with pytest.raises(BadToken) as refused:
        read_token(token, KEY)
    assert str(refused.value) == reason


def test_members_of_an_object_are_listed_by_their_path() -> None:
    claims = {"iss": "me", "exp": 60, "user": {"uuid": "1", "on": True, "deep": {"er": 1}}}
    assert dict(flat_claims(claims)) == {
        "iss": "me",
        "exp": "60",
        "user.uuid": "1",
        "user.on": "true",
        "user.deep": '{"er": 1}',
    }

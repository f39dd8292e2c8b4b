from __future__ import annotations

import pytest

from chatsso_middleware.outbox.encryption import Keyring, UnreadableChange
from tests.outbox.stand_ins import OLD_SECRET, SECRET


def test_what_is_encrypted_comes_back() -> None:
    keyring = Keyring([SECRET])
    token = keyring.encrypt(b"ann@example.com")
    assert keyring.decrypt(token) == b"ann@example.com"
    assert b"ann" not in token


def test_every_secret_decrypts_and_the_first_encrypts() -> None:
    old, both, new = Keyring([OLD_SECRET]), Keyring([SECRET, OLD_SECRET]), Keyring([SECRET])
    assert both.decrypt(old.encrypt(b"kept")) == b"kept"
    assert new.decrypt(both.encrypt(b"kept")) == b"kept"
    with pytest.raises(UnreadableChange):
        old.decrypt(both.encrypt(b"kept"))


def test_a_token_that_was_touched_is_refused() -> None:
    keyring = Keyring([SECRET])
    token = bytearray(keyring.encrypt(b"kept"))
    token[20] ^= 1
    with pytest.raises(UnreadableChange):
        keyring.decrypt(bytes(token))


def test_an_address_has_the_same_digest_wherever_one_secret_is_shared() -> None:
    old = Keyring([OLD_SECRET]).digests("room", "ann@example.com")
    both = Keyring([SECRET, OLD_SECRET]).digests("room", "ann@example.com")
    new = Keyring([SECRET]).digests("room", "ann@example.com")
    assert set(both) == {*old, *new}


@pytest.mark.parametrize(
    ("provider", "address"),
    [("other", "ann@example.com"), ("room", "Ann@example.com"), ("roo", "mann@example.com")],
)
def test_another_provider_or_address_has_another_digest(provider: str, address: str) -> None:
    keyring = Keyring([SECRET])
    assert keyring.digests(provider, address) != keyring.digests("room", "ann@example.com")


@pytest.mark.parametrize("secrets", [[], (), SECRET])
def test_without_a_sequence_of_secrets_there_is_no_keyring(secrets: list[str]) -> None:
    with pytest.raises(ValueError, match="at least one secret"):
        Keyring(secrets)

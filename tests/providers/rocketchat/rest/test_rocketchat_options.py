from __future__ import annotations

import importlib.util
from typing import Any

import pytest

from chatsso_middleware.converters import Unusable
from chatsso_middleware.providers.rocketchat import RocketChat
from chatsso_middleware.secret import Secret
from tests.support.rocketchat import ADMIN, options

URL = "https://chat.example.com"


def problems(**given: Any) -> list[tuple[str, str]]:
    found = RocketChat.disagreements(options(URL, **given))
    return [(key, str(problem)) for key, problem in found]


def verify(service: str, response: object) -> None:
    return None


def test_its_keys_are_those_of_the_documentation() -> None:
    assert [key.name for key in RocketChat.keys if key.secret] == [
        "admin_token",
        "token_secret",
        "mongodb_url",
        "facebook_app_secret",
    ]
    written = {
        "url": "https://CHAT.example.com/",
        "mode": "Realtime",
        "create_users": "no",
        "oauth": "Google facebook",
        "oauth_verifier": f"{__name__}:verify",
        "embed_script": "on",
    }
    keys = {key.name: key for key in RocketChat.keys}
    converted = {
        name: keys[name].convert(value) for name, value in written.items() if name != "oauth_verifier"
    }
    assert converted == {
        "url": "https://chat.example.com",
        "mode": "realtime",
        "create_users": False,
        "oauth": ("google", "facebook"),
        "embed_script": True,
    }


def test_an_oauth_service_that_is_not_known_is_refused() -> None:
    key = next(key for key in RocketChat.keys if key.name == "oauth")
    with pytest.raises(Unusable):
        key.convert("google myspace")


@pytest.mark.parametrize(
    "given",
    [
        ADMIN,
        {"mode": "password"},
        {"mode": "saved"},
        {"mode": "saved", **ADMIN},
        {"mode": "realtime"},
        {"mode": "mongodb", "mongodb_url": Secret("mongodb://localhost/rocketchat")},
        {**ADMIN, "oauth": ("google",), "google_client_id": "client"},
        {**ADMIN, "oauth": ("facebook",), "facebook_app_id": "1", "facebook_app_secret": Secret("s")},
        {**ADMIN, "oauth": ("facebook", "google", "twitter"), "oauth_verifier": verify},
    ],
)
def test_settings_that_go_together_are_fine(given: dict[str, Any]) -> None:
    assert problems(**given) == []


@pytest.mark.parametrize(
    ("given", "key", "words"),
    [
        ({}, "mode", "needs a service account"),
        ({"mode": "saved", "admin_user_id": "id"}, "admin_user_id", "Set admin_token too"),
        ({"mode": "saved", "admin_token": Secret("t")}, "admin_token", "Set admin_user_id too"),
        ({"admin_user_id": "id"}, "admin_user_id", "Set admin_token too"),
        ({"mode": "mongodb"}, "mode", "Set mongodb_url"),
        ({**ADMIN, "oauth": ("twitter",)}, "oauth", "Set oauth_verifier, or take twitter away"),
        ({**ADMIN, "oauth": ("google",)}, "oauth", "Set google_client_id, or oauth_verifier"),
        (
            {**ADMIN, "oauth": ("facebook",), "facebook_app_id": "1"},
            "oauth",
            "Set facebook_app_secret, or oauth_verifier",
        ),
        (
            {**ADMIN, "oauth": ("facebook",)},
            "oauth",
            "Set facebook_app_id and facebook_app_secret, or oauth_verifier",
        ),
    ],
)
def test_each_disagreement_is_told_with_its_mend(given: dict[str, Any], key: str, words: str) -> None:
    [(found_key, sentence)] = problems(**given)
    assert found_key == key
    assert words in sentence


def test_a_key_that_had_a_problem_already_is_not_called_missing() -> None:
    known = options(URL, mode="mongodb", oauth=("google",))
    for broken in ("mongodb_url", "google_client_id"):
        del known[broken]
    assert list(RocketChat.disagreements(known)) == []
    assert list(RocketChat.disagreements({})) == []


@pytest.mark.parametrize(("mode", "library"), [("mongodb", "pymongo"), ("realtime", "websockets")])
def test_a_missing_library_is_named_with_how_to_install_it(
    mode: str, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == library else find_spec(name, *rest)
    )
    [(key, sentence)] = problems(mode=mode, mongodb_url=Secret("mongodb://localhost"))
    assert key == "mode"
    assert f"pip install 'chatsso-middleware[{mode}]'" in sentence


def test_mode_create_token_cannot_be_built_without_a_service_account() -> None:
    from chatsso_middleware.providers import ChatAPI

    with pytest.raises(ValueError, match="service account"):
        RocketChat(options(URL), ChatAPI("rocketchat", timeout=1))

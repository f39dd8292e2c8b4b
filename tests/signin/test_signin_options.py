from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

from chatsso_middleware.converters import PlainAddress, Unusable
from chatsso_middleware.signin import KEYS, disagreements
from tests.signin.written import complete, problems, read

KEY = {key.name: key for key in KEYS}


def verify(fields: object) -> None:
    return None


def test_the_keys_whose_values_may_be_secret_are_marked_so() -> None:
    assert {key.name for key in KEYS if key.secret} == {"field.*", "header.*"}


def test_the_least_settings_are_enough() -> None:
    assert problems(complete()) == []
    assert problems({"verify": verify}) == []


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("https://accounts.example.com/login/", "https://accounts.example.com/login/"),
        ("https://accounts.example.com/?do=login", "https://accounts.example.com/?do=login"),
        ("http://localhost:6548/login", "http://localhost:6548/login"),
    ],
)
def test_the_address_of_the_external_system_is_kept_as_it_is_written(written: str, kept: str) -> None:
    found = KEY["url"].convert(written)
    assert found == kept
    assert not isinstance(found, PlainAddress)


def test_an_address_without_tls_is_marked_for_the_settings_to_refuse() -> None:
    assert isinstance(KEY["url"].convert("http://accounts.example.com/login"), PlainAddress)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("accounts.example.com", "no http or https address"),
        ("https://me:canary@accounts.example.com", "stands in the address"),
        ("https://accounts.example.com/#login", "fragment"),
    ],
)
def test_an_address_that_cannot_be_called_is_refused_without_quoting_it(written: str, words: str) -> None:
    with pytest.raises(Unusable, match=words) as caught:
        KEY["url"].convert(written)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "key", "words"),
    [
        ({"user__id": None}, "user.id", "Without an identifier"),
        ({"user__email": None}, "user.email", "Without an email address"),
        ({"field__mail": "constant"}, "url", "The login is sent nowhere"),
        ({"field__pass": "constant"}, "url", "The password is sent nowhere"),
        ({"verify": verify}, "verify", "Take one away"),
        ({"check__logn": ".*"}, "check.logn", "the nearest is login"),
        ({"check__logn__message": "x"}, "check.logn.message", "the nearest is login"),
        ({"check__login__message": "x"}, "check.login.message", "Set signin.check.login"),
        (
            {"check__login": "a\nb\nc", "check__login__message": "x\ny"},
            "check.login.message",
            "as many as there are checks",
        ),
        ({"header__X Key": "k"}, "header.X Key", "no name of a header"),
        ({"header__Content-Type": "text/plain"}, "header.Content-Type", "belongs to the call itself"),
        ({"terms_required": "yes"}, "terms_required", "Set signin.terms_url"),
        ({"languages": "en tlh"}, "languages", "no texts in the language tlh"),
    ],
)
def test_each_disagreement_is_told_with_its_mend(changes: dict[str, Any], key: str, words: str) -> None:
    written = {name: value for name, value in complete(**changes).items() if value is not None}
    [(found_key, sentence)] = problems(written)
    assert found_key == key
    assert words in sentence


def test_settings_that_name_nobody_to_ask_are_refused() -> None:
    [(key, sentence)] = problems({"title": "Log in"})
    assert key == "url"
    assert "signin.verify" in sentence


def test_a_basic_header_carries_both_fields() -> None:
    written = complete(header__Authorization="Basic {basic}")
    del written["field.mail"], written["field.pass"]
    assert problems(written) == []


def test_a_key_that_had_a_problem_already_is_not_called_missing() -> None:
    options = read(complete(check__login=".*", check__login__message="x\ny", terms_required="yes"))
    for broken in ("user.id", "user.email", "field.*", "check.*", "terms_url", "languages"):
        del options[broken]
    assert list(disagreements(options)) == []
    assert list(disagreements({})) == []


@pytest.mark.parametrize("library", ["limits", "jmespath", "jinja2"])
@pytest.mark.parametrize(("written", "key"), [(complete(), "url"), ({"verify": verify}, "verify")])
def test_a_missing_library_is_named_with_how_to_install_it(
    library: str, written: dict[str, Any], key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == library else find_spec(name, *rest)
    )
    [(found_key, sentence)] = problems(written)
    assert found_key == key
    assert library in sentence
    assert "pip install 'chatsso-middleware[signin]'" in sentence


@pytest.mark.parametrize(("key", "library"), [("user.id", "jmespath"), ("limit_ip", "limits")])
def test_a_value_that_needs_a_missing_library_says_so(
    key: str, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(Unusable, match=r"chatsso-middleware\[signin\]"):
        KEY[key].convert("id" if key == "user.id" else "1 per minute")


def test_what_the_page_needs_is_converted(tmp_path: Path) -> None:
    options = read(
        {
            "reset_url": "/reset",
            "terms_url": "https://www.example.com/terms?v=2",
            "terms_required": "on",
            "logo": "/static/logo.svg",
            "color": "#ABC",
            "font": "Inter, Arial",
            "templates": str(tmp_path),
            "languages": "pt-BR en",
            "embed_origins": "https://app.example.com http://localhost:8080 webview",
        }
    )
    assert options["color"] == "#aabbcc"
    assert options["font"] == "Inter, Arial"
    assert options["templates"] == tmp_path
    assert options["languages"] == ("pt-BR", "en")
    assert options["embed_origins"] == ("https://app.example.com", "http://localhost:8080", "webview")
    assert options["terms_url"] == "https://www.example.com/terms?v=2"


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("reset_url", "/reset?back={next}", "not known here"),
        ("reset_url", "javascript:alert(1)", "neither a path on the site nor a web address"),
        ("color", "red", "as in #0b57b8"),
        ("font", "Inter; } body { display: none", "neither a list of fonts"),
        ("templates", "signin", "whole path"),
        ("templates", "/there/is/none", "There is no folder"),
        ("languages", "en_GB", "no tag of a language"),
        ("embed_origins", "https://app.example.com/", "no origin"),
        ("embed_origins", "https://APP.example.com", "no origin"),
        ("embed_origins", "https://app.example.com:443", "no origin"),
        ("embed_origins", "https://a.example null", "Word 2 of 2 is no origin"),
        ("embed_origins", "https://*.example.com", "no origin"),
        ("embed_origins", "https://me@app.example.com", "no origin"),
        ("embed_origins", "http://app.example.com", "lacks TLS"),
    ],
)
def test_what_the_page_cannot_use_is_refused(key: str, value: str, words: str) -> None:
    with pytest.raises(Unusable, match=words):
        KEY[key].convert(value)

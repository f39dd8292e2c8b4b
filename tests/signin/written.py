"""Settings as an owner writes them, read with the table of keys alone."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from typing import Any

import pytest

from chatsso_middleware.signin import KEYS, Outcome, SignIn, disagreements

SITE_KEY = "0123456789abcdef0123456789abcdef"
ADDRESS = "203.0.113.9"


def read(written: Mapping[str, Any]) -> dict[str, Any]:
    """A value for every key; under a pattern a dict with what stands in the place of its ``*``."""
    known = {key.name: key for key in KEYS}
    options: dict[str, Any] = {key.name: key.default for key in KEYS}
    for name, value in written.items():
        if name in known:
            options[name] = known[name].convert(value)
            continue
        [pattern] = [
            each
            for each in known
            if "*" in each and each.count(".") == name.count(".") and fnmatch.fnmatchcase(name, each)
        ]
        options[pattern] = {**options[pattern], name.split(".")[1]: known[pattern].convert(value)}
    return options


def complete(**more: Any) -> dict[str, Any]:
    """The least that can be used, and `more`, with ``__`` for a dot."""
    written = {
        "url": "https://accounts.example.com/login",
        "field.mail": "{login}",
        "field.pass": "{password}",
        "user.id": "id",
        "user.email": "email",
    }
    return written | {name.replace("__", "."): value for name, value in more.items()}


def problems(written: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What does not go together, by key."""
    return [(key, str(problem)) for key, problem in disagreements(read(written))]


def attempt(
    sign_in: SignIn, login: str = "ann", password: str = "sesame", *, remote: str = ADDRESS, via: str = ""
) -> Outcome:
    """One attempt from `remote`, with `via` as its X-Forwarded-For."""
    return sign_in.attempt({"login": login, "password": password}, remote=remote, forwarded_for=via)


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What we said in the log; the servers of the tests have lines of their own."""
    return [record.getMessage() for record in caplog.records if record.name.startswith("chatsso_middleware.")]

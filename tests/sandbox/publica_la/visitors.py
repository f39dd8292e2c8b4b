"""The two sides of a store that the tests play: the site, which signs tokens, and a visitor's browser."""

from __future__ import annotations

import uuid
from types import TracebackType
from typing import Any, Self

import requests
from joserfc import jwt as jose
from joserfc.jwk import OctKey

from chatsso_middleware.sandbox.publica_la import RunningSandbox
from tests.sandbox.chat_client import Clock, Page

SITE = "http://127.0.0.1:6543"
TOKEN_NAME = "external-auth-token"


class Visitor:
    """A browser with cookies of its own, sent by the site with a token. It follows no redirect by itself."""

    def __init__(self, sandbox: RunningSandbox, clock: Clock) -> None:
        self.sandbox = sandbox
        self.clock = clock
        self.jar = requests.Session()
        self.jar.trust_env = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.jar.close()

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Claims that the store takes, but for `changes`; `...` takes one away."""
        claims = {
            "iss": self.sandbox.issuer,
            "aud": "farfalla",
            "sub": "user",
            "jti": str(uuid.uuid4()),
            "exp": int(self.clock.now) + 60,
            "user": {"uuid": "4711"},
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not ...}

    def token(self, *, key: str | None = None, **changes: Any) -> str:
        """A token signed by a library that the store does not read with."""
        signing = OctKey.import_key(key or self.sandbox.key)
        return jose.encode({"alg": "HS256", "typ": "JWT"}, self.claims(**changes), signing)

    def enter(self, token: str) -> requests.Response:
        return self.get("/auth/token", **{TOKEN_NAME: token})

    def get(self, path: str, **parameters: str) -> requests.Response:
        return self.jar.get(self.sandbox.url + path, params=parameters, timeout=10, allow_redirects=False)

    def post(self, path: str, **options: Any) -> requests.Response:
        return self.jar.post(self.sandbox.url + path, timeout=10, allow_redirects=False, **options)

    def page(self, path: str = "/") -> Page:
        response = self.get(path)
        assert response.status_code == 200
        return Page(response.text)

    @property
    def user(self) -> str:
        """Who the store's library says is logged in, by the site's name for him; empty for nobody."""
        return self.page().user

    @property
    def outcome(self) -> str:
        """What the list of calls says about the last call."""
        return self.sandbox.calls[-1].outcome

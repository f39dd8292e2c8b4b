"""A visitor's browser in front of the stand-in instance, and the codes that a site would sign for him.

The codes are made with joserfc, so that the library which reads them in the sandbox has not written them.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import requests
from joserfc import jwt as jose
from joserfc.jwk import OctKey

from chatsso_middleware.sandbox.typingmind import RunningSandbox
from tests.sandbox.chat_client import Page

__all__ = ["ANN", "Visitor", "signed", "unsigned"]

ANN: dict[str, Any] = {"user": {"id": "42", "email": "ann@example.com"}}


def signed(claims: dict[str, Any], secret: str, algorithm: str = "HS256") -> str:
    """A code with these claims."""
    return jose.encode({"alg": algorithm}, claims, OctKey.import_key(secret), algorithms=[algorithm])


def unsigned(claims: dict[str, Any]) -> str:
    """A code that says of itself that it needs no signature (``alg: none``)."""
    parts = (json.dumps(part).encode() for part in ({"alg": "none", "typ": "JWT"}, claims))
    return ".".join([*(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts), ""])


class Visitor:
    """Browses with one cookie jar. It follows no redirect by itself."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self.sandbox = sandbox
        self.jar = requests.Session()
        self.jar.trust_env = False

    def code(self, **claims: Any) -> str:
        """A code of this instance; Ann's without claims."""
        return signed(claims or ANN, self.sandbox.secret)

    def get(self, path: str, **parameters: str) -> requests.Response:
        return self.jar.get(self.sandbox.url + path, params=parameters, timeout=10, allow_redirects=False)

    def post(self, path: str, **form: str) -> requests.Response:
        return self.jar.post(self.sandbox.url + path, data=form, timeout=10, allow_redirects=False)

    def follow(self, code: str) -> requests.Response:
        """Follow a chat link with this code."""
        return self.get("/", externalAuthCode=code)

    def log_in(self, **claims: Any) -> Page:
        """Follow a chat link with a good code, and give the page that it leads to."""
        answer = self.follow(self.code(**claims))
        assert (answer.status_code, answer.headers["Location"]) == (303, f"{self.sandbox.url}/")
        return self.page()

    def page(self, path: str = "/", status: int = 200, **parameters: str) -> Page:
        answer = self.get(path, **parameters)
        assert answer.status_code == status
        return Page(answer.text)

    def api(self, method: str, path: str = "/api/v2/users", **options: Any) -> requests.Response:
        """Call the API, with the right key unless `key` is given."""
        key = options.pop("key", self.sandbox.api_key)
        headers = {"X-API-KEY": key} if key else {}
        return requests.request(method, self.sandbox.url + path, headers=headers, timeout=10, **options)

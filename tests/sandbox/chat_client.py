"""The two sides of a chat room that the tests play: the owner's program, and a visitor's browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import html5lib
import requests

if TYPE_CHECKING:
    from chatsso_middleware.sandbox.website_toolbox import RunningSandbox

SITE = "http://127.0.0.1:6543"


class Clock:
    """It stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


class Page:
    """A page as a browser reads it."""

    def __init__(self, text: str) -> None:
        self._root = html5lib.parse(text, namespaceHTMLElements=False)

    def all(self, path: str) -> list[Any]:
        found: list[Any] = self._root.findall(path)
        return found

    def one(self, path: str) -> Any:
        (found,) = self.all(path)
        return found

    def text(self, path: str) -> str:
        return "".join(self.one(path).itertext())

    @property
    def user(self) -> str:
        """The address of whoever is logged in, empty for nobody."""
        address: str = self.one(".//*[@id='who']").get("data-user")
        return address

    def links(self) -> dict[str, str]:
        return {"".join(link.itertext()): link.get("href") for link in self.all(".//a")}

    def hidden(self) -> dict[str, str]:
        return {field.get("name"): field.get("value") for field in self.all(".//input[@type='hidden']")}


class ChatClient:
    """Calls the API, and browses with one cookie jar. It follows no redirect by itself."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self.sandbox = sandbox
        self.jar = requests.Session()
        self.jar.trust_env = False

    def call(self, path: str, **parameters: str) -> dict[str, Any]:
        """Call the API by POST, with the right key unless `apikey` is given."""
        form = {"apikey": self.sandbox.api_key, **parameters}
        response = requests.post(self.sandbox.url + path, data=form, timeout=10)
        assert response.status_code == 200
        answer: dict[str, Any] = response.json()
        return answer

    def token(self, email: str = "ann@example.com", **parameters: str) -> str:
        """A token for this address from the API."""
        answer = self.call("/sso/token/generate", email=email, **parameters)
        assert answer["success"] is True
        return str(answer["access_token"])

    def get(self, path: str, **parameters: str) -> requests.Response:
        return self.jar.get(self.sandbox.url + path, params=parameters, timeout=10, allow_redirects=False)

    def post(self, path: str, **form: str) -> requests.Response:
        return self.jar.post(self.sandbox.url + path, data=form, timeout=10, allow_redirects=False)

    def load_login_tag(self, token: str, remember: str = "0") -> requests.Response:
        return self.get("/sso/token/login", access_token=token, rememberMe=remember)

    def log_in(self, email: str = "ann@example.com", **parameters: str) -> None:
        """Load the login tag of a new token."""
        self.load_login_tag(self.token(email, **parameters))
        assert self.page().user == email

    def page(self, path: str = "/") -> Page:
        response = self.get(path)
        assert response.status_code == 200
        return Page(response.text)

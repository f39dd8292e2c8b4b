"""Those who talk to a stand-in Rocket.Chat: a program by REST, and a client by the realtime protocol."""

from __future__ import annotations

import hashlib
import json
from types import TracebackType
from typing import Any, Self

import requests
from websockets.sync.client import connect

from chatsso_middleware.sandbox.rocketchat import RunningSandbox


class RestClient:
    """Calls the API as the service account, unless it is told to be somebody else, or nobody."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self.sandbox = sandbox
        self.session = requests.Session()
        self.session.trust_env = False
        self.become(sandbox.admin_user_id, sandbox.admin_token)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.session.close()

    def become(self, user_id: str, token: str) -> None:
        self.session.headers.update({"X-User-Id": user_id, "X-Auth-Token": token})

    def become_nobody(self) -> None:
        self.become("", "")

    def post(self, name: str, body: Any = None, **headers: str) -> requests.Response:
        named = {header.replace("_", "-"): value for header, value in headers.items()}
        return self.session.post(f"{self.sandbox.url}/api/v1/{name}", json=body, headers=named, timeout=10)

    def get(self, name: str, **parameters: str) -> requests.Response:
        return self.session.get(f"{self.sandbox.url}/api/v1/{name}", params=parameters, timeout=10)

    def create(self, username: str = "ann", **more: Any) -> dict[str, Any]:
        """Create a user, and give what the chat says of it."""
        body = {"username": username, "email": f"{username}@example.com", "name": username, "password": "pw"}
        answer = self.post("users.create", {**body, **more})
        assert answer.status_code == 200, answer.text
        user: dict[str, Any] = answer.json()["user"]
        return user

    def token_for(self, user_id: str) -> str:
        answer = self.post("users.createToken", {"userId": user_id, "secret": self.sandbox.token_secret})
        assert answer.status_code == 200, answer.text
        token: str = answer.json()["data"]["authToken"]
        return token


class RealtimeClient:
    """A client of the realtime protocol, connected and greeted."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self._opening = connect(f"{sandbox.url.replace('http', 'ws', 1)}/websocket", proxy=None)
        self.heard: list[dict[str, Any]] = []
        self._last = 0

    def __enter__(self) -> Self:
        self.socket = self._opening.__enter__()
        assert self.next() == {"server_id": "0"}
        self.send(msg="connect", version="1", support=["1"])
        assert self.next()["msg"] == "connected"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opening.__exit__(kind, value, trace)

    def send(self, **message: Any) -> None:
        self.socket.send(json.dumps(message))

    def next(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self.socket.recv(timeout=10))
        self.heard.append(message)
        return message

    def until(self, msg: str) -> dict[str, Any]:
        """The next message of this kind; what came before stands in `heard`."""
        while (message := self.next()).get("msg") != msg:
            pass
        return message

    def call(self, method: str, *params: Any) -> dict[str, Any]:
        """Call a method, and give the message with its result, or its error."""
        self._last += 1
        self.send(msg="method", method=method, id=str(self._last), params=list(params))
        answer = self.until("result")
        assert answer["id"] == str(self._last)
        return answer

    def log_in(self, **how: Any) -> dict[str, Any]:
        """The result of a login that works."""
        answer = self.call("login", how)
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def refusal(self, **how: Any) -> tuple[Any, str]:
        """Error and reason of a login that does not work."""
        error = self.call("login", how)["error"]
        assert error["message"] == f"{error['reason']} [{error['error']}]"
        assert error["errorType"] == "Meteor.Error"
        return error["error"], error["reason"]


def password(text: str) -> dict[str, str]:
    """A password as the realtime login sends it."""
    return {"digest": hashlib.sha256(text.encode()).hexdigest(), "algorithm": "sha-256"}

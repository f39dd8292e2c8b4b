"""A small site with our addresses for Rocket.Chat, and a small chat that shows them, on two origins."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import parse_qsl

from chatsso_middleware.providers.visits import Endpoint, Reply, Visit
from chatsso_middleware.sessions import ChatSession
from chatsso_middleware.users import ChatUser

__all__ = ["BASE", "FrameSite", "chat_app", "page_app"]

BASE = "/chatsso/rocketchat"

_CHAT_PAGE = """<!doctype html><meta charset="utf-8"><title>Chat</title>
<style>body { margin: 0 } iframe { width: 100%; height: 100vh; border: 0 }</style>
<iframe src="FRAME"></iframe>
<script>
  const received = [];
  const frame = document.querySelector("iframe");
  addEventListener("message", (event) => {
    received.push({ data: event.data, origin: event.origin, ours: event.source === frame.contentWindow });
  });
  const reply = (message) => frame.contentWindow.postMessage(message, "*");
</script>"""

_EMBEDDED_CHAT = """<!doctype html><meta charset="utf-8"><title>Chat in a page</title>
<script>
  const received = [];
  addEventListener("message", (event) => received.push({ data: event.data, origin: event.origin }));
  const say = (message) => parent.postMessage(message, "*");
</script>"""


def page_app(pages: dict[str, str]) -> Any:
    """A site of nothing but `pages`, by their paths."""

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        page = pages.get(environ["PATH_INFO"])
        headers = [("Content-Type", "text/html; charset=utf-8")]
        start_response("404 Not Found" if page is None else "200 OK", headers)
        return [(page or "").encode()]

    return app


def chat_app(frame_address: str) -> Any:
    """A chat whose front page shows `frame_address`, and which keeps what it is told."""
    return page_app({"/": _CHAT_PAGE.replace("FRAME", frame_address), "/channel/general": _EMBEDDED_CHAT})


class FrameSite:
    """The site. A test sets who is logged in, and reads what was handed over."""

    def __init__(self) -> None:
        self.endpoints: Sequence[Endpoint] = ()
        self.user: ChatUser | None = None
        self.has_left = False
        self.session: ChatSession | None = ChatSession("t0ken", 0.0)
        self.keeps_logins = True
        """Whether a login on the site's login page is remembered: not where the browser blocks cookies."""
        self.handed_over: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.pages: dict[str, str] = {}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        endpoint = next((one for one in self.endpoints if path == f"{BASE}/{one.path}"), None)
        if endpoint is not None:
            self.asked.append(endpoint.path)
            return self._answer(endpoint.answer(self._visit(environ)), start_response)
        if path == "/login":
            return self._log_in(environ, start_response)
        answer: Iterable[bytes] = page_app(self.pages)(environ, start_response)
        return answer

    def _log_in(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "GET":
            start_response("200 OK", [("Content-Type", "text/html")])
            return [
                b"<!doctype html><title>Site</title><form method=post><button id=login>Log in</button></form>"
            ]
        self.user = ChatUser("ann@example.com") if self.keeps_logins else None
        start_response("302 Found", [("Location", f"{BASE}/frame?came_back=1")])
        return []

    def _visit(self, environ: dict[str, Any]) -> Visit:
        fields: dict[str, Any] = {}
        if environ["REQUEST_METHOD"] == "POST":
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode()
            is_json = environ["CONTENT_TYPE"] == "application/json"
            fields = json.loads(body) if is_json else dict(parse_qsl(body))
            self.handed_over.append(dict(fields))
        return Visit(
            method=environ["REQUEST_METHOD"],
            origin=environ.get("HTTP_ORIGIN"),
            same_origin=environ.get("HTTP_SEC_FETCH_SITE") == "same-origin",
            query=dict(parse_qsl(environ["QUERY_STRING"])),
            fields=fields,
            user=self.user,
            has_left=self.has_left,
            session=lambda: self.session,
            base=BASE,
            forgery_token="f0rgery",
            login_page="/login",
        )

    def _answer(self, reply: Reply, start_response: Any) -> Iterable[bytes]:
        if reply.comes_back:
            self.has_left = False
        if reply.logs_in is not None:
            self.user = reply.logs_in
        headers = [("Content-Type", f"{reply.content_type}; charset=utf-8"), *reply.headers]
        start_response(f"{reply.status} As It Is", headers)
        return [reply.body.encode()]

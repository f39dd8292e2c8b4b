"""A small site in plain WSGI, whose views tell the handle who logs in and out."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from chatsso_middleware.sessions import Credentials

PAGE = """<!doctype html>
<html><head><title>{title}</title>
<script>var address = "{chat}/?in=script";</script></head>
<body><h1>{title}</h1><p id="user">{user}</p>
<!-- <a href="{chat}/?in=comment">commented</a> -->
<a id="plain" href="{chat}/">chat</a>
<a id="room" href="{chat}/room/garden?color=red&amp;size=2#latest">garden</a>
<script id="embedded_chatroom" src="{chat}/js/embed.js"></script>
<script src="{chat}/js/other.js"></script>
<a id="elsewhere" href="https://elsewhere.example/?q=1">elsewhere</a>
</body></html>
"""


class SmallSite:
    """Every path is a view. `chat` is the address that its pages link to."""

    def __init__(self, chat: str) -> None:
        self.chat = chat

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        view = VIEWS.get(environ["PATH_INFO"], missing)
        body = view(self, environ, start_response)
        return [b"" for _ in body] if environ["REQUEST_METHOD"] == "HEAD" else body

    def page(self, environ: dict[str, Any], title: str) -> bytes:
        """A whole page, with every kind of link in it."""
        return PAGE.format(title=title, user=user_of(environ) or "nobody", chat=self.chat).encode()


def app_factory(global_conf: Mapping[str, str], *, chat: str) -> SmallSite:
    """``paste.app_factory``."""
    return SmallSite(chat)


def user_of(environ: dict[str, Any]) -> str:
    """Who is logged in on the site, by the site's own cookie."""
    cookies = SimpleCookie(environ.get("HTTP_COOKIE", ""))
    return cookies["site_user"].value if "site_user" in cookies else ""


def form_of(environ: dict[str, Any]) -> dict[str, str]:
    """The fields of a posted form."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    return {name: values[0] for name, values in parse_qs(environ["wsgi.input"].read(length).decode()).items()}


def credentials_of(form: Mapping[str, str]) -> Credentials | None:
    """What the form has for a chat that wants more than to know who logs in."""
    oauth = (form["chat_credential"], form["chat_secret"]) if "chat_credential" in form else None
    credentials = Credentials(form.get("chat_password"), form.get("chat_token"), oauth)
    return None if credentials == Credentials() else credentials


def answer(
    start_response: Callable[..., Any], body: bytes, status: str = "200 OK", **headers: str
) -> Iterable[bytes]:
    """One chunk of HTML, unless `headers` say otherwise."""
    fields = {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(body))}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    start_response(status, list(fields.items()))
    return [body]


View = Callable[[SmallSite, dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def home(site: SmallSite, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    return answer(start_response, site.page(environ, "Home"))


def log_in(site: SmallSite, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    if environ["REQUEST_METHOD"] != "POST":
        return answer(start_response, site.page(environ, "Log in"))
    form = form_of(environ)
    if "chatsso" in environ:
        remember = {"1": True, "0": False}.get(form.get("remember", ""))
        environ["chatsso"].log_in(
            email=form["email"],
            username=form.get("username"),
            name=form.get("name"),
            remember=remember,
            credentials=credentials_of(form),
        )
    start_response(
        "303 See Other",
        [("Location", form.get("then", "/landing")), ("Set-Cookie", f"site_user={form['email']}; Path=/")],
    )
    return [b""]


def landing(site: SmallSite, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("302 Found", [("Location", "/"), ("Content-Type", "text/html")])
    return [b"<body>moved</body>"]


def log_out(site: SmallSite, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    if "chatsso" in environ:
        environ["chatsso"].log_out()
    start_response("303 See Other", [("Location", "/"), ("Set-Cookie", "site_user=; Path=/; Max-Age=0")])
    return [b""]


def account(site: SmallSite, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Account changes: the form's field `do` names the handle's method."""
    form = form_of(environ)
    handle = environ["chatsso"]
    match form.pop("do"):
        case "register":
            handle.register(**form)
        case "edit":
            handle.edit(form.pop("address"), **form)
        case "delete":
            handle.delete(*form["addresses"].split())
    return answer(start_response, b"done", Content_Type="text/plain")


def as_json(site: SmallSite, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    body = json.dumps({"html": site.page(environ, "JSON").decode()}).encode()
    return answer(start_response, body, Content_Type="application/json")


def image(site: SmallSite, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    return answer(start_response, b"GIF89a</body>", Content_Type="image/gif")


def missing(site: SmallSite, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    return answer(start_response, site.page(environ, "Not found"), "404 Not Found")


def stream(site: SmallSite, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
    page = site.page(environ, "Stream")
    for start in range(0, len(page), 50):
        yield page[start : start + 50]


def cached(site: SmallSite, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """A page with validators, compressed for whoever takes that."""
    body = site.page(environ, "Cached")
    tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    headers = {
        "ETag": tag,
        "Cache-Control": "public, max-age=600",
        "Last-Modified": "Fri, 20 Nov 2026 08:00:00 GMT",
    }
    if environ.get("HTTP_IF_NONE_MATCH") == tag:
        start_response("304 Not Modified", list(headers.items()))
        return [b""]
    if "gzip" in environ.get("HTTP_ACCEPT_ENCODING", ""):
        body = gzip.compress(body)
        headers["Content-Encoding"] = "gzip"
    return answer(start_response, body, **headers)


def manual(site: SmallSite, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """A page that places the tags and the chat's address itself."""
    handle = environ["chatsso"]
    link = f"<a id=own href='{handle.chat_url('/room/own')}'>x</a>"
    body = f"<body>{link}{handle.login_tag()}{handle.logout_tag()}</body>"
    return answer(start_response, body.encode(), ETag='"manual"')


VIEWS: dict[str, View] = {
    "/": home,
    "/login": log_in,
    "/landing": landing,
    "/logout": log_out,
    "/account": account,
    "/json": as_json,
    "/image": image,
    "/stream": stream,
    "/cached": cached,
    "/manual": manual,
}

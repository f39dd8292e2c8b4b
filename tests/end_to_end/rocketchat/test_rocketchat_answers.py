"""What holds for all answers of our addresses: caches, referrers, frames, the cookies of a framed site."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chatsso_middleware import ChatSSOMiddleware, ChatUser
from chatsso_middleware.sandbox.rocketchat import RunningSandbox
from tests.support.chat_page import FRAME, TOKEN
from tests.support.site import SmallSite
from tests.support.strict_server import StrictServer
from tests.support.visitor import Visitor, set_cookies

from .conftest import settings_for
from .modes import ANN

EMBED = "/chatsso/rocketchat/embed"
OAUTH = "/chatsso/rocketchat/oauth"


def verify(service: str, response: Any) -> ChatUser | None:
    """A host that believes one token."""
    return ChatUser(ANN) if response.get("token") == "good" else None


@pytest.fixture
def middleware(chat: RunningSandbox, tmp_path: Path) -> Iterator[ChatSSOMiddleware]:
    """A site on https that its chat shows in a frame on another one."""
    settings = settings_for(
        chat,
        tmp_path,
        site_url="https://www.site.example",
        cookie_samesite="none",
        rocketchat_cookie_partitioned="yes",
        rocketchat_embed_script="yes",
        rocketchat_oauth="twitter",
        rocketchat_oauth_verifier=verify,
    )
    made = ChatSSOMiddleware(SmallSite(chat.url), settings)
    yield made
    made.site.stop()


@pytest.fixture
def guest(middleware: ChatSSOMiddleware) -> Visitor:
    return Visitor(middleware, **{"wsgi.url_scheme": "https"})


@pytest.fixture
def ann(guest: Visitor) -> Visitor:
    guest.cookies.update(logged_in(guest).cookies)
    return guest


def logged_in(visitor: Visitor) -> Visitor:
    post(visitor, "/login", f"email={ANN}&username=ann".encode())
    return visitor


def post(
    visitor: Visitor, path: str, body: bytes = b"", content_type: str = "application/x-www-form-urlencoded"
) -> StrictServer:
    return visitor.get(
        path,
        REQUEST_METHOD="POST",
        CONTENT_TYPE=content_type,
        CONTENT_LENGTH=str(len(body)),
        **{"wsgi.input": io.BytesIO(body)},
    )


def forgery_token(answer: StrictServer) -> str:
    match = re.search(rb'name="forgery_token" value="([^"]+)"|"forgeryToken": "([^"]+)"', answer.body)
    assert match is not None
    return (match[1] or match[2]).decode()


def answers(visitor: Visitor, chat: RunningSandbox) -> Iterator[tuple[str, StrictServer]]:
    """Every kind of answer of the provider's addresses, and what stands for it."""
    origin = {"HTTP_ORIGIN": chat.url}
    own = {"HTTP_SEC_FETCH_SITE": "same-origin"}
    yield "401 of a guest", visitor.get(TOKEN, **origin)
    yield "401 of a stranger", visitor.get(TOKEN, HTTP_ORIGIN="https://evil.example")
    yield "204", visitor.get(TOKEN, REQUEST_METHOD="OPTIONS", **origin)
    yield "405", visitor.get(TOKEN, REQUEST_METHOD="DELETE", **origin)
    frame = visitor.get(FRAME)
    yield "200 services", frame
    yield "200 back without a login", visitor.get(f"{FRAME}?came_back=1")
    yield "403 forged", post(visitor, OAUTH, b"{}", "application/json")
    yield "400 unreadable", post(visitor, OAUTH, b"[]", "application/json")
    yield "405 oauth", visitor.get(OAUTH)
    for token in ("bad", "good"):
        body = f'{{"service":"twitter","response":{{"token":"{token}"}},"forgery_token":"TOKEN"}}'
        sent = body.replace("TOKEN", forgery_token(frame)).encode()
        yield f"oauth {token}", post(visitor, OAUTH, sent, "application/json")
    yield "200 token", visitor.get(TOKEN, **origin)
    yield "200 HEAD", visitor.get(TOKEN, REQUEST_METHOD="HEAD", **origin)
    yield "200 entering", visitor.get(FRAME)
    yield "200 embed", visitor.get(EMBED, **own)
    yield "403 embed", visitor.get(EMBED)
    yield "200 script", visitor.get(f"{EMBED}.js")
    yield "302 logout in the chat", visitor.get("/chatsso/logout?provider=rocketchat")
    left = visitor.get(FRAME)
    yield "200 left", left
    yield "403 button", post(visitor, FRAME, b"forgery_token=nonsense")
    yield "200 button", post(visitor, FRAME, f"forgery_token={forgery_token(left)}".encode())
    yield "302 go", visitor.get("/chatsso/go?provider=rocketchat")
    chat.fail_with(status=500)
    yield "302 login", visitor.get("/chatsso/login?provider=rocketchat")


def test_no_answer_is_kept_sniffed_or_referred_to(guest: Visitor, chat: RunningSandbox) -> None:
    seen = {}
    for name, answer in answers(guest, chat):
        assert answer.status[:3] == name[:3] or name.startswith("oauth"), (name, answer.status)
        cache = answer.header("Cache-Control")
        assert cache is not None
        assert "no-store" in cache, name
        assert answer.header("Referrer-Policy") == "no-referrer", name
        assert answer.header("X-Content-Type-Options") == "nosniff", name
        assert answer.header("X-Frame-Options") is None, name
        seen[name] = answer
    assert seen["oauth good"].status == "200 OK"
    assert seen["oauth bad"].status == "403 Forbidden"


def test_the_chat_alone_and_the_site_for_its_embedding_may_frame_the_frames_pages(
    guest: Visitor, chat: RunningSandbox
) -> None:
    for name, answer in answers(guest, chat):
        policy = answer.header("Content-Security-Policy") or ""
        if answer.environ["PATH_INFO"] == FRAME:
            ancestors = policy.partition("frame-ancestors ")[2].partition(";")[0]
            assert set(ancestors.split()) == {chat.url, "'self'"}, name
            assert "default-src 'none'" in policy
        if b"<script nonce" in answer.body:
            (nonce,) = re.findall(rb'<script nonce="([^"]+)"', answer.body)
            assert f"script-src 'nonce-{nonce.decode()}'" in policy
            assert len(nonce) >= 22, "128 random bits"


def test_nonces_are_new_for_each_answer(ann: Visitor) -> None:
    policies = {ann.get(FRAME).header("Content-Security-Policy") for _ in range(3)}
    assert len(policies) == 3


def test_every_cookie_of_ours_goes_along_into_a_frame_of_another_site(
    guest: Visitor, chat: RunningSandbox
) -> None:
    written: dict[str, list[str]] = {}
    for _, answer in answers(guest, chat):
        for cookie in set_cookies(answer):
            written.setdefault(cookie.partition("=")[0], []).append(cookie)
    assert set(written) == {
        "chatsso",
        "chatsso.forgery",
        "chatsso.rocketchat.left",
        "chatsso.bounces",
    }
    for cookies in written.values():
        for cookie in cookies:
            attributes = {attribute.strip() for attribute in cookie.split(";")[1:]}
            assert {"SameSite=None", "Secure", "Partitioned", "HttpOnly", "Path=/"} <= attributes, cookie


def test_no_answer_takes_an_address_from_the_host_header(guest: Visitor, chat: RunningSandbox) -> None:
    guest.environ["HTTP_HOST"] = "attacker.example"
    for name, answer in answers(guest, chat):
        assert b"attacker" not in answer.body, name
        assert "attacker" not in str(answer.headers), name

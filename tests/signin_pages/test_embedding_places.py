from __future__ import annotations

import pytest

from chatsso_middleware.signin.embedding import Embedding, Place

APP = "https://app.example.com"


def test_nothing_is_embedded_by_default() -> None:
    off = Embedding()
    assert not off
    assert off.place(None, None) == Place("tab")
    assert off.place(APP, None) is None
    assert off.place(None, "webview") is None


@pytest.mark.parametrize(
    "origin",
    [
        "https://app.example.com.evil.example",
        "https://app.example.com:8443",
        "http://app.example.com",
        "https://app.example.com/",
        "https://APP.example.com",
        "https://sub.app.example.com",
        "null",
        "*",
        "",
        "webview",
    ],
)
def test_only_exact_origins_are_allowed(origin: str) -> None:
    embedding = Embedding((APP,))
    assert embedding.place(APP, None) == Place("frame", APP)
    assert embedding.place(origin, None) is None


def test_a_web_view_needs_its_own_word() -> None:
    assert Embedding(("webview",)).place(None, "webview") == Place("webview")
    assert Embedding(("webview",)).place("webview", None) is None
    assert Embedding((APP, "webview")).place(None, "frame") is None
    assert Embedding((APP,)).place(None, "webview") is None


def test_a_page_is_in_one_place_at_a_time() -> None:
    assert Embedding((APP, "webview")).place(APP, "webview") is None


def test_each_place_says_whom_a_code_is_for_and_how_it_is_asked_for() -> None:
    assert (Place("tab").audience, Place("tab").query) == (None, ())
    assert (Place("frame", APP).audience, Place("frame", APP).query) == (APP, (("origin", APP),))
    assert (Place("webview").audience, Place("webview").query) == ("webview", (("embed", "webview"),))


@pytest.mark.parametrize(
    "wrong", ["app.example.com", "https://app.example.com/", "https://*.example.com", "'self'"]
)
def test_what_is_no_origin_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="origin"):
        Embedding((wrong,))

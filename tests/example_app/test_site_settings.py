from __future__ import annotations

import pytest

from example_app.settings import SiteSettings

COMPLETE = {
    "site.url": "https://millbrook.example/",
    "site.chat_url": "https://millbrook.discussionchatroom.com",
    "site.hooks": "explicit",
    "site.secret": "a secret of the site",
    "site.database": "sqlite:///site.sqlite3",
}


def test_addresses_have_one_slash_at_most_where_it_belongs() -> None:
    site = SiteSettings.from_ini(COMPLETE)
    assert site.url == "https://millbrook.example"
    assert site.chat_url == "https://millbrook.discussionchatroom.com/"
    assert site.chat_origin == "https://millbrook.discussionchatroom.com"
    assert site.chat_host == "millbrook.discussionchatroom.com"


@pytest.mark.parametrize("key", COMPLETE)
def test_a_missing_key_is_named(key: str) -> None:
    with pytest.raises(ValueError, match=f"^{key} is missing"):
        SiteSettings.from_ini({**COMPLETE, key: " "})


def test_hooks_are_explicit_or_noticed() -> None:
    with pytest.raises(ValueError, match=r"site\.hooks is either explicit or noticed, not 'magic'"):
        SiteSettings.from_ini({**COMPLETE, "site.hooks": "magic"})


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("site.embed", "window", "site.embed is either script or frame or widget, not 'window'"),
        ("site.cookie_samesite", "strict", "site.cookie_samesite is either lax or none, not 'strict'"),
        ("site.chat_password", "", "site.chat_password is either true or false, not ''"),
    ],
)
def test_a_choice_is_one_of_a_few(key: str, value: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        SiteSettings.from_ini({**COMPLETE, key: value})


def test_without_choices_the_chat_s_script_embeds_it_cookies_are_lax_and_passwords_stay() -> None:
    site = SiteSettings.from_ini(COMPLETE)
    assert (site.embed, site.cookie_samesite, site.chat_password) == ("script", "lax", False)


def test_cookies_for_another_site_need_https() -> None:
    settings = {**COMPLETE, "site.cookie_samesite": "none"}
    assert SiteSettings.from_ini(settings).cookie_samesite == "none"
    with pytest.raises(ValueError, match=r"site\.cookie_samesite = none needs a site\.url with https"):
        SiteSettings.from_ini({**settings, "site.url": "http://millbrook.example"})


def test_the_secret_may_stand_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {**COMPLETE, "site.secret": "env:GARDEN_SECRET"}
    monkeypatch.setenv("GARDEN_SECRET", "a secret of the shell")
    assert SiteSettings.from_ini(settings).secret == "a secret of the shell"
    monkeypatch.delenv("GARDEN_SECRET")
    with pytest.raises(
        ValueError, match=r"site\.secret is taken from the environment variable GARDEN_SECRET"
    ):
        SiteSettings.from_ini(settings)


def test_the_secret_does_not_show() -> None:
    assert "a secret of the site" not in repr(SiteSettings.from_ini(COMPLETE))


@pytest.mark.parametrize(("url", "https"), [("https://a.example", True), ("http://127.0.0.1:6543", False)])
def test_cookies_are_kept_to_https_where_the_site_is(url: str, *, https: bool) -> None:
    assert SiteSettings.from_ini({**COMPLETE, "site.url": url}).is_https is https

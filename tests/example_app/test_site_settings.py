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

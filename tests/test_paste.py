"""The entrance for ini files, by PasteDeploy itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from paste.deploy import loadapp, loadfilter

from chatsso_middleware import ChatSSOMiddleware, ConfigurationError
from tests.support.site import SmallSite

SETTINGS = """providers = website_toolbox
secret = env:CHATSSO_TEST_SECRET
login_url = /login?came_from={next}
website_toolbox.url = https://client.discussionchatroom.com
website_toolbox.api_key =
    env:CHATSSO_TEST_KEY
    another-key-canary
"""
SITE = "[app:site]\npaste.app_factory = tests.support.site:app_factory\nchat = https://client.example\n\n"
PIPELINE = "[pipeline:main]\npipeline = chatsso site\n"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATSSO_TEST_SECRET", "the secret of the site, canary and long")
    monkeypatch.setenv("CHATSSO_TEST_KEY", "canary-key")


def write_ini(folder: Path, use: str, settings: str = SETTINGS) -> str:
    ini = folder / "site.ini"
    ini.write_text(f"[DEFAULT]\ndebug = no\n\n[filter:chatsso]\n{use}\n{settings}\n{SITE}{PIPELINE}")
    return f"config:{ini}"


@pytest.mark.parametrize(
    "use",
    [
        "use = egg:chatsso-middleware",
        "use = egg:chatsso-middleware#main",
        "use = egg:chatsso-middleware#filter",
        "paste.filter_factory = chatsso_middleware.paste:filter_factory",
        "paste.filter_app_factory = chatsso_middleware.paste:filter_app_factory",
    ],
)
def test_every_way_of_naming_the_filter_gives_the_middleware(tmp_path: Path, use: str) -> None:
    app = loadapp(write_ini(tmp_path, use))
    assert isinstance(app, ChatSSOMiddleware)
    assert isinstance(app.app, SmallSite)
    settings = app.site.settings
    assert settings.login_url == "/login?came_from={next}"
    assert [key.reveal() for key in settings.provider_options["website_toolbox"]["api_key"]] == [
        "canary-key",
        "another-key-canary",
    ]
    assert settings.outbox == f"sqlite:///{tmp_path}/chatsso-outbox.sqlite3", "beside the ini"
    app.site.stop()


def test_a_filter_may_be_made_before_its_application(tmp_path: Path) -> None:
    make = loadfilter(write_ini(tmp_path, "use = egg:chatsso-middleware#filter"), name="chatsso")

    def site(environ: Any, start_response: Any) -> list[bytes]:
        return []

    app = make(site)
    assert app.app is site
    app.site.stop()


@pytest.mark.parametrize("use", ["egg:chatsso-middleware", "egg:chatsso-middleware#filter"])
def test_every_mistake_is_told_with_the_ini_and_its_line_and_no_secret(tmp_path: Path, use: str) -> None:
    wrong = SETTINGS.replace("https://client", "http://client") + "page_wiat = 1\nlinks = perhaps\n"
    config = write_ini(tmp_path, f"use = {use}", wrong)
    lines = Path(config.removeprefix("config:")).read_text().splitlines()
    with pytest.raises(ConfigurationError) as raised:
        loadapp(config)
    places = {problem.key: problem.place for problem in raised.value.problems}
    assert places == {
        key: f"site.ini, line {next(n for n, line in enumerate(lines, 1) if line.startswith(key))}"
        for key in ("website_toolbox.url", "page_wiat", "links")
    }
    assert "The nearest known key is page_wait" in str(raised.value)
    assert "canary" not in str(raised.value)


def test_a_filter_factory_tells_its_mistakes_before_there_is_an_application(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="links"):
        loadfilter(
            write_ini(tmp_path, "use = egg:chatsso-middleware#filter", SETTINGS + "links = perhaps\n"),
            name="chatsso",
        )


def test_without_an_ini_the_place_is_named_all_the_same() -> None:
    from chatsso_middleware.paste import filter_app_factory

    with pytest.raises(ConfigurationError) as raised:
        filter_app_factory(lambda environ, start_response: [], {}, providers="website_toolbox")
    assert {problem.place for problem in raised.value.problems} == {"the ini file"}

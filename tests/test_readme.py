"""What the README claims, run."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

import pytest
from paste.deploy import loadapp

from chatsso_middleware import ChatSSOMiddleware
from chatsso_middleware.sandbox.website_toolbox import serve
from tests.support.browser import Browser
from tests.support.servers import serving

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def code(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


def test_the_ini_logs_a_visitor_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (section,) = code("ini")
    assert len(section.split("[pipeline")[0].strip().splitlines()) == 9
    with serve() as room:
        monkeypatch.setenv("CHATSSO_SECRET", secrets.token_urlsafe(32))
        monkeypatch.setenv("WEBSITE_TOOLBOX_API_KEY", room.api_key)
        ini = tmp_path / "site.ini"
        site = f"\n[app:site]\npaste.app_factory = tests.support.site:app_factory\nchat = {room.url}\n"
        ini.write_text(section.replace("https://CLIENT.discussionchatroom.com", room.url) + site)
        app = loadapp(f"config:{ini}")
        assert isinstance(app, ChatSSOMiddleware)
        with serving(app) as address:
            browser = Browser(address)
            browser.post("/login", email="ann@example.com")
            browser.get("/")
            assert browser.get(f"{room.url}/", images=False).user == "ann@example.com"
            browser.close()
        app.site.stop()


def test_the_python_lines_are_calls_of_the_handle() -> None:
    (lines,) = code("python")
    for method in re.findall(r'environ\["chatsso"\]\.(\w+)\(', lines):
        assert method in ("log_in", "log_out")
    compile(lines, "README.md", "exec")


def test_both_commands_are_targets_of_make() -> None:
    (commands,) = code("sh")[:1]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)", commands, flags=re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


def test_every_file_that_is_linked_is_there() -> None:
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")):
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name} links to {target}"

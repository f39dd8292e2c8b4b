from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from chatsso_middleware import providers
from chatsso_middleware.providers.website_toolbox import WebsiteToolbox


def install(directory: Path, entries: str, module: str = "") -> None:
    """What pip leaves in site-packages of a package with these entry points."""
    information = directory / "other_chat-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: other-chat\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(f"[chatsso_middleware.providers]\n{entries}\n")
    (directory / "other_chat.py").write_text(module)


@pytest.fixture
def site_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "other_chat", raising=False)
    return tmp_path


def test_our_own_is_found_by_name() -> None:
    assert "website_toolbox" in providers.installed_providers()
    assert providers.provider_class("website_toolbox") is WebsiteToolbox


def test_nothing_is_imported_before_it_is_used() -> None:
    code = (
        "import sys; from chatsso_middleware import providers; providers.installed_providers();"
        "print([name for name in sys.modules if name.endswith('website_toolbox')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_another_package_brings_its_own(site_packages: Path) -> None:
    module = "from chatsso_middleware.providers import Provider\nclass Chat(Provider):\n    name = 'other'\n"
    install(site_packages, "other = other_chat:Chat", module)
    assert providers.provider_class("other").name == "other"


@pytest.mark.parametrize("first", [True, False])
def test_another_package_cannot_stand_in_for_ours(
    first: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path] if first else [*sys.path, str(tmp_path)])
    install(tmp_path, "website_toolbox = other_chat:Chat")
    assert providers.installed_providers()["website_toolbox"].module != "other_chat"
    assert providers.provider_class("website_toolbox") is WebsiteToolbox


def test_a_name_that_nobody_brings_is_a_lookup_error() -> None:
    with pytest.raises(LookupError, match="'nonesuch'"):
        providers.provider_class("nonesuch")


@pytest.mark.parametrize("entry", ["other_chat:chat", "other_chat:Chat"])
def test_what_is_no_provider_is_a_type_error_that_names_it(site_packages: Path, entry: str) -> None:
    install(site_packages, f"other = {entry}", "chat = 1\nclass Chat: pass\n")
    with pytest.raises(TypeError, match=entry):
        providers.provider_class("other")

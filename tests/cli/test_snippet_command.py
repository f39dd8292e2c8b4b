from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from chatsso_middleware.cli.commands import chatsso

from .conftest import WriteIni

ROCKETCHAT = """
providers = website_toolbox rocketchat
rocketchat.url = https://chat.example.com
rocketchat.admin_user_id = adminId
rocketchat.admin_token = canary-token
"""


def snippet(*arguments: str) -> Result:
    return CliRunner().invoke(chatsso, ["snippet", *arguments], catch_exceptions=False)


@pytest.fixture
def ini(write_ini: WriteIni) -> Path:
    """A site with both chats, that does not say its own address."""
    path = write_ini(ROCKETCHAT)
    path.write_text(path.read_text().replace("providers = website_toolbox\n", "", 1))
    return path


def test_the_text_alone_goes_out_and_where_it_belongs_beside_it(ini: Path) -> None:
    result = snippet("rocketchat", str(ini), "--site-url", "https://www.site.example/")
    assert result.exit_code == 0, result.output
    assert result.stdout == (
        'window.location.replace("https://www.site.example/chatsso/logout?provider=rocketchat");\n'
    )
    assert "Custom_Script_On_Logout" in result.stderr
    assert "canary" not in result.output


def test_the_sites_address_of_the_ini_and_its_mount_stand_in_it(ini: Path) -> None:
    ini.write_text(
        ini.read_text().replace(
            "[app:site]", "site_url = https://club.example/forum\nmount = /sso\n\n[app:site]"
        )
    )
    result = snippet("rocketchat", str(ini))
    assert "https://club.example/forum/sso/logout?provider=rocketchat" in result.stdout
    overridden = snippet("rocketchat", str(ini), "--site-url", "https://other.example")
    assert "https://club.example/forum/sso/logout" in overridden.stdout, "the ini says it for sure"


def test_without_an_address_of_the_site_it_says_what_to_give(ini: Path) -> None:
    result = snippet("rocketchat", str(ini))
    assert result.exit_code == 1
    assert "--site-url" in result.output
    assert result.stdout == ""


@pytest.mark.parametrize(
    "address",
    [
        "site.example",
        "ftp://site.example",
        "https://site.example/?a=1",
        "https://site.example/#a",
        "https://",
    ],
)
def test_what_is_no_address_of_a_site_is_refused(ini: Path, address: str) -> None:
    result = snippet("rocketchat", str(ini), "--site-url", address)
    assert result.exit_code == 2
    assert "this is no address such as" in result.output


def test_a_chat_that_is_not_switched_on_is_named_with_those_that_are(ini: Path) -> None:
    result = snippet("typingmind", str(ini), "--site-url", "https://site.example")
    assert result.exit_code == 1
    assert "does not switch typingmind on; its providers: website_toolbox, rocketchat." in result.output


def test_a_chat_that_needs_none_says_so(ini: Path) -> None:
    result = snippet("website_toolbox", str(ini), "--site-url", "https://site.example")
    assert result.exit_code == 1
    assert "website_toolbox needs no snippet." in result.output


def test_problems_of_the_ini_are_told_without_its_secrets(ini: Path) -> None:
    ini.write_text(ini.read_text().replace("https://chat.example.com", "http://chat.example.com"))
    result = snippet("rocketchat", str(ini), "--site-url", "https://site.example")
    assert result.exit_code == 1
    assert "rocketchat.url" in result.output
    assert "canary" not in result.output
    assert "Traceback" not in result.output


def test_a_file_without_the_middleware_says_so(tmp_path: Path) -> None:
    path = tmp_path / "other.ini"
    path.write_text("[app:main]\nuse = egg:Other\n")
    result = snippet("rocketchat", str(path))
    assert result.exit_code == 1
    assert "chatsso-middleware" in result.output


def test_of_several_sections_with_other_addresses_one_must_be_named(ini: Path) -> None:
    text = ini.read_text()
    section = text[text.index("[filter:chatsso]") : text.index("[app:site]")]
    other = section.replace("[filter:chatsso]", "[filter:other]")
    site = ("--site-url", "https://site.example")
    ini.write_text(f"{text}\n{other}")
    assert snippet("rocketchat", str(ini), *site).exit_code == 0, "they would print the same"
    ini.write_text(f"{text}\n{other}mount = /sso\n")
    result = snippet("rocketchat", str(ini), *site)
    assert result.exit_code == 1
    assert "filter:chatsso, filter:other" in result.output
    assert "--section" in result.output
    named = snippet("rocketchat", str(ini), *site, "--section", "filter:other")
    assert "https://site.example/sso/logout" in named.stdout

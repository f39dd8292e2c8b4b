from __future__ import annotations

from pathlib import Path

import pytest
from paste.deploy import loadapp

from chatsso_middleware import ConfigurationError
from chatsso_middleware.ini import hidden_keys

INI = """\
[DEFAULT]
site_url = https://club.example
links = no

[filter:chatsso]
use = egg:chatsso-middleware
providers = website_toolbox
secret = 0123456789abcdef0123456789abcdef
site_url = %(site_url)s
website_toolbox.url = https://client.discussionchatroom.com
website_toolbox.api_key = key
page_wiat = 1

[app:site]
paste.app_factory = tests.support.site:app_factory
chat = https://client.example
site_url = %(site_url)s

[pipeline:main]
pipeline = chatsso site
"""


def test_a_key_that_pastedeploy_keeps_back_is_a_problem_beside_the_others(tmp_path: Path) -> None:
    ini = tmp_path / "site.ini"
    ini.write_text(INI)
    with pytest.raises(ConfigurationError) as error:
        loadapp(f"config:{ini}")
    assert [(problem.key, problem.place) for problem in error.value.problems] == [
        ("site_url", "site.ini, line 9"),
        ("page_wiat", "site.ini, line 12"),
    ]
    assert "another name" in error.value.problems[0].mend


def test_alone_it_is_a_problem_as_well(tmp_path: Path) -> None:
    ini = tmp_path / "site.ini"
    ini.write_text(INI.replace("page_wiat = 1\n", ""))
    with pytest.raises(ConfigurationError, match="1 problem"):
        loadapp(f"config:{ini}")


@pytest.mark.parametrize(
    "content",
    [
        INI.replace("[DEFAULT]", "[other]").replace("%(site_url)s", "https://club.example"),
        INI.replace("site_url = https://club.example\n", "").replace("%(site_url)s", "https://club.example"),
        "no section\n",
        "",
    ],
)
def test_nothing_is_hidden_where_the_names_differ_or_nothing_can_be_read(
    tmp_path: Path, content: str
) -> None:
    ini = tmp_path / "site.ini"
    ini.write_text(content)
    assert hidden_keys(str(ini)) == []


def test_a_file_that_is_no_text_or_not_there_hides_nothing(tmp_path: Path) -> None:
    ini = tmp_path / "site.ini"
    ini.write_bytes(b"[DEFAULT]\nx = \xff\n")
    assert hidden_keys(str(ini)) == []
    assert hidden_keys(str(tmp_path / "nowhere.ini")) == []

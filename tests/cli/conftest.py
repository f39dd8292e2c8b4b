from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatsso_middleware.sandbox import rocketchat
from chatsso_middleware.sandbox.website_toolbox import RunningSandbox, serve

INI = """\
[pipeline:main]
pipeline = chatsso site

[filter:chatsso]
use = egg:chatsso-middleware
providers = website_toolbox
secret = 0123456789abcdef0123456789abcdef
login_url = /login?came_from={{next}}
outbox = sqlite:///%(here)s/outbox.sqlite3
website_toolbox.url = {url}
website_toolbox.api_key = {key}
{more}

[app:site]
use = call:somewhere:app
"""


@pytest.fixture
def room() -> Iterator[RunningSandbox]:
    with serve() as sandbox:
        yield sandbox


@pytest.fixture
def chat() -> Iterator[rocketchat.RunningSandbox]:
    with rocketchat.serve() as sandbox:
        yield sandbox


WriteIni = Callable[..., Path]


@pytest.fixture
def write_ini(room: RunningSandbox, tmp_path: Path) -> WriteIni:
    """Writes an ini for the room of this test; `more` are further lines of the filter's section."""

    def write(more: str = "", key: str | None = None) -> Path:
        path = tmp_path / "site.ini"
        path.write_text(INI.format(url=room.url, key=key or room.api_key, more=more))
        return path

    return write


def with_rocketchat(write_ini: WriteIni, chat: rocketchat.RunningSandbox, more: str = "") -> Path:
    """An ini with a Rocket.Chat in the place of the room."""
    path = write_ini(
        f"rocketchat.url = {chat.url}\n"
        f"rocketchat.admin_user_id = {chat.admin_user_id}\n"
        f"rocketchat.admin_token = {chat.admin_token}\n"
        f"rocketchat.token_secret = {chat.token_secret}\n{more}"
    )
    lines = path.read_text().splitlines()
    kept = [line for line in lines if not line.startswith("website_toolbox.")]
    path.write_text("\n".join(kept).replace("providers = website_toolbox", "providers = rocketchat"))
    return path

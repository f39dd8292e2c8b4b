"""A chat that lives below a path of its host: what else is on that host is no business of ours."""

from __future__ import annotations

import pytest

from chatsso_middleware.page.edits import AddParameters, LinkEdit, PageEdits, ThroughGateway
from chatsso_middleware.page.rewriter import rewrite

TOKEN = AddParameters((("access_token", "t"),))
HOSTS = frozenset({"www.example.com"})


@pytest.mark.parametrize(
    "path", ["/chat", "/chat/", "/chat/room?a=b", "/chat#end", "/x/../chat/room", "/chat/./room"]
)
@pytest.mark.parametrize("change", [TOKEN, ThroughGateway("/chatsso/go", "toolbox")])
def test_links_into_the_chat_change(path: str, change: AddParameters | ThroughGateway) -> None:
    page = f'<a href="https://www.example.com{path}">chat</a>'.encode()
    assert rewrite(page, PageEdits(links=(LinkEdit(HOSTS, change, below="/chat"),))) != page


@pytest.mark.parametrize(
    "path", ["", "/", "/about", "/chatter", "/chat/../about", "/chat/%2e%2E/about", "/?/chat", "/#/chat"]
)
@pytest.mark.parametrize("element", ['<a href="{}">x</a>', '<form action="{}"></form>', '<iframe src="{}">'])
def test_other_links_to_its_host_stay(path: str, element: str) -> None:
    page = element.format(f"https://www.example.com{path}").encode()
    assert rewrite(page, PageEdits(links=(LinkEdit(HOSTS, TOKEN, below="/chat"),))) == page

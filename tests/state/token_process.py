"""A worker of a site: several threads of it want the token of one user at once, and it prints what they got.

Arguments: the chat's address, its API key, the store's address, and how many threads.
"""

from __future__ import annotations

import sys
import threading

from chatsso_middleware.providers import ChatAPI
from chatsso_middleware.providers.website_toolbox import WebsiteToolbox
from chatsso_middleware.secret import Secret
from chatsso_middleware.state.background import Background
from chatsso_middleware.state.token_store import TokenStore
from chatsso_middleware.state.tokens import Holder, Tokens
from chatsso_middleware.users import ChatUser


def main(url: str, api_key: str, store: str, threads: str) -> None:
    options = {"url": url, "api_key": (Secret(api_key),), "method": "POST", "send_password": False}
    provider = WebsiteToolbox(options, ChatAPI("website_toolbox", timeout=5))
    token_store = TokenStore(store, lock_timeout=10)
    tokens = Tokens(
        "website_toolbox",
        url,
        open_session=lambda holder, kept: provider.open_session(holder.user),
        check_session=lambda holder, session: True,
        end_session=lambda email, session: None,
        available=lambda: True,
        worth_waiting=lambda: True,
        store=token_store,
        background=Background(),
        margin=300,
    )
    found: list[str] = []

    def ask() -> None:
        session = tokens.wait(Holder.logged_in(ChatUser("ann@example.com"), 0.0), 20)
        found.append(session.token if session else "none")

    sys.stdin.readline()  # all processes begin at once
    askers = [threading.Thread(target=ask) for _ in range(int(threads))]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    token_store.close()
    sys.stdout.write(" ".join(sorted(set(found))))


if __name__ == "__main__":
    main(*sys.argv[1:])

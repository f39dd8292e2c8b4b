"""What the demo can run with: an ini, the sandboxes that belong to it, and how to try it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from chatsso_middleware.sandbox import directory, publica_la, rocketchat, typingmind, website_toolbox

from .first_readers import admit

__all__ = ["CHATS", "DemoChat", "RunningSandbox", "StartSandbox"]

HERE: Final = Path(__file__).parent
ISSUER: Final = "millbrook-lane-reading-room"
"""As ``signin.ini`` has it."""


@dataclass(frozen=True, slots=True)
class RunningSandbox:
    """A sandbox that browsers can reach."""

    label: str
    """What it is called at the terminal."""
    key: str
    """The name of its address in the ini's section ``DEFAULT``."""
    url: str
    environment: Mapping[str, str] = field(repr=False)
    """What the ini takes from the environment for it."""


StartSandbox = Callable[[str, int, str, Mapping[str, str]], AbstractContextManager[RunningSandbox]]
"""Runs a sandbox on a host and port, for the site at an address, with these secrets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoChat:
    """One way to run the demo."""

    ini: Path
    """Configures the site."""
    secrets: tuple[str, ...]
    """The names of the secrets of its chats, which the demo makes and keeps."""
    sandboxes: tuple[StartSandbox, ...]
    """The first one is the chat."""
    how_to_try: str
    """For a person at the terminal, with the names of what differs in braces."""
    has_members: bool = True
    """Whether the site has users of its own. Without them it has no logins that could be noticed, and the ini
    has one variant."""


@contextmanager
def _room(host: str, port: int, site_url: str, secrets: Mapping[str, str]) -> Iterator[RunningSandbox]:
    api_key = secrets["WEBSITE_TOOLBOX_API_KEY"]
    with website_toolbox.serve(host=host, port=port, api_key=api_key, site_url=site_url) as room:
        environment = {"WEBSITE_TOOLBOX_API_KEY": room.api_key}
        yield RunningSandbox("Chat", "chat_address", room.url, environment)


@contextmanager
def _rocketchat(host: str, port: int, site_url: str, secrets: Mapping[str, str]) -> Iterator[RunningSandbox]:
    settings = replace(
        rocketchat.ChatSettings.of_site(site_url),
        # The page "Shed" shows the chat in a frame, and our script tells it who is logged in.
        receive_enabled=True,
        receive_origins=site_url,
        send_enabled=True,
        send_origin=site_url,
    )
    with rocketchat.serve(
        host=host,
        port=port,
        settings=settings,
        admin_token=secrets["ROCKETCHAT_ADMIN_TOKEN"],
        token_secret=secrets["ROCKETCHAT_TOKEN_SECRET"],
    ) as chat:
        environment = {
            "ROCKETCHAT_ADMIN_USER_ID": chat.admin_user_id,
            "ROCKETCHAT_ADMIN_TOKEN": chat.admin_token,
            "ROCKETCHAT_TOKEN_SECRET": chat.token_secret,
        }
        yield RunningSandbox("Chat", "chat_address", chat.url, environment)


@contextmanager
def _typingmind(
    host: str,
    port: int,
    site_url: str,
    secrets: Mapping[str, str],
) -> Iterator[RunningSandbox]:
    with typingmind.serve(
        host=host, port=port, secret=secrets["TYPINGMIND_SECRET"], api_key=secrets["TYPINGMIND_API_KEY"]
    ) as instance:
        environment = {"TYPINGMIND_SECRET": instance.secret, "TYPINGMIND_API_KEY": instance.api_key}
        yield RunningSandbox("Chat", "chat_address", instance.url, environment)


@contextmanager
def _store(host: str, port: int, site_url: str, secrets: Mapping[str, str]) -> Iterator[RunningSandbox]:
    key = secrets["PUBLICA_LA_KEY"]
    with publica_la.serve(host=host, port=port, issuer=ISSUER, key=key, site_url=site_url) as store:
        yield RunningSandbox("Store", "store_address", store.url, {"PUBLICA_LA_KEY": store.key})


@contextmanager
def _directory(
    host: str,
    port: int,
    site_url: str,
    secrets: Mapping[str, str],
) -> Iterator[RunningSandbox]:
    key = secrets["DIRECTORY_API_KEY"]
    with directory.serve(host=host, port=port, shape="nested", api_key=key) as library:
        admit(library.people)
        yield RunningSandbox("Directory", "directory_address", library.url, {"DIRECTORY_API_KEY": key})


CHATS: Final[Mapping[str, DemoChat]] = {
    "website_toolbox": DemoChat(
        ini=HERE / "development.ini",
        secrets=("WEBSITE_TOOLBOX_API_KEY",),
        sandboxes=(_room,),
        how_to_try="""\
  1. Open the site and log in as {email} with the password "{password}", or join.
  2. Follow "Chat" in the navigation: the room knows you already.
  3. Change your name, picture or address on your profile, and look at the room again.
  4. Log out on the site: the room has forgotten you. Its own "Log In" brings you here and back.
""",
    ),
    "rocketchat": DemoChat(
        ini=HERE / "rocketchat.ini",
        secrets=("ROCKETCHAT_ADMIN_TOKEN", "ROCKETCHAT_TOKEN_SECRET"),
        sandboxes=(_rocketchat,),
        how_to_try="""\
  1. Open the chat: it shows the site's login page. Log in there as {email} with the password
     "{password}", or join, and you are in.
  2. Log out in the chat: the site asks whether you leave it too. Stay, open the chat again, and it waits for
     you to say that you want to be back.
  3. Open the site and follow "Chat", or look into the "Shed": the chat knows whoever is logged in here.
  4. Change your name, picture or address on your profile, and look at {chat_address}/sandbox/accounts
  5. Log out on the site while the chat is open beside it: the chat is over at once.
""",
    ),
    "typingmind": DemoChat(
        ini=HERE / "typingmind.ini",
        secrets=("TYPINGMIND_SECRET", "TYPINGMIND_API_KEY"),
        sandboxes=(_typingmind,),
        how_to_try="""\
  1. Open the site and follow "Chat": you are asked to log in first. Do so as {email} with the
     password "{password}", and you are with the assistant, who knows you.
  2. Go back to the site: the assistant's bubble is in the corner of every page. Click it, and talk.
  3. Log out on the site: the bubble is gone, and "Chat" asks for a login again. The assistant's own window
     stays logged in until you log out there: the vendor has no call that would end it.
  4. Join as somebody else, follow "Chat", delete the account on the profile, and look at
     {chat_address}/sandbox/users
""",
    ),
    "signin": DemoChat(
        ini=HERE / "signin.ini",
        secrets=("WEBSITE_TOOLBOX_API_KEY", "PUBLICA_LA_KEY", "DIRECTORY_API_KEY"),
        sandboxes=(_room, _store, _directory),
        has_members=False,
        how_to_try="""\
  1. Open the site, follow "Books" and choose one: the hosted page asks for a library card. Enter the card
     number {card} and the password "{card_password}", and you read.
  2. Go back to the site: it knows you, and so does its chat, in "Reading circle".
  3. Log out on the site, and try the page itself: a wrong password, a number that is no card, the language,
     the locked card {locked} and the expired one {expired}, both with the same password.
  4. Open {directory_address}/sandbox/calls to see what the directory was asked.
""",
    ),
}
"""By the names of the providers; ``signin`` is the hosted login page with two of them."""

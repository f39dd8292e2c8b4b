"""``chatsso sandbox``: a chat system to develop against, on the own machine."""

from __future__ import annotations

import ipaddress
import signal
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..sandbox import website_toolbox as website_toolbox_sandbox

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from types import ModuleType

    from ..sandbox.rocketchat import RunningSandbox as RunningChat
    from ..sandbox.website_toolbox import RunningSandbox as RunningRoom

__all__ = ["sandbox"]

Running = TypeVar("Running")
Command = TypeVar("Command", bound="Callable[..., Any]")


@click.group()
def sandbox() -> None:
    """Run a stand-in of a chat system, to develop your site without an account."""


def _listens(port: int) -> Callable[[Command], Command]:
    """The options of every sandbox; `port` is where it listens unless told otherwise."""
    host_option = click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
    port_option = click.option(
        "--port",
        default=port,
        show_default=True,
        type=click.IntRange(0, 65535),
        help="Port to listen on; 0 takes a free one.",
    )
    return lambda command: host_option(port_option(command))


@sandbox.command("website_toolbox")
@_listens(6544)
@click.option(
    "--api-key",
    envvar="WEBSITE_TOOLBOX_API_KEY",
    show_envvar=True,
    help="API key that the room accepts. Without it, one is made and printed.",
)
@click.option("--site-url", help="Your site's base URL, to fill in the URL settings.")
def website_toolbox(host: str, port: int, api_key: str | None, site_url: str | None) -> None:
    """Run a stand-in Website Toolbox chat room until Ctrl+C. It is not Website Toolbox's product."""
    _run(
        website_toolbox_sandbox.serve(host=host, port=port, api_key=api_key, site_url=site_url),
        lambda room: _introduce_room(room, key_was_given=bool(api_key)),
        host=host,
        port=port,
    )


@sandbox.command("rocketchat")
@_listens(3000)
@click.option(
    "--server-version", default="8.4", show_default=True, help="Server to stand in for: 7.0, 8.0 or 8.4."
)
@click.option(
    "--admin-token",
    envvar="ROCKETCHAT_ADMIN_TOKEN",
    show_envvar=True,
    help="Token of the service account. Without it, one is made and printed.",
)
@click.option(
    "--token-secret",
    envvar="ROCKETCHAT_TOKEN_SECRET",
    show_envvar=True,
    help="Secret of users.createToken from 8.0 on. Without it, one is made and printed.",
)
@click.option(
    "--account",
    "accounts",
    multiple=True,
    metavar="USERNAME:PASSWORD",
    help="An account that can log in with a password; may be given several times.",
)
@click.option("--site-url", help="Your site's base URL, to fill in the login settings.")
def rocketchat(
    host: str,
    port: int,
    server_version: str,
    admin_token: str | None,
    token_secret: str | None,
    accounts: tuple[str, ...],
    site_url: str | None,
) -> None:
    """Run a stand-in Rocket.Chat until Ctrl+C. It is not Rocket.Chat's product."""
    package = _rocketchat_sandbox()

    def introduce(chat: RunningChat) -> str:
        for account in accounts:
            username, _, password = account.partition(":")
            try:
                chat.chat.add_user(username, password=password or None)
            except package.Refused as refusal:
                raise click.UsageError(f"--account: {refusal.reason}.") from None
        return _introduce_chat(chat, token_given=bool(admin_token), secret_given=bool(token_secret))

    _run(
        package.serve(
            host=host,
            port=port,
            server_version=server_version,
            admin_token=admin_token,
            token_secret=token_secret,
            site_url=site_url,
        ),
        introduce,
        host=host,
        port=port,
    )


def _rocketchat_sandbox() -> ModuleType:
    try:
        from ..sandbox import rocketchat as package
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] != "websockets":
            raise
        raise click.ClickException(
            'this sandbox needs the extra "realtime": pip install "chatsso-middleware[realtime]"'
        ) from None
    return package


def _run(
    serving: AbstractContextManager[Running], introduce: Callable[[Running], str], *, host: str, port: int
) -> None:
    """Serve until a signal ends it, and say what there is to know."""
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    with ExitStack() as stack:
        try:
            running = stack.enter_context(serving)
        except OSError as problem:
            raise click.ClickException(f"cannot listen on {host}, port {port}: {_reason(problem)}") from None
        except ValueError as problem:
            raise click.UsageError(f"{problem}.") from None
        click.echo(introduce(running))
        if not _is_loopback(host):
            click.echo("Other machines can reach it, and read every page of it.", err=True)
        stopping.wait()
    click.echo("Stopped.")


def _introduce_room(room: RunningRoom, *, key_was_given: bool) -> str:
    pages = room.room.site_pages
    return f"""\
A stand-in Website Toolbox chat room runs at {room.url}

Your site's settings:
  website_toolbox.url = {room.url}
  website_toolbox.api_key = {"(the one you gave)" if key_was_given else room.api_key}

URL settings of the room, see {room.url}/settings
  Log In page:        {pages.log_in or "(none; try --site-url)"}
  Log Out page:       {pages.log_out or "(none)"}
  Registration page:  {pages.registration or "(none)"}

Calls it received:    {room.url}/sandbox/calls
Its accounts:         {room.url}/sandbox/accounts
Ctrl+C stops it; nothing is kept."""


def _introduce_chat(chat: RunningChat, *, token_given: bool, secret_given: bool) -> str:
    settings = chat.chat.settings
    secret = "(the one you gave)" if secret_given else chat.token_secret
    return f"""\
A stand-in Rocket.Chat {".".join(map(str, chat.chat.version))} runs at {chat.url}

Your site's settings:
  rocketchat.url = {chat.url}
  rocketchat.admin_user_id = {chat.admin_user_id}
  rocketchat.admin_token = {"(the one you gave)" if token_given else chat.admin_token}
  rocketchat.token_secret = {secret if chat.chat.version >= (8, 0) else "(none before 8.0)"}

Login settings of the chat, see {chat.url}/settings
  Iframe URL:         {settings.iframe_url or "(none; try --site-url)"}
  API URL:            {settings.api_url or "(none)"}
  Script on logout:   {settings.script_on_logout or "(none)"}

Calls it received:    {chat.url}/sandbox/calls
Its accounts:         {chat.url}/sandbox/accounts
Ctrl+C stops it; nothing is kept."""


def _reason(problem: OSError) -> str:
    """The system's words without those that `socket.create_server` adds."""
    return (problem.strerror or str(problem)).partition(" (while attempting")[0]


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

"""``chatsso sandbox rocketchat``."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING

import click

from .running import listens, run

if TYPE_CHECKING:
    from ...sandbox.rocketchat import RunningSandbox

__all__ = ["command"]


@click.command("rocketchat")
@listens(3000)
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
def command(
    host: str,
    port: int,
    server_version: str,
    admin_token: str | None,
    token_secret: str | None,
    accounts: tuple[str, ...],
    site_url: str | None,
) -> None:
    """Run a stand-in Rocket.Chat until Ctrl+C. It is not Rocket.Chat's product."""
    package = _sandbox()

    def introduce(chat: RunningSandbox) -> str:
        for account in accounts:
            username, _, password = account.partition(":")
            try:
                chat.chat.add_user(username, password=password or None)
            except package.Refused as refusal:
                raise click.UsageError(f"--account: {refusal.reason}.") from None
        return _introduce(chat, token_given=bool(admin_token), secret_given=bool(token_secret))

    run(
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


def _sandbox() -> ModuleType:
    try:
        from ...sandbox import rocketchat as package
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] != "websockets":
            raise
        raise click.ClickException(
            'this sandbox needs the extra "realtime": pip install "chatsso-middleware[realtime]"'
        ) from None
    return package


def _introduce(chat: RunningSandbox, *, token_given: bool, secret_given: bool) -> str:
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

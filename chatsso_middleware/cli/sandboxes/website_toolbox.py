"""``chatsso sandbox website_toolbox``."""

from __future__ import annotations

import click

from ...sandbox import website_toolbox
from ...sandbox.website_toolbox import RunningSandbox
from .running import listens, run

__all__ = ["command"]


@click.command("website_toolbox")
@listens(6544)
@click.option(
    "--api-key",
    envvar="WEBSITE_TOOLBOX_API_KEY",
    show_envvar=True,
    help="API key that the room accepts. Without it, one is made and printed.",
)
@click.option("--site-url", help="Your site's base URL, to fill in the URL settings.")
def command(host: str, port: int, api_key: str | None, site_url: str | None) -> None:
    """Run a stand-in Website Toolbox chat room until Ctrl+C. It is not Website Toolbox's product."""
    run(
        website_toolbox.serve(host=host, port=port, api_key=api_key, site_url=site_url),
        lambda room: _introduce(room, key_was_given=bool(api_key)),
        host=host,
        port=port,
    )


def _introduce(room: RunningSandbox, *, key_was_given: bool) -> str:
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

"""``chatsso sandbox``: a chat system to develop against, on the own machine."""

from __future__ import annotations

import ipaddress
import signal
import threading

import click

from ..sandbox import website_toolbox as website_toolbox_sandbox
from ..sandbox.website_toolbox import RunningSandbox, SitePages

__all__ = ["sandbox"]


@click.group()
def sandbox() -> None:
    """Run a stand-in of a chat system, to develop your site without an account."""


def _site_url(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value:
        try:
            SitePages.of_site(value)
        except ValueError as problem:
            raise click.BadParameter(f"{problem}.") from None
    return value


@sandbox.command("website_toolbox")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=6544,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--api-key",
    envvar="WEBSITE_TOOLBOX_API_KEY",
    show_envvar=True,
    help="API key that the room accepts. Without it, one is made and printed.",
)
@click.option("--site-url", callback=_site_url, help="Your site's base URL, to fill in the URL settings.")
def website_toolbox(host: str, port: int, api_key: str | None, site_url: str | None) -> None:
    """Run a stand-in Website Toolbox chat room until Ctrl+C. It is not Website Toolbox's product."""
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    try:
        with website_toolbox_sandbox.serve(host=host, port=port, api_key=api_key, site_url=site_url) as room:
            click.echo(_introduction(room, key_was_given=bool(api_key)))
            if not _is_loopback(host):
                click.echo("Other machines can reach it, and read every page of it.", err=True)
            stopping.wait()
    except OSError as problem:
        raise click.ClickException(f"cannot listen on {host}, port {port}: {_reason(problem)}") from None
    click.echo("Stopped.")


def _introduction(room: RunningSandbox, *, key_was_given: bool) -> str:
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


def _reason(problem: OSError) -> str:
    """The system's words without those that `socket.create_server` adds."""
    return (problem.strerror or str(problem)).partition(" (while attempting")[0]


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

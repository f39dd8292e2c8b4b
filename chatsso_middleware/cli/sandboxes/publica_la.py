"""``chatsso sandbox publica_la``."""

from __future__ import annotations

import click

from ...sandbox import publica_la
from ...sandbox.publica_la import RunningSandbox
from .running import listens, run

__all__ = ["command"]


@click.command("publica_la")
@listens(6546)
@click.option("--issuer", help="Whose tokens the store takes.  [default: sandbox-site]")
@click.option(
    "--key",
    envvar="PUBLICA_LA_KEY",
    show_envvar=True,
    help="Key that the tokens are signed with. Without it, one is made and printed.",
)
@click.option("--site-url", help="Your site's base URL, to fill in redirect_url and logout_url.")
def command(host: str, port: int, issuer: str | None, key: str | None, site_url: str | None) -> None:
    """Run a stand-in store at publica.la until Ctrl+C. It is not publica.la's product."""
    run(
        publica_la.serve(host=host, port=port, issuer=issuer, key=key, site_url=site_url),
        lambda store: _introduce(store, key_was_given=bool(key)),
        host=host,
        port=port,
    )


def _introduce(store: RunningSandbox, *, key_was_given: bool) -> str:
    settings = store.store.settings
    return f"""\
A stand-in publica.la store runs at {store.url}

Your site's settings:
  publica_la.url = {store.url}
  publica_la.issuer = {store.issuer}
  publica_la.key = {"(the one you gave)" if key_was_given else store.key}

Settings of the store, see {store.url}/settings
  redirect_url:       {settings.redirect_url or "(none; try --site-url)"}
  logout_url:         {settings.logout_url or "(none)"}

Calls it received:    {store.url}/sandbox/calls
Its users:            {store.url}/sandbox/users
Ctrl+C stops it; nothing is kept."""

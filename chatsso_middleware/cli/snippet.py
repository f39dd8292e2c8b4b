"""``chatsso snippet``: what the owner pastes into his chat, with his addresses in it."""

from __future__ import annotations

import sys

import click

from ..assembly import make_providers, site_facts
from ..errors import ConfigurationError
from ..providers import Snippet
from ..settings import Settings
from ..urls import split_web_address
from .ini import one_section

__all__ = ["snippet"]


def _addresses(settings: Settings) -> object:
    return settings.site_url, settings.mount, settings.providers


def _site_url(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    address = split_web_address(value)
    if address is None or address.query is not None or address.fragment is not None:
        raise click.BadParameter("this is no address such as https://www.example.org.")
    return value.rstrip("/")


@click.command()
@click.argument("provider")
@click.argument("ini", type=click.Path(exists=True, dir_okay=False))
@click.option("--section", help="The section, where INI configures the middleware more than once.")
@click.option("--site-url", callback=_site_url, help="Your site's address, where INI has no site_url.")
def snippet(provider: str, ini: str, section: str | None, site_url: str | None) -> None:
    """Print what is to be pasted into the chat PROVIDER of the site that INI configures.

    The text alone goes to standard output; where it belongs, to standard error.
    """
    try:
        settings = one_section(ini, section, _addresses).load()
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from None
    providers = {each.name: each for each in make_providers(settings)}
    if provider not in providers:
        raise click.ClickException(
            f"{ini} does not switch {provider} on; its providers: {', '.join(providers)}."
        )
    facts = site_facts(settings, site_url)
    if facts.site_url is None:
        raise click.ClickException(f"{ini} has no site_url; give the site's address with --site-url.")
    snippets = providers[provider].snippets(facts)
    if not snippets:
        raise click.ClickException(f"{provider} needs no snippet.")
    for each in snippets:
        _print(each)


def _print(each: Snippet) -> None:
    click.echo(each.where, err=True)
    click.echo(each.text)
    if sys.stdout.isatty():
        click.echo()

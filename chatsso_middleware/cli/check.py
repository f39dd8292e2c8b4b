"""``chatsso check``: what an ini configures, what is wrong with it, and whether the chat takes the key."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy.engine import make_url

from ..assembly import make_outbox, make_providers, site_facts
from ..errors import ConfigurationError, OutboxUnavailable, ProviderError
from ..providers import Provider
from ..settings import Settings
from .ini import Configured, find_sections

__all__ = ["check"]

ENDPOINTS = (("Log In page", "login"), ("Registration page", "register"), ("Log Out page", "logout"))


@click.command()
@click.argument("ini", type=click.Path(exists=True, dir_okay=False))
@click.option("--offline", is_flag=True, help="Do not call the chat.")
def check(ini: str, offline: bool) -> None:
    """Read INI, report every problem in it, and try the chat's API key.

    Nothing is changed anywhere. The exit status is 0 if all is well, and 1 if something must be mended.
    """
    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
    sections = find_sections(ini)
    if not sections:
        raise click.ClickException(
            f"{ini} has no section that configures chatsso-middleware: neither a [filter:...] with "
            "use = egg:chatsso-middleware, nor an application with chatsso.providers."
        )
    results = [_check(console, configured, offline=offline) for configured in sections]
    if not all(results):
        sys.exit(1)


def _check(console: Console, configured: Configured, *, offline: bool) -> bool:
    console.print(f"[bold]{escape(f'[{configured.section}]')}[/bold]")
    try:
        settings = configured.load()
    except ConfigurationError as error:
        for problem in error.problems:
            console.print(
                f"  [red]problem[/red]  [bold]{escape(problem.key)}[/bold] ({escape(problem.place)})"
            )
            console.print(f"           {escape(problem.reason)} {escape(problem.mend)}")
        count = len(error.problems)
        console.print(f"  {count} {'problem' if count == 1 else 'problems'} to mend.\n")
        return False
    providers = make_providers(settings)
    _describe(console, settings, providers)
    fine = _advise(console, settings, providers)
    fine = _look_at_outbox(console, settings) and fine
    if not offline:
        fine = _try_keys(console, providers) and fine
    console.print()
    return fine


def _describe(console: Console, settings: Settings, providers: Sequence[Provider]) -> None:
    table = Table(show_header=False, box=None, padding=(0, 2))
    identity = settings.identity if isinstance(settings.identity, str) else "a callable of your own"
    for provider in settings.providers:
        table.add_row(provider, escape(str(settings.provider_options[provider]["url"])))
    table.add_row("who is logged in", escape(identity))
    table.add_row(
        "pages",
        "hold tokens (direct)" if settings.delivery == "direct" else "hold no token (gateway)",
    )
    table.add_row(
        "guests go to", "the chat as it is" if settings.guests == "chat" else "the site's login first"
    )
    base = (settings.site_url or "https://YOUR.SITE") + settings.mount
    hosted = settings.sections.get("signin")
    if hosted is not None:
        table.add_row("the hosted login page", escape(f"{base}/signin"))
        table.add_row("", f"asks {escape(hosted['url'] or 'your own signin.verify')}")
    site = site_facts(settings)
    pages = {"login": site.login_url, "register": settings.register_url, "logout": site.logout_url}
    for name, path in ENDPOINTS if any(provider.has_tags for provider in providers) else ():
        table.add_row(f"the chat's {name}", escape(f"{base}/{path}"))
        target = pages[path]
        table.add_row(
            "", f"leads to {escape(target)}" if target else f"[yellow]{path}_url is not set[/yellow]"
        )
    console.print(table)


def _look_at_outbox(console: Console, settings: Settings) -> bool:
    file = make_url(settings.outbox).database or ""
    if settings.outbox.startswith("sqlite") and not Path(file).exists():
        # The site's own user shall make it: a file of somebody else's would be closed to him.
        console.print(f"  [green]ok[/green]  outbox: {escape(file)} is made by the site when it starts")
        return True
    outbox = make_outbox(settings)
    try:
        counts = outbox.counts()
    except OutboxUnavailable as error:
        console.print(f"  [red]problem[/red]  outbox: {escape(str(error))}")
        return False
    finally:
        outbox.close()
    console.print(f"  [green]ok[/green]  outbox: {counts.waiting} waiting, {counts.dead} refused by the chat")
    return True


def _advise(console: Console, settings: Settings, providers: Sequence[Provider]) -> bool:
    """What is to be set elsewhere. Not fine is what will not work without it."""
    fine = True
    for text in _advice_on_signin(settings):
        console.print(f"  [cyan]to do[/cyan]  signin: {escape(text)}")
    for provider in providers:
        for advice in provider.advice(site_facts(settings)):
            mark = "[red]problem[/red]" if advice.urgent else "[cyan]to do[/cyan]"
            console.print(f"  {mark}  {provider.name}: {escape(advice.text)}")
            fine = fine and not advice.urgent
    return fine


def _advice_on_signin(settings: Settings) -> Iterator[str]:
    hosted = settings.sections.get("signin")
    if hosted is None:
        return
    if settings.identity != "signin" and settings.login_url is None:
        yield (
            "The chat's visitors do not find the hosted page: set "
            f"login_url = {settings.mount}/signin?next={{next}}, or identity = signin where the page is your "
            "site's only login."
        )
    proxies = hosted["trusted_proxies"]
    if not (proxies.networks or proxies.unix):
        yield (
            "Behind a proxy, all visitors share the limit of one address: set signin.trusted_proxies, and "
            "see to it that your WSGI server hands X-Forwarded-For on."
        )


def _try_keys(console: Console, providers: Sequence[Provider]) -> bool:
    fine = True
    for provider in providers:
        try:
            found = provider.probe()
        except ProviderError as error:
            fine = False
            console.print(f"  [red]problem[/red]  {provider.name}: {escape(error.reason)}")
        else:
            console.print(f"  [green]ok[/green]  {provider.name}: {escape(found)}")
    return fine

"""``chatsso outbox``: account changes on their way, for whoever looks after the site."""

from __future__ import annotations

import signal
import threading
import time
from datetime import UTC, datetime

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ..assembly import deliver_by, make_outbox, make_providers
from ..errors import ConfigurationError, OutboxUnavailable
from ..outbox import Entry, Outbox
from ..settings import Settings
from .ini import one_section

__all__ = ["outbox"]

LONGEST_PAUSE = 5.0
"""Seconds between two looks at the outbox."""

ini_argument = click.argument("ini", type=click.Path(exists=True, dir_okay=False))
section_option = click.option("--section", help="The section, where the ini has several.")


@click.group()
def outbox() -> None:
    """Account changes that wait for the chat."""


@outbox.command()
@ini_argument
@section_option
@click.option("--once", is_flag=True, help="Deliver what is due, then end.")
def run(ini: str, section: str | None, once: bool) -> None:
    """Deliver account changes until Ctrl+C.

    The site's own processes do this already; it is for a cron job (--once), or for sites whose processes
    live too briefly.
    """
    settings, kept = _open(ini, section)
    deliver = deliver_by(make_providers(settings))
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    delivered = 0
    try:
        while not stopping.is_set():
            delivered += kept.deliver_due(deliver)
            due = kept.next_due()
            if once and (due is None or due > 0):
                break
            stopping.wait(LONGEST_PAUSE if due is None else min(max(due, 0.05), LONGEST_PAUSE))
        counts = kept.counts()
    except OutboxUnavailable as error:
        raise click.ClickException(str(error)) from None
    finally:
        kept.close()
    click.echo(f"{delivered} delivered, {counts.waiting} waiting, {counts.dead} refused by the chat.")


@outbox.command("list")
@ini_argument
@section_option
def list_changes(ini: str, section: str | None) -> None:
    """Show what waits, and what the chat refused."""
    _, kept = _open(ini, section)
    try:
        entries = [*kept.waiting(), *kept.dead()]
    except OutboxUnavailable as error:
        raise click.ClickException(str(error)) from None
    finally:
        kept.close()
    if not entries:
        click.echo("The outbox is empty.")
        return
    table = Table("id", "chat", "change", "addresses", "accepted", "tries", "state")
    for entry in entries:
        table.add_row(
            str(entry.id),
            entry.provider,
            entry.kind,
            escape(" ".join(entry.addresses)),
            datetime.fromtimestamp(entry.accepted_at, UTC).isoformat(sep=" ", timespec="seconds"),
            str(entry.attempts),
            escape(_state(entry)),
        )
    Console(highlight=False, width=None if Console().is_terminal else 200).print(table)


@outbox.command()
@ini_argument
@click.argument("number", type=int)
@section_option
def retry(ini: str, number: int, section: str | None) -> None:
    """Try the change with this id again, at once."""
    _act(ini, section, number, "retry", "will be tried again at once")


@outbox.command()
@ini_argument
@click.argument("number", type=int)
@section_option
@click.confirmation_option(prompt="The chat will never get this change. Drop it?")
def drop(ini: str, number: int, section: str | None) -> None:
    """Give the change with this id up for good."""
    _act(ini, section, number, "drop", "is dropped")


def _open(ini: str, section: str | None) -> tuple[Settings, Outbox]:
    try:
        settings = one_section(ini, section).load()
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from None
    return settings, make_outbox(settings)


def _act(ini: str, section: str | None, number: int, action: str, done: str) -> None:
    _, kept = _open(ini, section)
    try:
        found = getattr(kept, action)(number)
    except OutboxUnavailable as error:
        raise click.ClickException(str(error)) from None
    finally:
        kept.close()
    if not found:
        raise click.ClickException(f"There is no change {number}, or it is being delivered just now.")
    click.echo(f"Change {number} {done}.")


def _state(entry: Entry) -> str:
    if entry.dead_at is not None:
        return f"refused: {entry.reason}"
    seconds = round(entry.due_at - time.time())
    wait = "due now" if seconds <= 0 else f"next try in {seconds} s"
    return f"{wait}: {entry.reason}" if entry.reason else wait

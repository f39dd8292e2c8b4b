"""``chatsso sandbox directory``."""

from __future__ import annotations

from collections.abc import Sequence

import click

from ...sandbox import directory
from ...sandbox.directory import SETTINGS, RunningSandbox, Shape
from .running import listens, run

__all__ = ["command"]


@click.command("directory")
@listens(6548)
@click.option(
    "--account",
    "accounts",
    multiple=True,
    metavar="LOGIN:PASSWORD",
    help="Somebody who can log in; may be given several times. Without it, ann with the password sesame.",
)
@click.option(
    "--shape",
    default="plain",
    show_default=True,
    type=click.Choice(["plain", "nested"]),
    help="How answers are worded.",
)
@click.option(
    "--api-key",
    envvar="DIRECTORY_API_KEY",
    show_envvar=True,
    help="What callers must send as X-Api-Key. Without it, anybody may ask.",
)
def command(host: str, port: int, accounts: tuple[str, ...], shape: Shape, api_key: str | None) -> None:
    """Run a stand-in directory of users until Ctrl+C, for the hosted login page to ask."""

    def introduce(running: RunningSandbox) -> str:
        for account in accounts or ("ann:sesame",):
            login, _, password = account.partition(":")
            try:
                running.people.add(login, password)
            except ValueError:
                raise click.UsageError("--account: write it as LOGIN:PASSWORD.") from None
        return _introduce(running, given=accounts)

    run(directory.serve(host=host, port=port, shape=shape, api_key=api_key), introduce, host=host, port=port)


def _introduce(running: RunningSandbox, *, given: Sequence[str]) -> str:
    lines = [f"  {key} = {value}" for key, value in SETTINGS[running.directory.shape].items()]
    if running.directory.api_key is not None:
        lines.append("  signin.header.X-Api-Key = (the one you gave)")
    return "\n".join(
        [
            f"A stand-in directory of users runs at {running.url}",
            "",
            "Your site's settings:",
            f"  signin.url = {running.login_url}",
            *lines,
            "",
            f"Who can log in:       {'those you gave' if given else 'ann, with the password sesame'}",
            f"Calls it received:    {running.url}/sandbox/calls",
            f"Its people:           {running.url}/",
            "Ctrl+C stops it; nothing is kept.",
        ]
    )

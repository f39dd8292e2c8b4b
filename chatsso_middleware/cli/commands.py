"""The group of all commands. A module is imported when its command is wanted."""

from __future__ import annotations

from importlib import import_module
from typing import Final

import click

__all__ = ["COMMANDS", "chatsso"]

COMMANDS: Final = {
    "check": "check:check",
    "outbox": "outbox:outbox",
    "sandbox": "sandbox:sandbox",
    "snippet": "snippet:snippet",
}
"""A line a command: its name, and the module in this package with the click command in it."""


class _Commands(click.Group):
    """Finds its commands in `COMMANDS`."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(f".{module}", __package__), attribute)
        return command


@click.group(cls=_Commands)
@click.version_option(package_name="chatsso-middleware")
def chatsso() -> None:
    """Log your site's visitors in to your chat."""

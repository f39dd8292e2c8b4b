"""``chatsso sandbox``: a chat system to develop against, on the own machine."""

from __future__ import annotations

from importlib import import_module
from typing import Final

import click

__all__ = ["SANDBOXES", "sandbox"]

SANDBOXES: Final = ("directory", "publica_la", "rocketchat", "typingmind", "website_toolbox")
"""A name a sandbox: that of its command, and of the module in `sandboxes` with it."""


class _Sandboxes(click.Group):
    """Finds its commands in `SANDBOXES`, and imports the one that is wanted."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(SANDBOXES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        if cmd_name not in SANDBOXES:
            return None
        command: click.Command = import_module(f".sandboxes.{cmd_name}", __package__).command
        return command


@click.group(cls=_Sandboxes)
def sandbox() -> None:
    """Run a stand-in of a chat system, to develop your site without an account."""

"""``chatsso sandbox typingmind``."""

from __future__ import annotations

import click

from ...sandbox import typingmind
from ...sandbox.typingmind import RunningSandbox
from .running import listens, run

__all__ = ["command"]


@click.command("typingmind")
@listens(6545)
@click.option(
    "--secret",
    envvar="TYPINGMIND_SECRET",
    show_envvar=True,
    help="JWT secret that the instance accepts. Without it, one is made and printed.",
)
@click.option(
    "--api-key",
    envvar="TYPINGMIND_API_KEY",
    show_envvar=True,
    help="API key that the instance accepts. Without it, one is made and printed.",
)
@click.option(
    "--seats", default=100, show_default=True, type=click.IntRange(0), help="How many users there may be."
)
@click.option(
    "--user",
    "users",
    multiple=True,
    metavar="EMAIL",
    help="A user who is there already, for the forms email and id; may be given several times.",
)
def command(
    host: str, port: int, secret: str | None, api_key: str | None, seats: int, users: tuple[str, ...]
) -> None:
    """Run a stand-in TypingMind instance until Ctrl+C. It is not TypingMind's product."""

    def introduce(sandbox: RunningSandbox) -> str:
        for email in users:
            try:
                sandbox.instance.add_user(email)
            except typingmind.Refused as refusal:
                raise click.UsageError(f"--user: {refusal}.") from None
        return _introduce(sandbox, secret_given=bool(secret), key_given=bool(api_key))

    run(
        typingmind.serve(host=host, port=port, secret=secret, api_key=api_key, seats=seats),
        introduce,
        host=host,
        port=port,
    )


def _introduce(sandbox: RunningSandbox, *, secret_given: bool, key_given: bool) -> str:
    return f"""\
A stand-in TypingMind instance runs at {sandbox.url}

Your site's settings:
  typingmind.url = {sandbox.url}
  typingmind.secret = {"(the one you gave)" if secret_given else sandbox.secret}
  typingmind.api_url = {sandbox.url}
  typingmind.api_key = {"(the one you gave)" if key_given else sandbox.api_key}

The widget's tag for your pages:
  <script defer src="{sandbox.url}/widget.js"></script>

Calls it received:    {sandbox.url}/sandbox/calls
Its users:            {sandbox.url}/sandbox/users
Ctrl+C stops it; nothing is kept."""

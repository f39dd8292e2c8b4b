"""The demo: the site and the sandboxes that belong to it, in one process."""

from __future__ import annotations

import errno
import os
import secrets
import signal
import socket
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final, TextIO

import click
from paste.deploy.loadwsgi import ConfigLoader
from sqlalchemy.orm import Session
from waitress.server import create_server

from .database import open_database
from .demo_chats import CHATS, DemoChat, RunningSandbox
from .first_members import DEMO_EMAIL, DEMO_PASSWORD, plant
from .first_readers import CARD, EXPIRED_CARD, LOCKED_CARD, PASSWORD

__all__ = ["Demo", "demo_secrets", "main"]

VAR: Final = Path(__file__).parent.parent / "var"
SITE_SECRETS: Final = ("CHATSSO_SECRET", "EXAMPLE_SITE_SECRET")
LARGEST_BODY: Final = 6 * 1024 * 1024
ANY_ADDRESS: Final = "0.0.0.0"  # noqa: S104 - compared with, not bound
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """What the command line says."""

    chat: str = "website_toolbox"
    """One of `CHATS`."""
    host: str = "127.0.0.1"
    port: int = 6543
    chat_port: int = 6544
    """Of the first sandbox; the others have the ports that follow."""
    noticed: bool = False
    delivery: str = "direct"
    var: Path = VAR

    @property
    def system(self) -> DemoChat:
        """The chat system."""
        return CHATS[self.chat]

    @property
    def site_url(self) -> str:
        """The site's address in a browser on this machine."""
        host = "127.0.0.1" if self.host == ANY_ADDRESS else self.host
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def application(self, addresses: Mapping[str, str]) -> Any:
        """The site with its middleware, as the ini has it but for what the command line says.

        `addresses` are those of the sandboxes, by their names in the ini.
        """
        loader = ConfigLoader(str(self.system.ini))
        loader.update_defaults(
            {
                "site_address": self.site_url,
                **addresses,
                "tag_delivery": self.delivery,
                # A sandbox has no certificate; on an address in the local network http:// must do.
                "plain_http": "false" if self.host in {*LOOPBACK, ANY_ADDRESS} else "true",
                "var": str(self.var),
            }
        )
        return loader.get_app("noticed" if self.noticed else "main")

    def introduction(self, sandboxes: Sequence[RunningSandbox]) -> str:
        """What a person at the terminal reads."""
        variant = f"{'noticed' if self.noticed else 'explicit'}, " if self.system.has_members else ""
        parts = [("Site", self.site_url, f"{variant}delivery = {self.delivery}")]
        parts += [
            (each.label, each.url, f"a sandbox; every call it got: {each.url}/sandbox/calls")
            for each in sandboxes
        ]
        width = max(len(label) for label, _, _ in parts)
        heading = "\n".join(f"  {label:{width}}  {address}   ({note})" for label, address, note in parts)
        how_to_try = self.system.how_to_try.format(
            **{each.key: each.url for each in sandboxes},
            email=DEMO_EMAIL,
            password=DEMO_PASSWORD,
            card=CARD,
            card_password=PASSWORD,
            locked=LOCKED_CARD,
            expired=EXPIRED_CARD,
        )
        return f"{heading}\n\n{how_to_try}\n  Ctrl-C ends it all; databases and secrets stay in {self.var}.\n"

    @contextmanager
    def running(self) -> Iterator[tuple[Any, Sequence[RunningSandbox]]]:
        """The site's server, which listens but is not in its loop yet, and the running sandboxes.

        Raises `click.ClickException` for a port that cannot be had.
        """
        keys = demo_secrets(self.var, (*SITE_SECRETS, *self.system.secrets))
        if self.system.has_members:
            with Session(open_database(f"sqlite:///{self.var / 'site.sqlite3'}")) as db, db.begin():
                plant(db)
        with ExitStack() as stack:
            os.environ.update(keys)
            sandboxes = []
            for port, start in enumerate(self.system.sandboxes, start=self.chat_port):
                with taking_port(self.host, port, "--chat-port"):
                    sandbox = stack.enter_context(start(self.host, port, self.site_url, keys))
                os.environ.update(sandbox.environment)
                sandboxes.append(sandbox)
            with taking_port(self.host, self.port, "--port"):
                family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
                listener = stack.enter_context(socket.create_server((self.host, self.port), family=family))
            server = create_server(
                self.application({sandbox.key: sandbox.url for sandbox in sandboxes}),
                sockets=[listener],
                max_request_body_size=LARGEST_BODY,
                ident=None,
            )
            stack.callback(server.task_dispatcher.shutdown)
            stack.callback(server.close)
            yield server, sandboxes


@contextmanager
def taking_port(host: str, port: int, option: str) -> Iterator[None]:
    """Say in one line which port cannot be had, and which option chooses another."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise click.ClickException(
                f"Port {port} of {host} is in use already. Choose another one with {option}."
            ) from error
        raise click.ClickException(f"Cannot listen on {host}: {error.strerror}.") from error


def demo_secrets(var: Path, names: Iterable[str]) -> Mapping[str, str]:
    """The demo's secrets by the names of their environment variables.

    Each is made when it is first asked for, and kept in ``demo.env`` in `var`, so that a restart logs nobody
    out. Only the user who runs the demo can read the file; a shell can source it.
    """
    var.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = var / "demo.env"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, stat.S_IRUSR | stat.S_IWUSR)
    with open(descriptor, "a+", encoding="ascii") as file:
        kept = _read_secrets(file)
        # Lines of their own, even where somebody left the last one without its end.
        file.writelines(f"\n{name}={secrets.token_urlsafe(32)}\n" for name in names if not kept.get(name))
        # Of two demos that start at the same moment, both take what was written last.
        return _read_secrets(file)


def _read_secrets(file: TextIO) -> Mapping[str, str]:
    """Of two lines with one name the last counts, as for a shell."""
    file.seek(0)
    return dict(line.strip().split("=", 1) for line in file if "=" in line)


def stop(number: int, frame: FrameType | None) -> None:
    """End like Ctrl-C, for whoever stops the process politely."""
    raise KeyboardInterrupt


@click.command(help="Run an example site together with the sandboxes that belong to it.")
@click.option(
    "--chat",
    default="website_toolbox",
    show_default=True,
    type=click.Choice(sorted(CHATS)),
    help="Which chat system; signin is the hosted login page, with a bookshop and a chat.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=6543, show_default=True, type=click.IntRange(1, 65535), help="Port of the site."
)
@click.option(
    "--chat-port",
    default=6544,
    show_default=True,
    type=click.IntRange(1, 65533),
    help="Port of the chat; further sandboxes take the next ones.",
)
@click.option(
    "--noticed", is_flag=True, help="Pyramid's include notices logins; without it the views tell of them."
)
@click.option("--delivery", default="direct", show_default=True, type=click.Choice(["direct", "gateway"]))
@click.option(
    "--var", default=VAR, type=click.Path(file_okay=False, path_type=Path), help="Where databases are kept."
)
def main(**options: Any) -> None:
    """Run until Ctrl-C."""
    options["var"] = options["var"].resolve()
    demo = Demo(**options)
    if demo.noticed and not demo.system.has_members:
        raise click.UsageError("--noticed: this site has no logins of its own to notice.")
    signal.signal(signal.SIGTERM, stop)
    with demo.running() as (server, sandboxes):
        click.echo(demo.introduction(sandboxes))
        # waitress ends its loop at Ctrl-C by itself.
        server.run()
    click.echo("Good bye.")

"""The demo: the site and a sandbox for its chat room, in one process."""

from __future__ import annotations

import errno
import os
import secrets
import signal
import socket
import stat
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final

import click
from paste.deploy.loadwsgi import ConfigLoader
from sqlalchemy.orm import Session
from waitress.server import create_server

from chatsso_middleware.sandbox.website_toolbox import serve

from .database import open_database
from .first_members import DEMO_EMAIL, DEMO_PASSWORD, plant

__all__ = ["Demo", "demo_secrets", "main"]

INI: Final = Path(__file__).parent / "development.ini"
VAR: Final = Path(__file__).parent.parent / "var"
SECRETS: Final = ("CHATSSO_SECRET", "EXAMPLE_SITE_SECRET", "WEBSITE_TOOLBOX_API_KEY")
LARGEST_BODY: Final = 6 * 1024 * 1024
ANY_ADDRESS: Final = "0.0.0.0"  # noqa: S104 - compared with, not bound
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """What the command line says."""

    host: str = "127.0.0.1"
    port: int = 6543
    chat_port: int = 6544
    noticed: bool = False
    delivery: str = "direct"
    var: Path = VAR

    @property
    def site_url(self) -> str:
        """The site's address in a browser on this machine."""
        host = "127.0.0.1" if self.host == ANY_ADDRESS else self.host
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def application(self, chat_url: str) -> Any:
        """The site with its middleware, as ``development.ini`` has it but for what the command line says."""
        loader = ConfigLoader(str(INI))
        loader.update_defaults(
            {
                "site_address": self.site_url,
                "chat_address": chat_url,
                "tag_delivery": self.delivery,
                # The sandbox has no certificate; on an address in the local network http:// must do.
                "plain_http": "false" if self.host in {*LOOPBACK, ANY_ADDRESS} else "true",
                "var": str(self.var),
            }
        )
        return loader.get_app("noticed" if self.noticed else "main")

    @contextmanager
    def running(self) -> Iterator[tuple[Any, str]]:
        """The site's server, which listens but is not in its loop yet, and the address of the running chat.

        Raises `click.ClickException` for a port that cannot be had.
        """
        keys = demo_secrets(self.var)
        os.environ.update(keys)
        with Session(open_database(f"sqlite:///{self.var / 'site.sqlite3'}")) as db, db.begin():
            plant(db)
        api_key = keys["WEBSITE_TOOLBOX_API_KEY"]
        with ExitStack() as stack:
            with taking_port(self.host, self.chat_port, "--chat-port"):
                room = serve(host=self.host, port=self.chat_port, api_key=api_key, site_url=self.site_url)
                chat = stack.enter_context(room)
            with taking_port(self.host, self.port, "--port"):
                family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
                listener = stack.enter_context(socket.create_server((self.host, self.port), family=family))
            server = create_server(
                self.application(chat.url),
                sockets=[listener],
                max_request_body_size=LARGEST_BODY,
                ident=None,
            )
            stack.callback(server.task_dispatcher.shutdown)
            stack.callback(server.close)
            yield server, chat.url


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


def demo_secrets(var: Path) -> Mapping[str, str]:
    """The demo's secrets by the names of their environment variables.

    Made at the first start and kept in ``demo.env`` in `var`, so that nobody is logged out by a restart. Only
    the user who runs the demo can read the file; a shell can source it.
    """
    var.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = var / "demo.env"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
    except FileExistsError:
        pass
    else:
        with open(descriptor, "w", encoding="ascii") as file:
            file.writelines(f"{name}={secrets.token_urlsafe(32)}\n" for name in SECRETS)
    lines = path.read_text(encoding="ascii").splitlines()
    found = dict(line.split("=", 1) for line in lines if "=" in line)
    missing = [name for name in SECRETS if not found.get(name)]
    if missing:
        raise click.ClickException(
            f"{path} lacks {', '.join(missing)}. Delete it; the next start makes a new one."
        )
    return found


def stop(number: int, frame: FrameType | None) -> None:
    """End like Ctrl-C, for whoever stops the process politely."""
    raise KeyboardInterrupt


HOW_TO_TRY: Final = """\
  Site  {site}   ({variant}, delivery = {delivery})
  Chat  {chat}   (a sandbox; every call it got: {chat}/sandbox/calls)

  1. Open the site and log in as {email} with the password "{password}", or join.
  2. Follow "Chat" in the navigation: the room knows you already.
  3. Change your name, picture or address on your profile, and look at the room again.
  4. Log out on the site: the room has forgotten you. Its own "Log In" brings you here and back.
  5. Ctrl-C ends both; members, changes on their way and secrets stay in {var}.
"""


@click.command(help="Run the example site together with a sandbox for its chat room.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=6543, show_default=True, type=click.IntRange(1, 65535), help="Port of the site."
)
@click.option(
    "--chat-port", default=6544, show_default=True, type=click.IntRange(1, 65535), help="Port of the chat."
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
    signal.signal(signal.SIGTERM, stop)
    with demo.running() as (server, chat_url):
        click.echo(
            HOW_TO_TRY.format(
                site=demo.site_url,
                chat=chat_url,
                variant="noticed" if demo.noticed else "explicit",
                delivery=demo.delivery,
                email=DEMO_EMAIL,
                password=DEMO_PASSWORD,
                var=demo.var,
            )
        )
        # waitress ends its loop at Ctrl-C by itself.
        server.run()
    click.echo("Good bye.")

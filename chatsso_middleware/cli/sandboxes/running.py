"""What the sandbox commands share: where they listen, and how they run until they are told to stop."""

from __future__ import annotations

import ipaddress
import signal
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Any, TypeVar

import click

__all__ = ["listens", "run"]

Running = TypeVar("Running")
Command = TypeVar("Command", bound="Callable[..., Any]")


def listens(port: int) -> Callable[[Command], Command]:
    """The options of every sandbox; `port` is where it listens unless told otherwise."""
    host_option = click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
    port_option = click.option(
        "--port",
        default=port,
        show_default=True,
        type=click.IntRange(0, 65535),
        help="Port to listen on; 0 takes a free one.",
    )
    return lambda command: host_option(port_option(command))


def run(
    serving: AbstractContextManager[Running], introduce: Callable[[Running], str], *, host: str, port: int
) -> None:
    """Serve until a signal ends it, and say what there is to know."""
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    with ExitStack() as stack:
        try:
            running = stack.enter_context(serving)
        except OSError as problem:
            raise click.ClickException(f"cannot listen on {host}, port {port}: {_reason(problem)}") from None
        except ValueError as problem:
            raise click.UsageError(f"{problem}.") from None
        click.echo(introduce(running))
        if not _is_loopback(host):
            click.echo("Other machines can reach it, and read every page of it.", err=True)
        stopping.wait()
    click.echo("Stopped.")


def _reason(problem: OSError) -> str:
    """The system's words without those that `socket.create_server` adds."""
    return (problem.strerror or str(problem)).partition(" (while attempting")[0]


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

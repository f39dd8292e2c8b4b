"""The command ``chatsso``. It needs click, from the extra ``cli``; importing this package does not."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command; the entry point ``chatsso``."""
    try:
        from .commands import chatsso
    except ModuleNotFoundError as missing:
        if missing.name != "click":
            raise
        sys.stderr.write('chatsso needs the extra "cli": pip install "chatsso-middleware[cli]"\n')
        sys.exit(2)
    chatsso(prog_name="chatsso")

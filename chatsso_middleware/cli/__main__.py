"""``python -m chatsso_middleware.cli``: the command where the script is not on the path."""

from __future__ import annotations

from . import main

main()

"""``python -m example_app``: the site and a sandbox for its chat room, ready to try."""

from __future__ import annotations

from .demo import main

if __name__ == "__main__":
    main(prog_name="python -m example_app")

"""The peers come from npm, so they are met on request alone: ``CHATSSO_PEERS=1``."""

from __future__ import annotations

import os

collect_ignore_glob = [] if os.environ.get("CHATSSO_PEERS") == "1" else ["test_*.py"]

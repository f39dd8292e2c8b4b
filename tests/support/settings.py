"""The settings of a site with one Website Toolbox room, for tests."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from chatsso_middleware.sandbox.website_toolbox import RunningSandbox

SECRET = secrets.token_urlsafe(32)


def settings_for(room: RunningSandbox, folder: Path, **changed: Any) -> dict[str, Any]:
    """What an owner writes; `changed` has ``_`` for the dot of the provider's keys."""
    return {
        "providers": "website_toolbox",
        "secret": SECRET,
        "outbox": f"sqlite:///{folder}/outbox.sqlite3",
        "page_wait": "5",  # a loaded machine may be slow
        "website_toolbox.url": room.url,
        "website_toolbox.api_key": room.api_key,
        **{name.replace("website_toolbox_", "website_toolbox."): value for name, value in changed.items()},
    }

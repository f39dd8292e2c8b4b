"""The chat systems, as plug-ins: found by entry point, imported when used."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

from .api import ChatAPI
from .base import Advice, ChatSession, Credentials, Entrance, Provider, SiteFacts, Snippet, Widget
from .visits import Endpoint, Reply, Visit

__all__ = [
    "Advice",
    "ChatAPI",
    "ChatSession",
    "Credentials",
    "Endpoint",
    "Entrance",
    "Provider",
    "Reply",
    "SiteFacts",
    "Snippet",
    "Visit",
    "Widget",
    "installed_providers",
    "provider_class",
]

ENTRY_POINT_GROUP = "chatsso_middleware.providers"


def installed_providers() -> dict[str, EntryPoint]:
    """The chat systems that are installed, by name. None of them is imported.

    Of two with one name ours counts, so that another package cannot stand in for it unnoticed.
    """
    found: dict[str, EntryPoint] = {}
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        if entry.name not in found or entry.module.startswith("chatsso_middleware."):
            found[entry.name] = entry
    return found


def provider_class(name: str) -> type[Provider]:
    """Import the chat system called `name`.

    Raises `LookupError` when none of that name is installed, `TypeError` when what is installed under it is
    no `Provider`, and whatever the import itself raises.
    """
    entry = installed_providers().get(name)
    if entry is None:
        raise LookupError(f"no provider called {name!r} is installed")
    found = entry.load()
    if not (isinstance(found, type) and issubclass(found, Provider)):
        raise TypeError(f"{entry.value}, installed as the provider {name!r}, is no Provider")
    return found

"""User documents as MongoDB keeps them: what the chat needs of a collection, and one in memory.

The chat speaks of its users in the few words below, which pymongo's own collections understand as well. So a
site that writes into the chat's database and the stand-in chat can share one.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["MemoryCollection", "UserCollection"]


class UserCollection(Protocol):
    """The part of ``pymongo.collection.Collection`` that the chat uses."""

    def find_one(self, query: Any, /) -> Any:
        """The first document that matches, or `None`."""

    def find(self, query: Any, /) -> Any:
        """Every document that matches."""

    def insert_one(self, document: Any, /) -> Any:
        """Add a document that has its own ``_id``."""

    def update_one(self, query: Any, update: Any, /) -> Any:
        """Apply ``$set``, ``$unset``, ``$push`` and ``$pull`` to the first document that matches."""

    def delete_one(self, query: Any, /) -> Any:
        """Delete the first document that matches."""


class MemoryCollection:
    """Documents in a list. A query names values that must be equal, with dots into lists and documents."""

    def __init__(self) -> None:
        self._documents: list[dict[str, Any]] = []

    def find_one(self, query: Mapping[str, Any], /) -> dict[str, Any] | None:
        """A copy of the first document that matches."""
        return next(iter(self.find(query)), None)

    def find(self, query: Mapping[str, Any], /) -> Iterator[dict[str, Any]]:
        """Copies of the documents that match, in the order in which they came."""
        return iter([copy.deepcopy(document) for document in self._matching(query)])

    def insert_one(self, document: Mapping[str, Any], /) -> None:
        """Keep a copy of `document`."""
        self._documents.append(copy.deepcopy(dict(document)))

    def update_one(self, query: Mapping[str, Any], update: Mapping[str, Mapping[str, Any]], /) -> None:
        """Change the first document that matches, if one does."""
        for document in self._matching(query)[:1]:
            for path, value in update.get("$set", {}).items():
                parent, name = _parent(document, path)
                parent[name] = copy.deepcopy(value)
            for path in update.get("$unset", {}):
                parent, name = _parent(document, path)
                parent.pop(name, None)
            for path, value in update.get("$push", {}).items():
                parent, name = _parent(document, path)
                parent.setdefault(name, []).append(copy.deepcopy(value))
            for path, condition in update.get("$pull", {}).items():
                parent, name = _parent(document, path)
                parent[name] = [each for each in parent.get(name, []) if not _matches(each, condition)]

    def delete_one(self, query: Mapping[str, Any], /) -> None:
        """Drop the first document that matches, if one does."""
        for document in self._matching(query)[:1]:
            self._documents.remove(document)

    def _matching(self, query: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [document for document in self._documents if _matches(document, query)]


def _matches(document: Any, query: Mapping[str, Any]) -> bool:
    return all(
        any(found == wanted for found in _values(document, path.split("."))) for path, wanted in query.items()
    )


def _values(value: Any, names: list[str]) -> Iterable[Any]:
    """Every value at the end of the path: a list on the way stands for each of its members, as in MongoDB."""
    if isinstance(value, list):
        for each in value:
            yield from _values(each, names)
    elif not names:
        yield value
    elif isinstance(value, dict) and names[0] in value:
        yield from _values(value[names[0]], names[1:])


def _parent(document: dict[str, Any], path: str) -> tuple[dict[str, Any], str]:
    """The document in which the last name of `path` stands; it is made where it is missing."""
    *names, last = path.split(".")
    for name in names:
        document = document.setdefault(name, {})
    return document, last

"""From what the owner wrote to typed values, key by key; every problem is kept with its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from .converters import PlainAddress, Unusable, is_quoted, nearest
from .errors import Problem
from .setting_keys import REQUIRED, Key
from .sources import Source

__all__ = ["Reading"]


class Reading:
    """One pass over what was given; it gathers the problems and goes on."""

    def __init__(self, given: Mapping[str, Any], source: Source) -> None:
        self.given = given
        self.source = source
        self.problems: list[Problem] = []
        self._places: dict[str, str] = {}
        self._plain: list[str] = []

    def refuse(self, name: str, unusable: Unusable) -> None:
        """Keep the problem of the key `name`, with the place where its value stands."""
        key = self.source.prefix + name
        place = unusable.place or self._places.get(name) or self.source.place(key)
        self.problems.append(Problem(key, place, unusable.reason, unusable.mend))

    def values(self, keys: Iterable[Key], *, owner: str = "") -> dict[str, Any]:
        """A value for each of `keys` by its name, but for those that have a problem."""
        values: dict[str, Any] = {}
        for key in keys:
            name = owner + key.name
            if "*" in name:
                self._convert_all(key, name, values)
            elif self.given.get(name) is not None:
                self._convert(key, name, values)
            elif key.default is REQUIRED:
                mend = f"Add it: {self.source.prefix}{name} = ... {key.help}".rstrip()
                self.refuse(name, Unusable("The key is missing.", mend))
            else:
                values[key.name] = key.default
        return values

    def names_known(self, key: str, names: Sequence[str], known: Sequence[str], *, also: str = "") -> None:
        """Refuse each of `names` that is not in `known`."""
        for number, name in enumerate(names, start=1):
            if name not in known:
                mend = f"Known are {', '.join(known)}; the nearest is {nearest(name, known)}. {also}".rstrip()
                reason = (
                    f"Name {number} of {len(names)} is not known."
                    if len(names) > 1
                    else "The name is not known."
                )
                self.refuse(key, Unusable(reason, mend))

    def refuse_all(self, owner: str, problems: Iterable[tuple[str, Unusable]]) -> None:
        """Refuse each key, of a provider or section called `owner`."""
        for key, unusable in problems:
            self.refuse(f"{owner}.{key}", unusable)

    def unknown_keys(
        self,
        core_keys: Iterable[Key],
        tables: Mapping[str, Sequence[Key]],
        provider_keys: Callable[[str], Sequence[Key]],
        known_providers: Iterable[str],
    ) -> None:
        """Refuse every key that neither the core nor any provider has.

        `tables` are those of the providers that are switched on; others are imported only if keys are left.
        """
        known = {key.name for key in core_keys}
        known |= {f"{provider}.{key.name}" for provider, table in tables.items() for key in table}
        patterns = [name for name in known if "*" in name]
        left = [
            name
            for name in self.given
            if name not in known and not any(_matching(pattern, name) for pattern in patterns)
        ]
        unreadable = set()
        for provider in known_providers if left else ():
            try:
                known |= {f"{provider}.{key.name}" for key in provider_keys(provider)}
            except Unusable:  # nobody can say which keys it has
                unreadable.add(provider)
        for name in left:
            if name not in known and name.partition(".")[0] not in unreadable:
                mend = f"The nearest known key is {self.source.prefix}{nearest(name, sorted(known))}."
                self.refuse(name, Unusable("There is no such key.", mend))

    def plain_addresses(self) -> None:
        """Refuse every `PlainAddress` that was met."""
        for name in self._plain:
            mend = f"Write https://, or set {self.source.prefix}insecure = true for a network that you trust."
            self.refuse(name, Unusable("Secrets would travel unencrypted, over plain http.", mend))

    def has(self, section: str) -> bool:
        """Whether any key of `section` is given."""
        return any(name.startswith(f"{section}.") for name in self.given)

    def _convert_all(self, key: Key, pattern: str, values: dict[str, Any]) -> None:
        """The values of all names that match `pattern`, under its own name; not if any has a problem."""
        found: dict[str, Any] = {}
        chosen = [
            (match[1], name)
            for name in self.given
            if self.given[name] is not None and (match := _matching(pattern, name))
        ]
        for choice_of_owner, name in chosen:
            converted: dict[str, Any] = {}
            self._convert(key, name, converted)
            if converted:
                found[choice_of_owner] = converted[key.name]
        if not chosen:
            values[key.name] = key.default
        elif len(found) == len(chosen):
            values[key.name] = MappingProxyType(found)

    def _convert(self, key: Key, name: str, values: dict[str, Any]) -> None:
        written = self._followed(key, name)
        if written is None:
            return
        try:
            value = key.convert(written)
        except Unusable as unusable:
            self.refuse(name, _with_hints(unusable, written, secret=key.secret))
            return
        values[key.name] = value
        if isinstance(value, PlainAddress):
            self._plain.append(name)

    def _followed(self, key: Key, name: str) -> Any:
        """What was written for `key`, each ``env:`` and ``file:`` in it followed; `None` if one failed."""
        written = self.given[name]
        if not isinstance(written, str | list | tuple):
            return written
        pieces = written.strip().split("\n") if isinstance(written, str) else written
        found: list[Any] = []
        place = None
        for piece in pieces:
            if not isinstance(piece, str):
                found.append(piece)
                continue
            try:
                text, place = self.source.follow(piece, secret=key.secret)
            except Unusable as unusable:
                self.refuse(name, unusable)
            else:
                found.append(text)
        if len(found) < len(pieces):
            return None
        if len(pieces) == 1 and place is not None:
            self._places[name] = place
        return "\n".join(found) if isinstance(written, str) else found


def _matching(pattern: str, name: str) -> re.Match[str] | None:
    return re.fullmatch(re.escape(pattern).replace(r"\*", r"([^.]+)"), name)


def _with_hints(unusable: Unusable, written: Any, *, secret: bool) -> Unusable:
    """`unusable` with the usual mistakes in an ini named, and without what was written if it is secret."""
    reason, mend = unusable.reason, unusable.mend
    lines = [written] if isinstance(written, str) else written if isinstance(written, list) else []
    pieces = [piece for line in lines if isinstance(line, str) for piece in line.split()]
    telling = [piece for piece in pieces if len(piece) >= 8 and piece != "sqlite:///"]
    if secret and any(piece in f"{reason} {mend}" for piece in telling):
        reason, mend = "The value cannot be used.", "Compare it with what the documentation says of the key."
    if isinstance(written, str):
        stripped = written.strip()
        if is_quoted(stripped) and "quotation marks" not in reason:
            mend += " Take the quotation marks away: values in an ini need none."
        if re.search(r"\s[;#]", stripped):
            mend += " A comment needs a line of its own."
    return Unusable(reason, mend, place=unusable.place)

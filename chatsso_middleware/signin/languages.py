"""The languages of the pages: catalogues of ours, and the owner's own beside them (gettext)."""

from __future__ import annotations

import gettext
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

__all__ = ["DOMAIN", "ENGLISH", "N_", "SHIPPED", "Language", "Languages", "missing_catalogues"]

DOMAIN: Final = "signin"
"""The name of a catalogue's file: ``LANGUAGE/LC_MESSAGES/signin.mo``."""
SHIPPED: Final = ("en", "pt", "es", "de")
"""Languages that need nothing of the owner."""
SOURCE: Final = "en"
"""The language of the texts in the code, which need no catalogue."""
OWN_CATALOGUES: Final = "locale"
"""The folder of catalogues in the owner's folder of templates."""
_RIGHT_TO_LEFT: Final = frozenset(("ar", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"))


def N_(message: str) -> str:  # noqa: N802 - the name that gettext's tools know
    """Mark `message` for the catalogues; it is translated when its language is known."""
    return message


_ENGLISH: Final = N_("English")
"""In each catalogue the name of its own language in that language."""


@dataclass(frozen=True, slots=True)
class Language:
    """One language with its texts."""

    tag: str
    """As BCP 47 writes it, and HTML's ``lang``: ``pt``, ``pt-BR``."""
    translations: gettext.NullTranslations

    @property
    def name(self) -> str:
        """What the language is called in itself."""
        if self.tag.partition("-")[0].lower() == SOURCE:
            return _ENGLISH
        name = self.text(_ENGLISH)
        return self.tag if name == _ENGLISH else name

    @property
    def direction(self) -> str:
        """``rtl`` or ``ltr``, as HTML's ``dir`` has it."""
        return "rtl" if self.tag.partition("-")[0].lower() in _RIGHT_TO_LEFT else "ltr"

    def text(self, message: str) -> str:
        """`message` in this language; as it is where no catalogue has it, as with most of the owner's."""
        return self.translations.gettext(message) if message else ""

    def counted(self, one: str, many: str, number: int) -> str:
        """The form that the language has for `number`, with the number in the place of ``%(num)d``."""
        return self.translations.ngettext(one, many, number) % {"num": number}


ENGLISH: Final = Language(SOURCE, gettext.NullTranslations())
"""The language of the code."""


class Languages:
    """The languages that the owner offers, the first of which is for everybody else."""

    def __init__(self, tags: Sequence[str] = SHIPPED, folder: Path | None = None) -> None:
        """`folder`: the owner's templates, whose ``locale`` folder may hold catalogues that go before ours.

        Raises `ValueError` for a language that has no catalogue at all.
        """
        missing = missing_catalogues(tags, folder)
        if missing or not tags:
            raise ValueError(f"no catalogue for {', '.join(missing)}" if missing else "no language")
        self._languages = {tag.lower(): Language(tag, _translations(tag, folder)) for tag in tags}

    def __iter__(self) -> Iterator[Language]:
        return iter(self._languages.values())

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags in the owner's order."""
        return tuple(language.tag for language in self._languages.values())

    def get(self, tag: str | None) -> Language | None:
        """The language called `tag` in any case, if it is offered."""
        return self._languages.get((tag or "").lower())

    @property
    def first(self) -> Language:
        """The language for a browser that asks for none of them."""
        return next(iter(self._languages.values()))


def missing_catalogues(tags: Sequence[str], folder: Path | None = None) -> tuple[str, ...]:
    """Those of `tags` for which neither we nor the owner's folder has texts."""
    return tuple(tag for tag in tags if tag != SOURCE and not _catalogues(tag, folder))


def _catalogues(tag: str, folder: Path | None) -> list[Path]:
    """The files with texts of the language, what counts more first: ``pt_BR`` before ``pt``."""
    names = [tag.replace("-", "_")]
    if "_" in names[0]:
        names.append(names[0].partition("_")[0])
    ours = Path(str(resources.files(__package__))) / "locale"
    places = ([] if folder is None else [folder / OWN_CATALOGUES]) + [ours]
    files = [place / name / "LC_MESSAGES" / f"{DOMAIN}.mo" for place in places for name in names]
    return [file for file in files if file.is_file()]


def _translations(tag: str, folder: Path | None) -> gettext.NullTranslations:
    chain = gettext.NullTranslations()
    for file in reversed(_catalogues(tag, folder)):
        with file.open("rb") as content:
            catalogue = gettext.GNUTranslations(content)
        catalogue.add_fallback(chain)
        chain = catalogue
    return chain

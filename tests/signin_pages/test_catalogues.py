"""The catalogues as they are shipped: whole, compiled, and with the places that the texts have."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from babel.messages import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

import chatsso_middleware

PACKAGE = Path(chatsso_middleware.__file__).parent
LOCALE = PACKAGE / "signin" / "locale"
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None, "counted": (1, 2)}
TRANSLATED = ("de", "es", "pt")


def messages_in_the_code() -> set[object]:
    with (LOCALE / "babel.cfg").open() as mapping:
        methods, options = parse_mapping_cfg(mapping)  # type: ignore[no-untyped-call]
    return {
        found[2]
        for found in extract_from_dir(PACKAGE, methods, options, keywords=KEYWORDS)
        if found[2] and "signin" in found[0]
    }


def catalogue(language: str) -> Catalog:
    with (LOCALE / language / "LC_MESSAGES" / "signin.po").open("rb") as file:
        return read_po(file)


def messages(found: Catalog) -> list[Message]:
    return [message for message in found if message.id]


def forms(text: Any) -> tuple[str, ...]:
    """The text, or its forms for different numbers."""
    return tuple(text) if isinstance(text, list | tuple) else (text,)


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_has_every_text_and_nothing_else(language: str) -> None:
    found = messages(catalogue(language))
    assert {message.id for message in found} == messages_in_the_code()
    empty = [message.id for message in found if not all(forms(message.string))]
    assert empty == []
    assert not any(message.fuzzy for message in found)


def test_the_template_for_new_languages_has_every_text() -> None:
    with (LOCALE / "signin.pot").open("rb") as file:
        assert {message.id for message in messages(read_po(file))} == messages_in_the_code()


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_has_the_places_of_its_text_and_no_markup(language: str) -> None:
    for message in messages(catalogue(language)):
        wanted = set(re.findall(r"%\(\w+\)\w", " ".join(forms(message.id))))
        for string in forms(message.string):
            assert set(re.findall(r"%\(\w+\)\w", string)) == wanted, string
            assert string.count("%") == len(wanted)
            assert "<" not in string


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_compiled_catalogue_is_the_one_of_the_source(language: str) -> None:
    compiled = BytesIO()
    write_mo(compiled, catalogue(language))
    assert (LOCALE / language / "LC_MESSAGES" / "signin.mo").read_bytes() == compiled.getvalue()

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from chatsso_middleware.signin.languages import SHIPPED, Languages, missing_catalogues


def catalogue(folder: Path, language: str, **texts: str) -> None:
    """Put a compiled catalogue where an owner puts his."""
    place = folder / "locale" / language / "LC_MESSAGES"
    place.mkdir(parents=True)
    lines = ['msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n']
    lines += [f'msgid "{name.replace("_", " ")}"\nmsgstr "{text}"\n' for name, text in texts.items()]
    (place / "signin.po").write_text("\n".join(lines), encoding="utf-8")
    with (place / "signin.po").open("rb") as written, (place / "signin.mo").open("wb") as compiled:
        write_mo(compiled, read_po(written))


def test_each_shipped_language_is_called_by_its_own_name() -> None:
    assert [(language.tag, language.name) for language in Languages()] == [
        ("en", "English"),
        ("pt", "Português"),
        ("es", "Español"),
        ("de", "Deutsch"),
    ]


def test_a_language_is_found_in_any_case_and_the_first_is_for_everybody_else() -> None:
    languages = Languages(("de", "pt-BR"))
    found = languages.get("PT-br")
    assert found is not None
    assert found.tag == "pt-BR"
    assert found.text("Password") == "Senha"
    assert languages.get("fr") is None
    assert languages.get(None) is None
    assert languages.first.tag == "de"
    assert languages.tags == ("de", "pt-BR")


def test_counted_texts_take_the_form_of_the_number() -> None:
    texts = (
        "There were too many attempts. You can try again in %(num)d minute.",
        "There were too many attempts. You can try again in %(num)d minutes.",
    )
    german = Languages(("de",)).first
    assert german.counted(*texts, 1).endswith("in 1 Minute noch einmal versuchen.")
    assert german.counted(*texts, 3).endswith("in 3 Minuten noch einmal versuchen.")
    assert Languages(("en",)).first.counted(*texts, 1).endswith("in 1 minute.")


def test_what_no_catalogue_has_stays_as_it_is() -> None:
    german = Languages(("de",)).first
    assert german.text("Call the office on 555.") == "Call the office on 555."
    assert german.text("") == ""


def test_an_owner_brings_a_language_and_changes_single_texts_of_ours(tmp_path: Path) -> None:
    catalogue(tmp_path, "fr", English="Français", Password="Mot de passe")
    catalogue(tmp_path, "de", User_name_or_email_address="Kundennummer")
    languages = Languages(("en", "fr", "de"), tmp_path)
    french, german = languages.get("fr"), languages.get("de")
    assert french is not None
    assert german is not None
    assert french.name == "Français"
    assert french.text("Password") == "Mot de passe"
    assert german.text("User name or email address") == "Kundennummer"
    assert german.text("Password") == "Passwort"


def test_a_catalogue_that_does_not_name_its_language_shows_the_tag(tmp_path: Path) -> None:
    catalogue(tmp_path, "ar", Password="كلمة المرور")
    arabic = Languages(("ar",), tmp_path).first
    assert arabic.name == "ar"
    assert arabic.direction == "rtl"
    assert Languages(("de",)).first.direction == "ltr"


def test_an_owner_may_change_english_too(tmp_path: Path) -> None:
    catalogue(tmp_path, "en", Log_in="Sign in")
    english = Languages(("en",), tmp_path).first
    assert english.text("Log in") == "Sign in"
    assert english.name == "English"


def test_a_language_without_texts_is_named(tmp_path: Path) -> None:
    assert missing_catalogues(("en", "fr", "de", "ja"), tmp_path) == ("fr", "ja")
    assert missing_catalogues(SHIPPED) == ()
    with pytest.raises(ValueError, match="no catalogue for fr, ja"):
        Languages(("en", "fr", "ja"))
    with pytest.raises(ValueError, match="no language"):
        Languages(())

"""Sections of the core with keys of their own, and keys with a name of the owner's choice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from chatsso_middleware.converters import Unusable, chat_url, choice, text
from chatsso_middleware.errors import ConfigurationError, Problem
from chatsso_middleware.settings import Key, Section, Settings, Source, load

CANARY = "canary-7b1f-do-not-show"
IDENTITIES = ("events", "remote_user", "signin", "club")
TABLES = {"website_toolbox": (Key("url", chat_url),)}
GIVEN = {
    "providers": "website_toolbox",
    "secret": "p3yRk0vZ-1q8sXw_b7TnC4dLm6fHj9aE",
    "website_toolbox.url": "https://room.test",
}
SOURCE = Source("the settings given to ChatSSOMiddleware")

STARRED = (
    Key("url", chat_url, None),
    Key("word.*", choice("good", "fine"), {}),
    Key("word.*.note", text, {}),
    Key("header.*", text, {}, secret=True),
)


def section_disagreements(
    options: Mapping[str, Any], core: Mapping[str, Any]
) -> Iterator[tuple[str, Unusable]]:
    if options.get("url") is None:
        yield "url", Unusable("It is missing.", "Set it.")
    if core.get("identity") == "remote_user":
        yield "url", Unusable("It does not go with remote_user.", "Take it away.")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The process's own folder, where the outbox goes by default."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def dotted(changes: dict[str, object]) -> dict[str, object]:
    """``club__url`` stands for ``club.url``."""
    return {name.replace("__", "."): value for name, value in changes.items()}


def with_section(source: Source = SOURCE, /, **changes: object) -> Settings:
    return load(
        {**GIVEN, **dotted(changes)},
        source,
        TABLES.__getitem__,
        tuple(TABLES),
        IDENTITIES,
        sections={"club": lambda: Section(STARRED, section_disagreements)},
    )


def section_problems(source: Source = SOURCE, /, **changes: object) -> dict[str, Problem]:
    with pytest.raises(ConfigurationError) as caught:
        with_section(source, **changes)
    return {problem.key: problem for problem in caught.value.problems}


CLUB = {"club__url": "https://club.test"}


def test_a_section_is_there_only_where_a_key_of_it_is_or_identity_names_it() -> None:
    assert with_section().sections == {}
    assert set(with_section(**CLUB).sections) == {"club"}
    assert set(section_problems(identity="club")) == {"club.url"}


def test_a_section_that_nobody_speaks_of_is_never_made() -> None:
    def never() -> Section:
        raise AssertionError

    assert load(GIVEN, SOURCE, TABLES.__getitem__, tuple(TABLES), IDENTITIES, sections={"club": never}).links


def test_a_star_stands_for_one_segment_of_the_owners_choice() -> None:
    values = with_section(
        **CLUB, club__word__first="good", club__word__second="fine", club__word__first__note="really"
    ).sections["club"]
    assert values["word.*"] == {"first": "good", "second": "fine"}
    assert values["word.*.note"] == {"first": "really"}
    assert values["header.*"] == {}


def test_neither_a_section_nor_what_its_stars_found_can_be_changed() -> None:
    values = with_section(**CLUB, club__word__first="good").sections["club"]
    with pytest.raises(TypeError):
        values["url"] = "x"  # type: ignore[index]
    with pytest.raises(TypeError):
        values["word.*"]["first"] = "x"


def test_a_choice_keeps_its_capital_letters_and_its_hyphens() -> None:
    values = with_section(**CLUB, **{"club.header.X-Api-Key": "1", "club.header.x-api-key": "2"})
    assert values.sections["club"]["header.*"] == {"X-Api-Key": "1", "x-api-key": "2"}


def test_each_bad_value_of_a_star_is_a_problem_of_its_own_key() -> None:
    found = section_problems(
        **CLUB, club__word__first="bad", club__word__second="good", club__word__third="no"
    )
    assert set(found) == {"club.word.first", "club.word.third"}


def test_a_key_that_no_star_covers_is_unknown_and_told_the_nearest() -> None:
    found = section_problems(**CLUB, club__wrd__first="good", club__word__first__not="x", club__word="good")
    assert set(found) == {"club.wrd.first", "club.word.first.not", "club.word"}
    assert found["club.wrd.first"].mend == "The nearest known key is club.word.*."


def test_a_value_of_none_under_a_star_counts_as_not_given() -> None:
    assert with_section(**CLUB, club__word__first=None).sections["club"]["word.*"] == {}


def test_a_starred_value_may_come_from_the_environment_and_is_shown_nowhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CLUB_KEY", CANARY)
    settings = with_section(**CLUB, club__header__Key="env:CLUB_KEY")
    assert settings.sections["club"]["header.*"] == {"Key": CANARY}
    assert CANARY not in repr(settings)
    found = section_problems(**CLUB, club__header__Key="env:CLUB_KEY", links="maybe")
    assert CANARY not in repr(found)


def test_the_values_of_a_section_are_compared_with_each_other_and_with_the_core() -> None:
    assert set(section_problems(club__word__first="good")) == {"club.url"}
    found = section_problems(**CLUB, identity="remote_user")
    assert found["club.url"].reason == "It does not go with remote_user."


def test_a_problem_of_a_section_names_the_key_as_the_owner_writes_it(folder: Path) -> None:
    ini = folder / "site.ini"
    ini.write_text("[app:main]\nchatsso.club.url = https://club.test\nchatsso.club.word.first = bad\n")
    source = Source("site.ini [app:main]", prefix="chatsso.", ini_path=str(ini), section="app:main")
    raw = {f"chatsso.{name}": value for name, value in GIVEN.items()}
    raw |= {"chatsso.club.url": "https://club.test", "chatsso.club.word.first": "bad"}
    with pytest.raises(ConfigurationError) as caught:
        load(
            raw,
            source,
            TABLES.__getitem__,
            tuple(TABLES),
            IDENTITIES,
            sections={"club": lambda: Section(STARRED, section_disagreements)},
        )
    (problem,) = caught.value.problems
    assert (problem.key, problem.place) == ("chatsso.club.word.first", "site.ini, line 3")


def test_a_section_over_plain_http_is_refused_as_a_chat_is() -> None:
    assert set(section_problems(club__url="http://club.test")) == {"club.url"}
    assert with_section(club__url="http://club.test", insecure="yes").sections["club"]["url"]


def test_guests_may_be_sent_to_a_hosted_login_page_without_a_login_url() -> None:
    assert loaded_with_signin(guests="login").guests == "login"


@pytest.mark.parametrize("key", ["identity__email", "identity__user"])
def test_the_hosted_page_brings_whole_users_and_never_an_id(key: str) -> None:
    value = "{userid}@x.test" if key.endswith("email") else "builtins:len"
    with pytest.raises(ConfigurationError) as caught:
        loaded_with_signin(**{key: value})
    (problem,) = caught.value.problems
    assert problem.key == key.replace("__", ".")
    assert "identity = signin brings whole users" in problem.reason


def loaded_with_signin(**changes: object) -> Settings:
    given = {**GIVEN, "identity": "signin", **dotted(changes)}
    return load(given, SOURCE, TABLES.__getitem__, tuple(TABLES), IDENTITIES)

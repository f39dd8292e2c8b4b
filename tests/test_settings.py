from __future__ import annotations

import dataclasses
import logging
import os
import re
from configparser import ConfigParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from chatsso_middleware.converters import Unusable, boolean, chat_url, choice, secret_lines, text
from chatsso_middleware.errors import ConfigurationError, Problem
from chatsso_middleware.secret import Secret
from chatsso_middleware.settings import CORE_KEYS, REQUIRED, Key, Settings, Source, load

if TYPE_CHECKING:
    from collections.abc import Sequence

DOCUMENTATION = Path(__file__).parents[1] / "docs" / "settings.md"
CANARY = "canary-7b1f-do-not-show"
KEY = "p3yRk0vZ-1q8sXw_b7TnC4dLm6fHj9aE"
OTHER_KEY = "0123456789abcdef0123456789abcdef"
IDENTITIES = ("events", "remote_user", "pyramid")
TABLES: dict[str, Sequence[Key]] = {
    "website_toolbox": (
        Key("url", chat_url, help="The room's address."),
        Key("api_key", secret_lines, secret=True),
        Key("method", choice("POST", "GET"), "POST"),
        Key("send_password", boolean, default=False),
    ),
    "rocketchat": (Key("url", chat_url), Key("mode", choice("saved", "password"), "saved")),
}
GIVEN = {
    "providers": "website_toolbox",
    "secret": KEY,
    "website_toolbox.url": "https://room.test",
    "website_toolbox.api_key": "the-key",
}
SOURCE = Source("the settings given to ChatSSOMiddleware")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The process's own folder, where the outbox goes by default."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def loaded(source: Source = SOURCE, /, **changes: object) -> Settings:
    return load({**GIVEN, **dotted(changes)}, source, TABLES.__getitem__, tuple(TABLES), IDENTITIES)


def problems(source: Source = SOURCE, /, **changes: object) -> tuple[Problem, ...]:
    with pytest.raises(ConfigurationError) as caught:
        loaded(source, **changes)
    return caught.value.problems


def problem(**changes: object) -> Problem:
    (found,) = problems(**changes)
    return found


def dotted(changes: dict[str, object]) -> dict[str, object]:
    """``website_toolbox__url`` stands for ``website_toolbox.url``."""
    return {name.replace("__", "."): value for name, value in changes.items()}


# What comes out when all is well.


def test_few_keys_are_enough_and_the_others_have_their_defaults(folder: Path) -> None:
    assert loaded() == Settings(
        providers=("website_toolbox",),
        secret=(Secret(KEY),),
        identity="events",
        identity_email=None,
        identity_user=None,
        delivery="direct",
        mount="/chatsso",
        site_url=None,
        login_url=None,
        register_url=None,
        logout_url=None,
        remember=False,
        links=True,
        tags=True,
        page_wait=0.3,
        api_timeout=5,
        store="memory:",
        outbox=f"sqlite:///{folder}/chatsso-outbox.sqlite3",
        cookie_name="chatsso",
        cookie_samesite="lax",
        cookie_domain=None,
        guests="chat",
        may_chat=None,
        csp="warn",
        insecure=False,
        provider_options={
            "website_toolbox": {
                "url": "https://room.test",
                "api_key": (Secret("the-key"),),
                "method": "POST",
                "send_password": False,
            }
        },
    )


def test_values_from_an_ini_and_natural_python_values_come_to_the_same(folder: Path) -> None:
    from_ini = loaded(
        providers="\nwebsite_toolbox\nrocketchat",
        secret=f"\n{KEY}\n{OTHER_KEY}",
        identity="remote_user",
        identity__user="os.path:basename",
        remember="yes",
        page_wait="0",
        api_timeout="2 seconds",
        may_chat="os.path:isabs",
        rocketchat__url="https://rocket.test",
    )
    from_python = loaded(
        providers=["website_toolbox", "rocketchat"],
        secret=[KEY, Secret(OTHER_KEY)],
        identity="remote_user",
        identity__user=os.path.basename,
        remember=True,
        page_wait=0,
        api_timeout=2.0,
        may_chat=os.path.isabs,
        rocketchat__url="https://rocket.test",
    )
    assert from_ini == from_python
    assert from_ini.secret == (Secret(KEY), Secret(OTHER_KEY))
    assert from_ini.may_chat is os.path.isabs
    assert from_ini.provider_options["rocketchat"] == {"url": "https://rocket.test", "mode": "saved"}


def test_there_is_a_field_for_every_key_of_the_core() -> None:
    fields = [field.name for field in dataclasses.fields(Settings)]
    assert fields == [key.name.replace(".", "_") for key in CORE_KEYS] + ["provider_options", "sections"]


def test_every_key_of_the_core_has_a_help_sentence() -> None:
    assert [key.name for key in CORE_KEYS if not key.help] == []


def test_a_value_of_none_counts_as_not_given() -> None:
    assert loaded(login_url=None, mount=None, website_toolbox__method=None) == loaded()


def test_settings_cannot_be_changed() -> None:
    settings = loaded()
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.mount = "/other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        settings.provider_options["website_toolbox"]["url"] = "x"  # type: ignore[index]


def test_a_reader_of_ones_own_may_stand_in_identity() -> None:
    assert loaded(identity="os.path:basename").identity is os.path.basename
    assert loaded(identity=os.path.basename).identity is os.path.basename


def test_the_repr_shows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        TABLES, "website_toolbox", (*TABLES["website_toolbox"], Key("careless", text, "", secret=True))
    )
    settings = loaded(
        secret=f"{CANARY}-{KEY}",
        store=f"redis://:{CANARY}@localhost",
        outbox=f"sqlite:///{CANARY}.db",
        website_toolbox__api_key=CANARY,
        website_toolbox__careless=CANARY,
    )
    assert CANARY not in repr(settings)
    assert CANARY not in str(settings)
    assert settings.provider_options["website_toolbox"]["careless"] == CANARY


# Problems, all at once, each with key, place, reason and mend.


def test_nothing_given_names_every_key_that_is_missing() -> None:
    with pytest.raises(ConfigurationError) as caught:
        load({}, SOURCE, TABLES.__getitem__, tuple(TABLES), IDENTITIES)
    assert [found.key for found in caught.value.problems] == ["providers", "secret"]
    assert "secrets.token_urlsafe(32)" in caught.value.problems[1].mend


def test_a_provider_that_is_switched_on_needs_its_own_keys() -> None:
    found = problem(providers="website_toolbox rocketchat")
    assert (found.key, found.reason) == ("rocketchat.url", "The key is missing.")


def test_all_problems_are_reported_at_once() -> None:
    found = problems(
        secret="short",
        remember="perhaps",
        mounts="/x",
        guests="login",
        website_toolbox__url="room.test",
        website_toolbox__methods="GET",
    )
    assert [one.key for one in found] == [
        "secret",
        "remember",
        "website_toolbox.url",
        "mounts",
        "website_toolbox.methods",
        "guests",
    ]
    assert {one.place for one in found} == {SOURCE.description}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("providers", "website_toolbox website_toolbox"),
        ("secret", "x" * 31),
        ("identity", "no_such_package:reader"),
        ("identity.email", "{user}@example.com"),
        ("identity.user", "somebody"),
        ("delivery", "both"),
        ("mount", "/"),
        ("site_url", "www.example.com"),
        ("login_url", "/login?{came_from}"),
        ("register_url", "//register"),
        ("logout_url", "logout"),
        ("remember", "maybe"),
        ("links", ""),
        ("tags", "2"),
        ("page_wait", "10.5"),
        ("api_timeout", "0"),
        ("store", "disk:"),
        ("outbox", "sqlite://"),
        ("cookie_name", "a b"),
        ("cookie_samesite", "loose"),
        ("cookie_domain", "https://example.com"),
        ("guests", "away"),
        ("may_chat", "os.path:nobody"),
        ("csp", "off"),
        ("insecure", "very"),
    ],
)
def test_a_bad_value_of_each_key_is_one_problem_of_that_key(key: str, value: str) -> None:
    found = problem(**{key: value})
    assert found.key == key
    assert found.reason.endswith(".")
    assert found.mend


def test_the_list_of_bad_values_above_is_complete() -> None:
    (mark,) = test_a_bad_value_of_each_key_is_one_problem_of_that_key.pytestmark  # type: ignore[attr-defined]
    assert [key for key, _ in mark.args[1]] == [key.name for key in CORE_KEYS]


@pytest.mark.parametrize("providers", ["website_toolbox, rocketchat", None])
def test_a_chats_own_keys_are_checked_though_providers_itself_has_a_problem(providers: str | None) -> None:
    found = problems(providers=providers, website_toolbox__method="PUT", rocketchat__mode="saved")
    assert [one.key for one in found] == ["providers", "website_toolbox.method", "rocketchat.url"]


@pytest.mark.parametrize("name", ["website_tolbox", "Website_Toolbox", "toolbox"])
def test_an_unknown_provider_is_told_the_nearest_one(name: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load({"providers": name, "secret": KEY}, SOURCE, TABLES.__getitem__, tuple(TABLES), IDENTITIES)
    (found,) = caught.value.problems
    assert found.key == "providers"
    assert found.mend == "Known are website_toolbox, rocketchat; the nearest is website_toolbox."


def test_an_unknown_identity_is_told_the_nearest_one_and_the_way_to_bring_ones_own() -> None:
    found = problem(identity="remot_user")
    assert "the nearest is remote_user." in found.mend
    assert "package.module:callable" in found.mend


@pytest.mark.parametrize(
    ("unknown", "known"),
    [
        ("logout_uri", "logout_url"),
        ("Page_Wait", "page_wait"),
        ("cookie.name", "cookie_name"),
        ("website_toolbox.apikey", "website_toolbox.api_key"),
        ("website_tolbox.url", "website_toolbox.url"),
        ("website_toolbox", "website_toolbox.url"),
        ("rocket.chat.url", "rocketchat.url"),
        ("rocketchat.urls", "rocketchat.url"),
    ],
)
def test_an_unknown_key_is_told_the_nearest_known_one(unknown: str, known: str) -> None:
    found = problem(**{unknown: "x"})
    assert (found.key, found.reason) == (unknown, "There is no such key.")
    assert found.mend == f"The nearest known key is {known}."


def test_keys_of_a_known_provider_that_is_not_switched_on_may_stay() -> None:
    assert loaded(rocketchat__mode="whatever it is").provider_options.keys() == {"website_toolbox"}


def test_a_provider_that_nobody_speaks_of_is_never_imported() -> None:
    asked: list[str] = []

    def table(name: str) -> Sequence[Key]:
        asked.append(name)
        return TABLES[name]

    load(GIVEN, SOURCE, table, tuple(TABLES), IDENTITIES)
    assert asked == ["website_toolbox"]


def test_a_provider_that_cannot_be_imported_is_a_problem_where_it_is_switched_on() -> None:
    def table(name: str) -> Sequence[Key]:
        if name == "rocketchat":
            raise Unusable("rocketchat cannot be imported.", "Install it.")
        return TABLES[name]

    given = {**GIVEN, "rocketchat.url": "https://rocket.test"}
    assert load(given, SOURCE, table, tuple(TABLES), IDENTITIES).providers == ("website_toolbox",)
    with pytest.raises(ConfigurationError) as caught:
        load({**given, "providers": "website_toolbox rocketchat"}, SOURCE, table, tuple(TABLES), IDENTITIES)
    (found,) = caught.value.problems
    assert (found.key, found.reason) == ("providers", "rocketchat cannot be imported.")


def test_the_usual_quotation_marks_are_explained() -> None:
    assert problem(remember='"yes"').mend.endswith(
        "Take the quotation marks away: values in an ini need none."
    )
    assert "quotation" not in problem(remember='"yes').mend


def test_the_quotation_marks_of_a_secret_are_explained_once() -> None:
    assert problem(secret=f"'{KEY}'").mend == "Take them away: they would be part of it."


def test_a_comment_behind_a_value_is_explained() -> None:
    assert problem(remember="yes ; or no").mend.endswith("A comment needs a line of its own.")
    assert problem(page_wait="0.3 # seconds").mend.endswith("A comment needs a line of its own.")


def test_a_careless_converter_does_not_show_a_secret() -> None:
    def careless(value: Any) -> str:
        raise Unusable(f"{value} is wrong.", "Write another.")

    tables = {"website_toolbox": (Key("key", careless, secret=True), Key("other", careless))}
    given = {
        "providers": "website_toolbox",
        "secret": KEY,
        "website_toolbox.key": f"x {CANARY}",
        "website_toolbox.other": "shown",
    }
    with pytest.raises(ConfigurationError) as caught:
        load(given, SOURCE, tables.__getitem__, tuple(tables), IDENTITIES)
    assert [found.reason for found in caught.value.problems] == [
        "The value cannot be used.",
        "shown is wrong.",
    ]
    assert CANARY not in str(caught.value)


def test_a_careless_converter_does_not_show_a_listed_secret() -> None:
    def careless(value: Any) -> str:
        raise Unusable(f"{value} is wrong.", "Write another.")

    tables = {"website_toolbox": (Key("key", careless, secret=True),)}
    given = {"providers": "website_toolbox", "secret": KEY, "website_toolbox.key": (7, CANARY)}
    with pytest.raises(ConfigurationError) as caught:
        load(given, SOURCE, tables.__getitem__, tuple(tables), IDENTITIES)
    assert CANARY not in str(caught.value)


# Values that do not go together.


def test_guests_cannot_be_sent_to_a_login_page_that_is_not_given() -> None:
    assert problem(guests="login").key == "guests"
    assert loaded(guests="login", login_url="/login").guests == "login"


def test_a_login_page_with_a_problem_of_its_own_is_not_called_missing() -> None:
    assert problem(guests="login", login_url="login").key == "login_url"


def test_an_address_and_a_user_are_not_both_made_of_an_id() -> None:
    both = {"identity.email": "{userid}@example.com", "identity.user": os.path.basename}
    assert problem(identity="remote_user", **both).key == "identity.email"


@pytest.mark.parametrize("key", ["identity.email", "identity.user"])
def test_what_to_do_with_an_id_has_no_meaning_where_no_id_comes(key: str) -> None:
    value = "{userid}@example.com" if key == "identity.email" else os.path.basename
    found = problem(**{key: value})
    assert (found.key, found.reason) == (key, "identity = events brings whole users, never an id alone.")
    assert loaded(identity="pyramid", **{key: value}).identity == "pyramid"


def test_a_cookie_for_frames_needs_a_site_with_tls() -> None:
    assert problem(cookie_samesite="none", site_url="http://www.example.com").key == "cookie_samesite"
    assert loaded(cookie_samesite="none", site_url="https://www.example.com").cookie_samesite == "none"
    assert loaded(cookie_samesite="none").cookie_samesite == "none"


@pytest.mark.parametrize("domain", ["other.test", "ww.example.com", "a.www.example.com"])
def test_a_cookie_domain_without_the_sites_host_is_refused(domain: str) -> None:
    found = problem(cookie_domain=domain, site_url="https://www.example.com")
    assert (found.key, found.mend) == (
        "cookie_domain",
        "Write www.example.com, or a domain that it is part of.",
    )


@pytest.mark.parametrize("domain", ["example.com", "www.example.com"])
def test_a_cookie_domain_with_the_sites_host_is_fine(domain: str) -> None:
    assert loaded(cookie_domain=domain, site_url="https://www.example.com").cookie_domain == domain


# Plain http.


@pytest.mark.parametrize("url", ["http://room.test", "http://192.168.0.1:3000"])
def test_a_chat_over_plain_http_is_refused_unless_the_owner_says_insecure(url: str) -> None:
    found = problem(website_toolbox__url=url)
    assert found.key == "website_toolbox.url"
    assert "insecure = true" in found.mend
    assert loaded(website_toolbox__url=url, insecure="true").provider_options["website_toolbox"]["url"] == url


@pytest.mark.parametrize(
    "url", ["http://localhost:8080", "http://room.localhost", "http://127.0.0.1", "http://[::1]:80"]
)
def test_a_chat_on_this_machine_may_do_without_tls(url: str) -> None:
    assert loaded(website_toolbox__url=url).providers == ("website_toolbox",)


def test_a_bad_insecure_is_the_only_problem_then() -> None:
    assert problem(website_toolbox__url="http://room.test", insecure="si").key == "insecure"


# env: and file:


def test_any_value_may_come_from_the_environment_or_a_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROVIDERS", "website_toolbox")
    monkeypatch.setenv("WAIT", "0.1")
    (folder / "mount").write_text("/chat\n")
    settings = loaded(providers="env:PROVIDERS", page_wait="env:WAIT", mount="file:mount")
    assert (settings.providers, settings.page_wait, settings.mount) == (("website_toolbox",), 0.1, "/chat")


@pytest.mark.parametrize("listed", [False, True])
def test_each_line_or_item_of_a_value_may_come_from_elsewhere(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, listed: bool
) -> None:
    monkeypatch.setenv("NEW_KEY", KEY)
    (folder / "old").write_text(f"{OTHER_KEY}\n")
    (folder / "old").chmod(0o600)
    pieces = ["env:NEW_KEY", "file:old"]
    assert loaded(secret=pieces if listed else "\n" + "\n".join(pieces)).secret == (
        Secret(KEY),
        Secret(OTHER_KEY),
    )


def test_a_file_is_looked_for_beside_the_ini(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "etc").mkdir()
    (folder / "etc" / "mount").write_text("/beside")
    source = Source("site.ini [filter:chatsso]", ini_path=str(folder / "etc" / "site.ini"))
    monkeypatch.chdir("/")
    settings = loaded(source, mount="file:mount")
    assert settings.mount == "/beside"
    assert settings.outbox == f"sqlite:///{folder}/etc/chatsso-outbox.sqlite3"


def test_every_reference_that_leads_nowhere_is_reported_with_its_place(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_KEY", raising=False)
    found = problems(secret="env:NO_KEY\nfile:no.key", website_toolbox__api_key="env:NO_KEY")
    assert [(one.key, one.place) for one in found] == [
        ("secret", "the environment variable NO_KEY"),
        ("secret", f"the file {folder / 'no.key'}"),
        ("website_toolbox.api_key", "the environment variable NO_KEY"),
    ]


def test_the_place_of_a_bad_value_is_where_it_came_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAIT", "long")
    assert problem(page_wait="env:WAIT").place == "the environment variable WAIT"


def test_a_secret_file_that_everybody_can_read_is_warned_of(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "key").write_text(KEY)
    (folder / "key").chmod(0o644)
    with caplog.at_level(logging.DEBUG):
        loaded(secret="file:key", mount="/chat")
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert KEY not in caplog.text


# The outbox on disk.


def test_the_default_outbox_needs_its_folder(folder: Path) -> None:
    source = Source("gone.ini", ini_path=str(folder / "gone" / "site.ini"))
    (found,) = problems(source)
    assert found.key == "outbox"
    assert found.reason == f"The folder {folder / 'gone'} does not exist."


# Prefix and places in an ini.


def test_with_a_prefix_other_keys_are_somebody_elses() -> None:
    source = Source("the Pyramid application's settings", prefix="chatsso.")
    given = {f"chatsso.{name}": value for name, value in GIVEN.items()} | {
        "pyramid.includes": "x",
        "secret": "y",
    }
    assert load(given, source, TABLES.__getitem__, tuple(TABLES), IDENTITIES) == loaded()


def test_with_a_prefix_problems_name_the_key_as_the_owner_writes_it() -> None:
    source = Source("the Pyramid application's settings", prefix="chatsso.")
    given = {f"chatsso.{name}": value for name, value in GIVEN.items()}
    given |= {"chatsso.mounts": "/x", "chatsso.website_toolbox.url": "http://room.test"}
    with pytest.raises(ConfigurationError) as caught:
        load(given, source, TABLES.__getitem__, tuple(TABLES), IDENTITIES)
    mounts, url = caught.value.problems
    assert (mounts.key, mounts.mend) == ("chatsso.mounts", "The nearest known key is chatsso.mount.")
    assert url.key == "chatsso.website_toolbox.url"
    assert "chatsso.insecure = true" in url.mend


def test_the_line_of_the_ini_is_named(folder: Path) -> None:
    ini = folder / "site.ini"
    ini.write_text("[app:site]\nmount = /\n\n[filter:chatsso]\nproviders = x\nmount = /\n")
    source = Source("site.ini [filter:chatsso]", ini_path=str(ini), section="filter:chatsso")
    assert [one.place for one in problems(source, mount="/")] == ["site.ini, line 6"]


# Whatever is given, only ConfigurationError comes, and no secret with it.

ANY_KEY = st.one_of(
    st.sampled_from([key.name for key in CORE_KEYS]),
    st.sampled_from([f"{name}.{key.name}" for name, table in TABLES.items() for key in table]),
    st.text(max_size=12),
)
ANY_VALUE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.binary(max_size=8),
    st.text(max_size=20),
    st.lists(st.one_of(st.text(max_size=8), st.integers()), max_size=3),
    st.sampled_from(
        ["website_toolbox", "rocketchat", "yes", "login", "none", "env:HOME", "file:.", "http://room.test"]
    ),
)
SHAPES_OF_A_SECRET = st.sampled_from(
    [
        CANARY,
        f"{CANARY}\n{CANARY}",
        f'"{CANARY}"',
        f"{CANARY} ; comment",
        f"{CANARY}\x00",
        f"env:{CANARY}",
        f"redis://:{CANARY}@",
        f"postgresql://ann:{CANARY}@host:x/db",
        f"https://ann:{CANARY}@room.test",
        f"https://room.test/?key={CANARY}",
        [CANARY, f"{CANARY}\n"],
        {CANARY: CANARY},
        CANARY.encode(),
    ]
)
EVERY_KNOWN_KEY = [key.name for key in CORE_KEYS] + [
    f"{name}.{key.name}" for name, table in TABLES.items() for key in table
]


def settings_or_error(raw: dict[str, Any]) -> Settings | ConfigurationError:
    try:
        return load(raw, SOURCE, TABLES.__getitem__, tuple(TABLES), IDENTITIES)
    except ConfigurationError as error:
        return error


@hypothesis_settings(deadline=None)  # a busy machine is no failure
@given(raw=st.dictionaries(ANY_KEY, ANY_VALUE, max_size=12))
def test_random_settings_are_loaded_or_refused_with_problems(raw: dict[str, Any]) -> None:
    outcome = settings_or_error(raw)
    if isinstance(outcome, Settings):
        assert outcome.providers
    else:
        assert outcome.problems
        assert all(found.place and found.reason and found.mend for found in outcome.problems)


@hypothesis_settings(deadline=None)  # a busy machine is no failure
@given(
    raw=st.dictionaries(ANY_KEY, ANY_VALUE, max_size=4),
    secrets=st.dictionaries(st.sampled_from(EVERY_KNOWN_KEY), SHAPES_OF_A_SECRET, min_size=1, max_size=12),
)
def test_a_secret_under_any_key_never_stands_in_the_error(
    raw: dict[str, Any], secrets: dict[str, Any]
) -> None:
    given = {**GIVEN, **raw, **secrets, "links": "broken on purpose"}
    with pytest.raises(ConfigurationError) as caught:
        load(given, SOURCE, TABLES.__getitem__, tuple(TABLES), IDENTITIES)
    error = caught.value
    assert CANARY not in str(error)
    assert CANARY not in repr(error)
    assert CANARY not in repr(error.problems)
    assert error.__cause__ is None
    assert error.__context__ is None


# The documentation.


def test_the_documentation_names_every_key_and_its_default_and_no_other() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| ([^|]+) \|", DOCUMENTATION.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [(key.name, default_as_documented(key)) for key in CORE_KEYS]


def default_as_documented(key: Key) -> str:
    match key.default:
        case None:
            in_words = {"outbox": "`chatsso-outbox.sqlite3` beside the ini", "may_chat": "everybody"}
            return in_words.get(key.name, "none")
        case bool():
            return f"`{str(key.default).lower()}`"
        case float():
            return f"`{key.default:g}`"
        case str():
            return f"`{key.default}`"
        case _:
            assert key.default is REQUIRED
            return "required"


def test_the_ini_of_the_documentation_can_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    example, rotation = re.findall(
        r"^```ini\n(.*?)^```", DOCUMENTATION.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    for name in ("CHATSSO_SECRET", "CHATSSO_SECRET_BEFORE", "WEBSITE_TOOLBOX_API_KEY"):
        monkeypatch.setenv(name, f"{name}-{KEY}")
    parser = ConfigParser()
    parser.read_string(example)
    section = dict(parser["filter:chatsso"])
    assert section.pop("use") == "egg:chatsso-middleware"
    settings = load(section, SOURCE, TABLES.__getitem__, tuple(TABLES), IDENTITIES)
    assert settings.provider_options["website_toolbox"]["url"] == "https://client.discussionchatroom.com"

    parser.read_string("[filter:chatsso]\n" + rotation)
    assert [key.reveal() for key in loaded(secret=parser["filter:chatsso"]["secret"]).secret] == [
        f"CHATSSO_SECRET-{KEY}",
        f"CHATSSO_SECRET_BEFORE-{KEY}",
    ]

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import make_url

from chatsso_middleware.converters import Unusable
from chatsso_middleware.secret import Secret
from chatsso_middleware.site_converters import (
    cookie_domain,
    cookie_name,
    default_outbox,
    email_template,
    mount,
    outbox,
    outbox_on_disk,
    page_address,
    reader,
    signing_keys,
    store,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CANARY = "canary-7b1f-do-not-show"
KEY = "p3yRk0vZ-1q8sXw_b7TnC4dLm6fHj9aE"
OTHER_KEY = "0123456789abcdef0123456789abcdef"
EVERY_CONVERTER = [
    signing_keys,
    reader,
    email_template,
    mount,
    page_address,
    cookie_name,
    cookie_domain,
    store,
    outbox,
]


def value_or_error(convert: Callable[[Any], Any], value: object) -> object:
    try:
        return convert(value)
    except Unusable as error:
        return error


def refusal(convert: Callable[[Any], Any], value: object) -> Unusable:
    with pytest.raises(Unusable) as caught:
        convert(value)
    return caught.value


@pytest.mark.parametrize("convert", EVERY_CONVERTER)
@settings(deadline=None)  # a busy machine is no failure
@given(
    value=st.one_of(
        st.text(),
        st.text("/{next}userid@.:\\ \n"),
        st.none(),
        st.integers(),
        st.lists(st.text()),
        st.from_regex(r"(sqlite|postgresql|redis|valkey|https)(\+[a-z]+)?://[ -~]{0,20}"),
    )
)
def test_any_value_is_converted_or_found_unusable(convert: Callable[[Any], Any], value: object) -> None:
    outcome = value_or_error(convert, value)
    assert not isinstance(outcome, Unusable) or (outcome.reason and outcome.mend)


def test_signing_keys_stand_one_a_line_and_keep_their_order() -> None:
    assert signing_keys(f"\n  {KEY}\n  {OTHER_KEY}") == (Secret(KEY), Secret(OTHER_KEY))


def test_a_signing_key_of_32_characters_is_long_enough_and_one_of_31_is_not() -> None:
    assert len(KEY) == 32
    assert signing_keys(KEY) == (Secret(KEY),)
    error = refusal(signing_keys, KEY[:-1])
    assert error.reason == "The key is shorter than 32 characters."
    assert 'python -c "import secrets; print(secrets.token_urlsafe(32))"' in error.mend
    assert KEY[:-1] not in str(error)


def test_of_several_keys_the_short_one_is_told_by_its_number() -> None:
    assert refusal(signing_keys, f"{KEY}\n{CANARY}").reason == "Key 2 of 2 is shorter than 32 characters."


@pytest.mark.parametrize("value", ["x" * 40, "changeme" * 5, "12" * 30])
def test_a_signing_key_of_few_characters_over_and_over_is_refused(value: str) -> None:
    assert "easy to guess" in refusal(signing_keys, value).reason


def test_a_reader_is_a_name_or_a_callable() -> None:
    assert reader("remote_user") == "remote_user"
    assert reader("os.path:basename") is os.path.basename
    assert reader(len) is len


@pytest.mark.parametrize(
    "template", ["{userid}@example.com", "user-{userid}@example.com", "{userid}", "{userid}@{userid}.test"]
)
def test_an_email_template(template: str) -> None:
    assert email_template(template) == template


@pytest.mark.parametrize(
    "template",
    [
        "ann@example.com",
        "{user}@example.com",
        "{userid}@{host}",
        "{userid}@example.com}",
        "{userid}{userid}",
        "{userid} @x.test",
    ],
)
def test_what_makes_no_address_of_an_id_is_refused(template: str) -> None:
    refusal(email_template, template)


@pytest.mark.parametrize("path", ["/chatsso", "/a/b", "/a-b_c.d~e", "/.chat"])
def test_a_mount(path: str) -> None:
    assert mount(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "chatsso",
        "/chatsso/",
        "//a",
        "/a//b",
        "/a/../b",
        "/.",
        "/a b",
        "/ä",
        "/a?b",
        "/a#",
        "/a%20",
        "/a;b",
        "/{a}",
    ],
)
def test_what_endpoints_cannot_live_below_is_refused(path: str) -> None:
    assert "as in /chatsso" in refusal(mount, path).mend


@pytest.mark.parametrize(
    "address",
    [
        "/login",
        "/login?came_from={next}",
        "/go/{next}",
        "/#/login?next={next}",
        "/a%20b?c[]=d",
        "https://www.example.com/login?next={next}",
        "https://www.example.com?next={next}",
        "http://intranet:8080/login",
    ],
)
def test_a_page_is_kept_as_it_is_written(address: str) -> None:
    assert page_address(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "login",
        "//evil/login",
        "/\\evil",
        "/a b",
        "/ä",
        '/"',
        "javascript:alert(1)",
        "ftp://x/",
        "https:login",
        "https://a:b@x/",
        "{next}",
    ],
)
def test_what_is_no_page_of_a_site_is_refused(address: str) -> None:
    refusal(page_address, address)


@pytest.mark.parametrize(
    "address", ["/login?next={came_from}", "/login?next={Next}", "/login?next={}", "/a}", "/{{next}}"]
)
def test_a_misspelt_placeholder_is_refused(address: str) -> None:
    assert refusal(page_address, address).reason == "{next} is the only placeholder that is known."


@pytest.mark.parametrize(
    "address", ["https://{next}/", "https://www.example.com{next}", "https://{next}.example.com/"]
)
def test_the_place_to_go_back_to_never_chooses_the_host(address: str) -> None:
    assert refusal(page_address, address).reason == "{next} stands in the host."


@pytest.mark.parametrize("name", ["chatsso", "__Host-chat", "a.b", "!#$%&'*+-.^_`|~"])
def test_a_cookie_name(name: str) -> None:
    assert cookie_name(name) == name


@pytest.mark.parametrize("name", ["a b", "a=b", "a;b", "a,b", "a/b", '"a"', "ä", "a@b", "(a)", "[a]", "{a}"])
def test_what_is_no_token_is_no_cookie_name(name: str) -> None:
    refusal(cookie_name, name)


@pytest.mark.parametrize(
    ("value", "expected"), [("example.com", "example.com"), (".Example.COM", "example.com")]
)
def test_a_cookie_domain_is_a_host_name_without_a_dot_in_front(value: str, expected: str) -> None:
    assert cookie_domain(value) == expected


@pytest.mark.parametrize(
    "value", ["https://example.com", "example.com/", "example.com:80", "127.0.0.1", "..a", "*.a", "ä.test"]
)
def test_what_is_no_host_name_is_no_cookie_domain(value: str) -> None:
    refusal(cookie_domain, value)


@pytest.mark.parametrize(
    "address",
    [
        "memory:",
        "valkey://localhost",
        "valkey://localhost:6379/0",
        "redis://:p%40ss@cache.example.com:6379/1?socket_timeout=2",
        "rediss://ann:pw@[::1]:6380",
    ],
)
def test_a_store(address: str) -> None:
    assert store(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "memory",
        "memory:x",
        "memcached://localhost",
        "redis:/localhost",
        "redis//localhost",
        "redis://",
        "redis://:6379",
        "redis://a:port",
        "redis://a/db",
        "redis://a b",
        f"redis://:{CANARY}@",
        f"http://:{CANARY}@host",
    ],
)
def test_what_is_no_store_is_refused_without_its_password(address: str) -> None:
    error = refusal(store, address)
    assert "memory:" in error.mend
    assert CANARY not in str(error)


@pytest.fixture
def without_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    for name in ("valkey", "psycopg"):
        monkeypatch.delitem(sys.modules, name, raising=False)


@pytest.mark.usefixtures("without_clients")
@pytest.mark.parametrize(
    ("convert", "value", "extra"),
    [
        (store, "redis://localhost", "valkey"),
        (store, "valkey://localhost", "valkey"),
        (outbox, "postgresql://ann:pw@host/db", "postgresql"),
    ],
)
def test_a_missing_client_library_is_told_with_the_extra_that_brings_it(
    convert: Callable[[Any], Any], value: str, extra: str
) -> None:
    assert refusal(convert, value).mend == f"Install it: pip install 'chatsso-middleware[{extra}]'"


@pytest.mark.parametrize(
    "address", ["sqlite:///outbox.sqlite3", "sqlite:////var/x.db", "sqlite+pysqlite:///x.db?timeout=5"]
)
def test_an_outbox_in_a_file(address: str) -> None:
    assert outbox(address) == address


@pytest.fixture
def postgresql_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "psycopg.py").touch()
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.usefixtures("postgresql_client")
@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg", "postgres"])
def test_an_outbox_in_postgresql_keeps_its_password_and_gets_the_driver_of_the_extra(scheme: str) -> None:
    assert (
        outbox(f"{scheme}://ann:p%40ss@db.test:5432/site")
        == "postgresql+psycopg://ann:p%40ss@db.test:5432/site"
    )


@pytest.mark.parametrize(
    "address",
    [
        "outbox.sqlite3",
        "sqlite:",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///file:x?mode=memory&uri=true",
        "sqlite://var/outbox.sqlite3",
        f"sqlite://ann:{CANARY}@/x",
        f"mysql://ann:{CANARY}@host/db",
        f"postgresql+asyncpg://ann:{CANARY}@host/db",
        f"postgresql://ann:pw@host:{CANARY}/db",
        f"nonsense {CANARY}",
    ],
)
def test_what_is_no_durable_outbox_is_refused_without_its_password(address: str) -> None:
    error = refusal(outbox, address)
    assert "such as sqlite:////" in error.mend
    assert CANARY not in str(error)


def test_the_default_outbox_is_a_file_in_the_folder_whatever_its_name_holds(tmp_path: Path) -> None:
    folder = tmp_path / "a ?b#c%20"
    folder.mkdir()
    address = outbox_on_disk(outbox(default_outbox(folder)), folder)
    assert make_url(address).database == str(folder / "chatsso-outbox.sqlite3")


def test_a_relative_outbox_starts_from_the_folder_and_keeps_its_options(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    assert (
        outbox_on_disk("sqlite:///var/o.db?timeout=5", tmp_path) == f"sqlite:///{tmp_path}/var/o.db?timeout=5"
    )


def test_an_outbox_elsewhere_is_not_looked_for_on_disk(tmp_path: Path) -> None:
    address = "postgresql+psycopg://ann:pw@db.test/site"
    assert outbox_on_disk(address, tmp_path) == address


def test_the_folder_of_an_outbox_must_exist(tmp_path: Path) -> None:
    with pytest.raises(Unusable) as caught:
        outbox_on_disk("sqlite:///missing/o.db", tmp_path)
    assert caught.value.reason == f"The folder {tmp_path / 'missing'} does not exist."


@pytest.fixture
def somebody_else() -> Iterator[None]:
    """Run as a user who owns nothing here: the superuser may write everywhere."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users can see; pytest's own are closed to them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def test_an_existing_outbox_that_can_be_written_is_fine(tmp_path: Path) -> None:
    (tmp_path / "o.db").touch()
    assert outbox_on_disk("sqlite:///o.db", tmp_path) == f"sqlite:///{tmp_path}/o.db"


def test_the_folder_of_an_outbox_must_be_writable(open_folder: Path, request: pytest.FixtureRequest) -> None:
    open_folder.chmod(0o555)
    request.getfixturevalue("somebody_else")
    with pytest.raises(Unusable, match="cannot be written"):
        outbox_on_disk("sqlite:///o.db", open_folder)


def test_an_existing_outbox_must_be_writable(open_folder: Path, request: pytest.FixtureRequest) -> None:
    (open_folder / "o.db").touch(mode=0o444)
    (open_folder / "o.db").chmod(0o444)
    open_folder.chmod(0o777)
    request.getfixturevalue("somebody_else")
    with pytest.raises(Unusable, match="cannot be written"):
        outbox_on_disk("sqlite:///o.db", open_folder)

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from chatsso_middleware.converters import Unusable
from chatsso_middleware.sources import LARGEST_FILE, Source

CANARY = "canary-7b1f-do-not-show"
INI = """\
# secret = in a comment
[DEFAULT]
secret = in the default section

[filter:chatsso]
use = egg:chatsso-middleware
secret = one
    mount = in a continuation line
mount: /chatsso
twice = 1
twice = 2

[filter:other]
secret = two
elsewhere = 3
"""


@pytest.fixture
def ini(tmp_path: Path) -> Path:
    path = tmp_path / "site.ini"
    path.write_text(INI, encoding="utf-8")
    return path


@pytest.fixture
def source(ini: Path) -> Source:
    return Source("site.ini [filter:chatsso]", ini_path=str(ini), section="filter:chatsso")


def follow(source: Source, written: str, *, secret: bool = False) -> tuple[str, str | None]:
    return source.follow(written, secret=secret)


def refusal(source: Source, written: str) -> Unusable:
    with pytest.raises(Unusable) as caught:
        source.follow(written, secret=True)
    return caught.value


def test_without_an_ini_the_place_is_the_description() -> None:
    assert (
        Source("the settings given to ChatSSOMiddleware").place("secret")
        == "the settings given to ChatSSOMiddleware"
    )


@pytest.mark.parametrize(("key", "line"), [("use", 6), ("secret", 7), ("mount", 9)])
def test_the_place_is_the_keys_line_in_its_own_section(source: Source, key: str, line: int) -> None:
    assert source.place(key) == f"site.ini, line {line}"


@pytest.mark.parametrize("key", ["twice", "elsewhere", "missing", "sec", "m.unt", ""])
def test_the_place_is_the_description_where_no_line_or_several_can_be_meant(source: Source, key: str) -> None:
    assert source.place(key) == "site.ini [filter:chatsso]"


def test_without_a_section_the_line_must_be_the_only_one_of_the_whole_ini(ini: Path) -> None:
    source = Source("site.ini", ini_path=str(ini))
    assert source.place("elsewhere") == "site.ini, line 15"
    assert source.place("secret") == "site.ini"


def test_an_ini_that_is_gone_has_no_lines(source: Source, ini: Path) -> None:
    ini.unlink()
    assert source.place("secret") == "site.ini [filter:chatsso]"


def test_an_ini_in_another_encoding_has_no_lines(source: Source, ini: Path) -> None:
    ini.write_bytes(INI.encode() + b"# \xff")
    assert source.place("secret") == "site.ini [filter:chatsso]"


def test_the_folder_is_the_inis_and_absolute(ini: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ini.parent)
    assert Source("site.ini", ini_path="site.ini").directory == ini.parent
    assert Source("settings").directory == ini.parent


@pytest.mark.parametrize("written", ["", "plain", "environment:X", "ENV:X", "a env:X", "https://x"])
def test_what_points_nowhere_stands_for_itself(source: Source, written: str) -> None:
    assert follow(source, written) == (written, None)


def test_an_environment_variable(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAT_KEY", "a value\n")
    assert follow(source, " env: CHAT_KEY ") == ("a value\n", "the environment variable CHAT_KEY")


@pytest.mark.parametrize(
    ("value", "reason"),
    [(None, "not set"), ("", "empty"), (" \n", "empty"), (f"{CANARY}\udcff", "not UTF-8")],
)
def test_a_variable_of_no_use_is_named_and_not_shown(
    source: Source, monkeypatch: pytest.MonkeyPatch, value: str | None, reason: str
) -> None:
    if value is None:
        monkeypatch.delenv("CHAT_KEY", raising=False)
    else:
        monkeypatch.setenv("CHAT_KEY", value)
    error = refusal(source, "env:CHAT_KEY")
    assert error.place == "the environment variable CHAT_KEY"
    assert reason in error.reason
    assert CANARY not in str(error)


@pytest.mark.parametrize("name", ["", CANARY, "1X", "A=B", "A B", "A\x00", "É"])
def test_what_cannot_be_a_variables_name_is_not_shown_for_it_may_be_the_secret(
    source: Source, name: str
) -> None:
    error = refusal(source, f"env:{name}")
    assert error.place is None
    assert error.reason == "No name of a variable follows env:."
    assert CANARY not in str(error)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"value", "value"),
        (b"value\n", "value"),
        (b"value\r\n", "value"),
        (b"one\ntwo\n\n", "one\ntwo\n"),
        (b"\xef\xbb\xbfvalue", "value"),
        ("clé".encode(), "clé"),
    ],
)
def test_a_file_is_read_less_one_newline_at_its_end(
    source: Source, tmp_path: Path, content: bytes, expected: str
) -> None:
    (tmp_path / "keys").mkdir()
    path = tmp_path / "keys" / "chat key"
    path.write_bytes(content)
    assert follow(source, "file:keys/chat key") == (expected, f"the file {path}")
    assert follow(source, f"file: {path}") == (expected, f"the file {path}")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "The file does not exist."),
        (b"", "The file is empty."),
        (b" \n", "The file is empty."),
        (CANARY.encode() + b"\xff", "The file is not UTF-8."),
        (b"x" * (LARGEST_FILE + 1), "The file is larger than 64 KB."),
    ],
)
def test_a_file_of_no_use_is_named_and_not_shown(
    source: Source, tmp_path: Path, content: bytes | None, reason: str
) -> None:
    path = tmp_path / "chat.key"
    if content is not None:
        path.write_bytes(content)
    error = refusal(source, "file:chat.key")
    assert error.place == f"the file {path}"
    assert error.reason == reason
    assert CANARY not in str(error)


def test_a_file_of_the_largest_size_is_read(source: Source, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"x" * LARGEST_FILE)
    assert follow(source, "file:big")[0] == "x" * LARGEST_FILE


def test_a_folder_and_a_pipe_are_not_waited_for(source: Source, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", ".", ""):
        assert refusal(source, f"file:{name}").reason == "This is no regular file."


def test_a_path_through_a_file_cannot_be_read(source: Source) -> None:
    assert refusal(source, "file:site.ini/key").reason == "The file cannot be read: Not a directory."


def test_a_name_that_no_file_can_have_is_refused(source: Source) -> None:
    assert refusal(source, "file:a\x00b").reason == "No name of a file follows file:."


@pytest.mark.skipif(os.name != "posix", reason="only POSIX file modes tell who may read")
@pytest.mark.parametrize(
    ("mode", "secret", "warned"), [(0o644, True, True), (0o640, True, False), (0o644, False, False)]
)
def test_a_secret_that_everybody_can_read_is_logged_as_a_warning(
    source: Source, tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: int, *, secret: bool, warned: bool
) -> None:
    path = tmp_path / "chat.key"
    path.write_text(CANARY)
    path.chmod(mode)
    with caplog.at_level(logging.DEBUG):
        follow(source, "file:chat.key", secret=secret)
    assert [record.levelname for record in caplog.records] == (["WARNING"] if warned else [])
    assert (str(path) in caplog.text) is warned
    assert CANARY not in caplog.text

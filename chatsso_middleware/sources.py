"""Where settings come from: the line of an ini, an environment variable, a file."""

from __future__ import annotations

import logging
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .converters import Unusable

__all__ = ["Source"]

LARGEST_FILE: Final = 64 * 1024
"""Bytes; no setting is longer."""

_VARIABLE_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SECTION: Final = re.compile(r"\[(?P<name>[^]]+)\]")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Source:
    """Where raw settings came from."""

    description: str
    """For a reader: ``the settings given to ChatSSOMiddleware``, ``development.ini [filter:chatsso]``."""
    ini_path: str | None = None
    section: str | None = None
    """The ini's section, as it stands between the brackets: ``filter:chatsso``."""
    prefix: str = ""
    """What stands before each key: ``chatsso.`` in a Pyramid application's settings."""

    @property
    def directory(self) -> Path:
        """The folder that relative file names start from: the ini's, else the process's own."""
        return Path.cwd() if self.ini_path is None else Path(self.ini_path).absolute().parent

    def place(self, key: str) -> str:
        """Where `key`, with its prefix, stands: ``development.ini, line 12``; the description if unknown.

        A line is named only where it is the only one that can be meant.
        """
        if self.ini_path is None:
            return self.description
        try:
            content = Path(self.ini_path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return self.description
        numbers = []
        section = None
        for number, line in enumerate(content.split("\n"), start=1):
            if header := _SECTION.match(line):
                section = header["name"]
            elif self.section in (None, section) and re.match(rf"{re.escape(key)}\s*[=:]", line):
                numbers.append(number)
        return f"{Path(self.ini_path).name}, line {numbers[0]}" if len(numbers) == 1 else self.description

    def follow(self, written: str, *, secret: bool) -> tuple[str, str | None]:
        """The text that `written` stands for, and its place if that is elsewhere.

        ``env:NAME`` stands for an environment variable and ``file:PATH`` for the content of a file, less one
        newline at its end. Anything else stands for itself. Raises `Unusable`, with the place, where there is
        nothing to read. A `secret` in a file that every user of the machine can read is logged as a warning.
        """
        kind, _, name = written.strip().partition(":")
        if kind == "env":
            return _environment_variable(name.strip())
        if kind == "file":
            return _content(self.directory / name.strip(), secret=secret)
        return written, None


def _environment_variable(name: str) -> tuple[str, str]:
    if not _VARIABLE_NAME.fullmatch(name):  # not shown: it may be the secret itself
        mend = "Write env: and the variable's name, as in env:CHATSSO_SECRET."
        raise Unusable("No name of a variable follows env:.", mend)
    place = f"the environment variable {name}"
    value = os.environ.get(name)
    if value is None:
        raise Unusable("The variable is not set.", f"Set {name} where the site is started.", place=place)
    if not value.strip():
        raise Unusable("The variable is empty.", f"Set {name} where the site is started.", place=place)
    if not _is_unicode(value):
        raise Unusable("The variable is not UTF-8.", f"Set {name} to text in UTF-8.", place=place)
    return value, place


def _content(path: Path, *, secret: bool) -> tuple[str, str]:
    place = f"the file {path}"
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise Unusable("This is no regular file.", "Name a file after file:.", place=place)
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise Unusable("The file does not exist.", "Make it, or mend its name.", place=place) from None
    except OSError as error:
        mend = "Let the site's own user read it."
        raise Unusable(f"The file cannot be read: {error.strerror}.", mend, place=place) from None
    except ValueError:  # a NUL in the name
        raise Unusable("No name of a file follows file:.", "Write file: and a path.") from None
    if len(content) > LARGEST_FILE:
        mend = "Name a file that holds the value alone."
        raise Unusable(f"The file is larger than {LARGEST_FILE // 1024} KB.", mend, place=place)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unusable("The file is not UTF-8.", "Save it as text in UTF-8.", place=place) from None
    if not text.strip():
        raise Unusable("The file is empty.", "Write the value into it.", place=place)
    if secret and os.name == "posix" and status.st_mode & stat.S_IROTH:
        _log.warning("every user of this machine can read the secret in %s; chmod 600 ends that", path)
    return text.removesuffix("\n").removesuffix("\r"), place


def _is_unicode(text: str) -> bool:
    return not any(0xD800 <= ord(character) <= 0xDFFF for character in text)

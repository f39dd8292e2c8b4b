"""Where an ini configures the middleware: PasteDeploy filters, and Pyramid applications that include it."""

from __future__ import annotations

import configparser
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
from paste.deploy.loadwsgi import ConfigLoader

from ..assembly import load_settings
from ..errors import ConfigurationError, Problem
from ..ini import FACTORIES, hidden_keys, is_filter
from ..settings import Settings, Source

__all__ = ["Configured", "find_sections", "one_section"]

PYRAMID_PREFIX: Final = "chatsso."


@dataclass(frozen=True, slots=True)
class Configured:
    """One section that configures the middleware."""

    section: str
    raw: dict[str, str]
    source: Source
    hidden: Sequence[Problem] = ()
    """Keys that PasteDeploy does not hand on."""

    def load(self) -> Settings:
        """Its settings; raises `ConfigurationError` with every problem at once."""
        try:
            settings = load_settings(self.raw, self.source)
        except ConfigurationError as error:
            raise ConfigurationError([*self.hidden, *error.problems]) from None
        if self.hidden:
            raise ConfigurationError(self.hidden)
        return settings


def find_sections(path: str) -> list[Configured]:
    """Every section of the ini at `path` that configures the middleware, in its order.

    Raises `click.ClickException` with one line where the file cannot be read.
    """
    try:
        parser = ConfigLoader(str(Path(path).absolute())).parser
        return list(_sections(parser, path))
    except (configparser.Error, OSError, UnicodeDecodeError, ValueError) as problem:
        raise click.ClickException(f"{path} cannot be read: {_what_is_wrong(problem)}") from None


def _what_is_wrong(problem: Exception) -> str:
    """In words of our own: configparser quotes the line, and a secret may stand in it."""
    if isinstance(problem, configparser.InterpolationError):
        return (
            f"the value of {problem.option} in [{problem.section}] has a % that PasteDeploy takes for the "
            "start of %(name)s. Write %% for a %, or name a key that is there."
        )
    if isinstance(problem, configparser.MissingSectionHeaderError):
        return f"line {problem.lineno} stands before the first [section]."
    if isinstance(problem, configparser.DuplicateOptionError):
        return f"line {problem.lineno}: {problem.option} stands twice in [{problem.section}]."
    if isinstance(problem, configparser.DuplicateSectionError):
        return f"line {problem.lineno}: [{problem.section}] stands twice."
    if isinstance(problem, configparser.ParsingError):
        numbers = ", ".join(str(number) for number, _ in problem.errors)
        return f"line {numbers} is no key = value. Further lines of one value begin with white space."
    if isinstance(problem, OSError):
        return f"{problem.strerror}."
    return "it is no text in UTF-8." if isinstance(problem, UnicodeDecodeError) else "it is no ini file."


def _outbox_of(settings: Settings) -> object:
    return settings.outbox


def one_section(
    path: str, name: str | None, what_counts: Callable[[Settings], object] = _outbox_of
) -> Configured:
    """The section called `name`, or the only one. Raises `click.ClickException` for none or several.

    Several do as one where `what_counts` of their settings, the outbox if nothing else is said, is the same:
    two variants of one site share theirs, and which of them delivers makes no difference.
    """
    sections = find_sections(path)
    if name is not None:
        sections = [configured for configured in sections if configured.section in (name, f"filter:{name}")]
    if not sections:
        raise click.ClickException(
            f"{path} has no section that configures chatsso-middleware: neither a [filter:...] with "
            "use = egg:chatsso-middleware, nor an application with chatsso.providers."
        )
    if len({what_counts(configured.load()) for configured in sections}) > 1:
        names = ", ".join(configured.section for configured in sections)
        raise click.ClickException(f"{path} has several such sections ({names}): choose one with --section.")
    return sections[0]


def _sections(parser: configparser.ConfigParser, path: str) -> Iterator[Configured]:
    shown = Path(path).name
    absolute = str(Path(path).absolute())
    defaults = parser.defaults()
    for section in parser.sections():
        items = {name: parser.get(section, name) for name in parser.options(section) if name not in defaults}
        if is_filter(items):
            raw = {name: value for name, value in items.items() if name not in ("use", *FACTORIES)}
            source = Source(f"{shown} [{section}]", absolute, section)
            hidden = [problem for problem in hidden_keys(absolute) if problem.key in parser[section]]
            yield Configured(section, raw, source, hidden)
        elif f"{PYRAMID_PREFIX}providers" in items:
            raw = {f"{PYRAMID_PREFIX}identity": "pyramid", **items}
            source = Source(f"{shown} [{section}]", absolute, section, prefix=PYRAMID_PREFIX)
            yield Configured(section, raw, source)

"""Templates: ours, and those of the owner's folder that take the place of one of the same name (Jinja2)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import (
    BaseLoader,
    Environment,
    FileSystemLoader,
    PackageLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
    pass_context,
)
from jinja2.runtime import Context
from markupsafe import Markup

from .languages import Language

__all__ = ["Templates"]

log = logging.getLogger(__name__)

Source = tuple[str, str | None, Callable[[], bool]]


class Templates:
    """Renders the pages. A template of the owner that fails is set aside until its file changes.

    The log says which one and why, and the visitor gets ours in its place.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """`folder`: the owner's templates. They are trusted as the site's code is."""
        shipped = PackageLoader(__package__.rpartition(".")[0], "signin/templates")
        self._own = None if folder is None else _OwnTemplates(folder, shipped)
        self._environment = Environment(
            loader=self._own or shipped,
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        self._environment.install_gettext_callables(  # type: ignore[attr-defined]  # of the extension
            _gettext, _ngettext, newstyle=True
        )
        self._environment.globals["script"] = _script

    def render(self, name: str, language: Language, facts: Mapping[str, Any]) -> str:
        """The page that the template `name` makes of `facts`, in `language`."""
        while True:
            try:
                template = self._environment.get_template(name)
                return template.render(facts, language=language)
            except Exception as error:  # a template of the owner's may fail in any way
                if self._own is None or not self._own.set_aside(error):
                    raise


class _OwnTemplates(BaseLoader):
    """The owner's templates, and `shipped` where he has none, or one that is set aside."""

    def __init__(self, folder: Path, shipped: BaseLoader) -> None:
        self._folder = folder.resolve()
        self._files = FileSystemLoader(self._folder)
        self._shipped = shipped
        self._broken: dict[Path, float | None] = {}
        """When the file was written that failed, in seconds since the epoch."""

    def get_source(self, environment: Environment, template: str) -> Source:
        """The template of this name, and whether it is still the one to use. Raises `TemplateNotFound`."""
        file = self._folder / template
        if self._is_usable(file):
            try:
                source, path, is_unchanged = self._files.get_source(environment, template)
                return source, path, lambda: is_unchanged() and self._is_usable(file)
            except UnicodeDecodeError as error:
                self._break(file, f"it is not text in UTF-8, from byte {error.start} on")
        source, name, _ = self._shipped.get_source(environment, template)
        return source, name, lambda: not self._is_usable(file)

    def set_aside(self, error: Exception) -> bool:
        """Leave out the file in which `error` arose from now on. `False` if none of ours is to blame."""
        place = self._place(error)
        if place is None:
            return False
        file, line = place
        # Other errors' texts are not Jinja's own: what a visitor typed may stand in them.
        text = f": {error}" if isinstance(error, TemplateError) else ""
        self._break(file, f"line {line}: {type(error).__name__}{text}")
        return True

    def _place(self, error: Exception) -> tuple[Path, int] | None:
        """The innermost line of the owner's templates that `error` passed."""
        if isinstance(error, TemplateSyntaxError) and self._has(error.filename):
            return Path(str(error.filename)), error.lineno
        found = None
        trace = error.__traceback__
        while trace is not None:
            if self._has(trace.tb_frame.f_code.co_filename):  # Jinja puts the template's own lines there
                found = Path(trace.tb_frame.f_code.co_filename), trace.tb_lineno
            trace = trace.tb_next
        return found

    def _has(self, filename: str | None) -> bool:
        return filename is not None and self._folder in Path(filename).parents

    def _break(self, file: Path, reason: str) -> None:
        self._broken[file] = _written(file)
        log.error("The template %s cannot be used, ours stands in: %s", file, reason)

    def _is_usable(self, file: Path) -> bool:
        written = _written(file)
        return written is not None and self._broken.get(file) != written


def _written(file: Path) -> float | None:
    try:
        return file.stat().st_mtime
    except OSError:  # not there
        return None


@pass_context
def _gettext(context: Context, message: str) -> str:
    return _language(context).text(message)


@pass_context
def _ngettext(context: Context, one: str, many: str, number: int) -> str:
    return _language(context).translations.ngettext(one, many, number)


def _language(context: Context) -> Language:
    language: Any = context.resolve("language")
    assert isinstance(language, Language)  # noqa: S101 - `render` puts it there
    return language


@cache
def _script(name: str) -> Markup:
    """The text of one of our scripts, for a ``script`` element."""
    text = (resources.files(__package__) / "static" / name).read_text(encoding="utf-8")
    return Markup(text)  # noqa: S704 - a file of this package

"""What PasteDeploy makes of an ini's sections, as far as it may surprise an owner."""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from .errors import Problem
from .sources import Source

__all__ = ["FACTORIES", "hidden_keys", "is_filter"]

FACTORIES: Final = ("paste.filter_app_factory", "paste.filter_factory")


def is_filter(items: Mapping[str, str]) -> bool:
    """Whether a section with these items is a filter of ours."""
    if items.get("use", "").partition("#")[0].strip() == "egg:chatsso-middleware":
        return True
    return any(items.get(factory, "").startswith("chatsso_middleware.paste:") for factory in FACTORIES)


def hidden_keys(path: str) -> list[Problem]:
    """The keys of our filters that PasteDeploy keeps back without a word.

    It hands no key to a section that stands in ``[DEFAULT]`` as well, not even one that the section itself
    has: ``site_url = %(site_url)s`` would be lost. A file that cannot be read has none.
    """
    # Another name for the section of defaults shows what each section has by itself.
    parser = configparser.RawConfigParser(default_section="\0", strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign] # as PasteDeploy has it
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        return []
    if not parser.has_section("DEFAULT"):
        return []
    defaults = parser["DEFAULT"]
    problems = []
    for name in parser.sections():
        section = parser[name]
        if not is_filter(section):
            continue
        source = Source(f"{Path(path).name} [{name}]", path, name)
        problems += [
            Problem(
                key,
                source.place(key),
                "A key of this name stands in [DEFAULT] too, so PasteDeploy does not hand this one on.",
                "Give the one in [DEFAULT] another name.",
            )
            for key in section
            if key in defaults and key != "use"
        ]
    return problems

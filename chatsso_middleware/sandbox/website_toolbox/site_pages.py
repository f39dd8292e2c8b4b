"""The vendor's "URL Settings": the pages of the owner's website to which the chat sends people."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PATH_PLACE", "SitePages", "check_page_address", "problems_of"]

PATH_PLACE: Final = "{path}"
"""Stands for the page of the chat that the person came from. The vendor names nothing like it."""

_HOST: Final = re.compile(r"[A-Za-z0-9._~:\[\]-]+")
_BLANK: Final = re.compile(r"[\x00-\x20\x7f\\]")


def check_page_address(text: str) -> str:
    """Give `text` back if it is the address of a page on the web, else raise `ValueError` with the reason."""
    if _BLANK.search(text):
        raise ValueError("white space, a control character or a backslash stands in the address")
    try:
        parts = urlsplit(text)
    except ValueError:
        raise ValueError("this is no web address") from None
    if parts.scheme not in {"http", "https"}:
        raise ValueError("the address must begin with http:// or https://")
    if not _HOST.fullmatch(parts.netloc):
        raise ValueError("the address needs a host name after the two slashes, and no user name or password")
    return text


@dataclass(frozen=True, slots=True)
class SitePages:
    """The three addresses; an empty one is not set. Raises `ValueError` for one that cannot be used."""

    log_in: str = ""
    log_out: str = ""
    registration: str = ""

    def __post_init__(self) -> None:
        for each in fields(self):
            address = getattr(self, each.name)
            if address:
                check_page_address(address)

    @classmethod
    def of_site(cls, site_url: str) -> SitePages:
        """What the owner of a site with chatsso-middleware at its default mount enters."""
        site = check_page_address(site_url).rstrip("/")
        return cls(
            log_in=f"{site}/chatsso/login?to={PATH_PLACE}",
            log_out=f"{site}/chatsso/logout",
            registration=f"{site}/chatsso/register",
        )

    @property
    def log_out_origin(self) -> str | None:
        """Scheme and host of the Log Out page."""
        if not self.log_out:
            return None
        parts = urlsplit(self.log_out)
        return f"{parts.scheme}://{parts.netloc}"

    def log_in_from(self, path: str) -> str:
        """The Log In page for somebody who reads `path` of the chat now; empty where it is not set."""
        return _fill(self.log_in, path)

    def registration_from(self, path: str) -> str:
        """The Registration page for somebody who reads `path` of the chat now; empty where it is not set."""
        return _fill(self.registration, path)


def problems_of(entered: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with addresses that a person entered, by their names; an empty one is fine."""
    problems = {}
    for name, address in entered.items():
        try:
            if address:
                check_page_address(address)
        except ValueError as problem:
            problems[name] = str(problem)
    return problems


def _fill(address: str, path: str) -> str:
    return address.replace(PATH_PLACE, quote(path, safe=""))

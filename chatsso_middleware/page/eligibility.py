"""Which answers are pages for a person, so that tags and links in them may be edited."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["Page", "asks_for_page", "page_of", "prepare_request"]

HTML: Final = frozenset({"text/html", "application/xhtml+xml"})
WITHOUT_DOCUMENT: Final = frozenset({"204", "205", "206", "304"})
"""Status codes whose answers have no body, or a part of one."""
NO_ASCII_SUPERSET: Final = (
    "utf-16",
    "utf16",
    "ucs-2",
    "iso-10646-ucs",
    "utf-32",
    "utf32",
    "ucs-4",
    "utf-7",
    "utf7",
    "iso-2022",
    "iso2022",
    "csiso2022",
    "hz",
)
"""The starts of charsets in which an ASCII byte may mean something else."""
UTF_16_NAMES: Final = frozenset({"unicode", "unicodefeff", "unicodefffe", "csunicode"})
"""More names that browsers have for UTF-16 (Encoding Standard, section 4.2)."""
PAGE_DESTINATIONS: Final = frozenset({"document", "iframe", "frame", "embed", "object", "fencedframe"})
"""Values of Sec-Fetch-Dest for what a browser shows as a page (Fetch Metadata, section 2.1)."""
PURPOSES: Final = ("HTTP_SEC_PURPOSE", "HTTP_PURPOSE", "HTTP_X_MOZ")
"""Where a browser says that it asks in advance; the last two are older names."""


@dataclass(frozen=True, slots=True)
class Page:
    """An answer that a browser reads as HTML."""

    tags: bool
    """Whether a tag may go into it: a whole document that a person sees."""
    xml: bool
    """Whether it is read by the rules of XML."""


def page_of(
    environ: Mapping[str, Any], method: str, status: str, headers: Iterable[tuple[str, str]]
) -> Page | None:
    """The page that an answer with `status` and `headers` is, or `None` if nothing in it may be edited.

    `method` is the request's as it came: the host may have changed the environ's own.
    """
    media_type = ""
    for name, value in headers:
        field = name.lower()
        if field == "content-type":
            media_type, _, parameters = value.partition(";")
            media_type = media_type.strip().lower()
            if media_type not in HTML or not _is_ascii_superset(_charset(parameters)):
                return None
        elif _forbids_edits(field, value.strip().lower()):
            return None
    code = status[:3]
    if not media_type or code in WITHOUT_DOCUMENT or code.startswith("1"):
        return None
    tags = code == "200" and method == "GET" and _is_for_a_person(environ)
    return Page(tags=tags, xml=media_type != "text/html")


def asks_for_page(environ: Mapping[str, Any]) -> bool:
    """Whether the browser asks for a page, as far as its request says."""
    destination = environ.get("HTTP_SEC_FETCH_DEST", "empty").strip().lower()
    if destination != "empty":
        return destination in PAGE_DESTINATIONS
    return "text/html" in environ.get("HTTP_ACCEPT", "").lower()


def prepare_request(environ: MutableMapping[str, Any], *, keep_validators: bool) -> None:
    """Take away what would make the host answer without a body, or with one that cannot be read.

    `keep_validators` where the edit is the same for everybody, so that what a browser has is still good. They
    stay with other methods than GET and HEAD too, where they guard against lost updates (RFC 9110, 13.1).
    `Range` stays: an answer to it is never edited, and a download goes on where it stopped.
    """
    if not keep_validators and environ["REQUEST_METHOD"] in ("GET", "HEAD"):
        environ.pop("HTTP_IF_NONE_MATCH", None)
        environ.pop("HTTP_IF_MODIFIED_SINCE", None)
    environ["HTTP_ACCEPT_ENCODING"] = "identity"


def _forbids_edits(field: str, value: str) -> bool:
    """Whether a header says that the body is no whole page, or must go out as it is."""
    match field:
        case "content-range":
            return True
        case "content-encoding":
            return value not in ("", "identity")
        case "content-disposition":
            return value.startswith("attachment")
        case "cache-control":
            return "no-transform" in value
    return False


def _is_for_a_person(environ: Mapping[str, Any]) -> bool:
    """Whether somebody is about to see the whole of it.

    No: a script puts what it asks for into a page that stands already, and what is fetched in advance may
    never be looked at.
    """
    if environ.get("HTTP_X_REQUESTED_WITH", "").lower() == "xmlhttprequest" or "HTTP_HX_REQUEST" in environ:
        return False
    purposes = " ".join(environ.get(name, "") for name in PURPOSES).lower()
    if "prefetch" in purposes or "prerender" in purposes:
        return False
    return environ.get("HTTP_SEC_FETCH_DEST", "document").strip().lower() in PAGE_DESTINATIONS


def _is_ascii_superset(charset: str) -> bool:
    return charset not in UTF_16_NAMES and not charset.startswith(NO_ASCII_SUPERSET)


def _charset(parameters: str) -> str:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip("\"'").strip().lower()
    return ""

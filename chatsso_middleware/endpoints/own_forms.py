"""What our own pages send, as a form or as JSON: reading it, and telling it from a stranger's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from .forgery import FIELD, Mark

__all__ = [
    "LARGEST_FORM",
    "Unreadable",
    "brings_mark",
    "comes_from_us",
    "form_fields",
    "form_or_json_fields",
    "fresh_mark",
    "mark_of",
]

LARGEST_FORM: Final = 64 * 1024
"""Bytes."""
MOST_FIELDS: Final = 100


class Unreadable(Exception):
    """The body is no form that a page of ours sends."""


def form_fields(request: Any) -> Mapping[str, str]:
    """The first value of each field of a form. Raises `Unreadable`."""
    if request.content_type != "application/x-www-form-urlencoded":  # a file has no place in our forms
        raise Unreadable
    try:
        # A browser sends the form of a UTF-8 page in UTF-8, whatever charset a stranger names in the header.
        text = _body(request).decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:  # of which UnicodeDecodeError is one
        raise Unreadable from None
    return dict(reversed(pairs))


def form_or_json_fields(request: Any) -> Mapping[str, Any]:
    """As `form_fields`, or the members of a JSON object, whichever the Content-Type names."""
    if request.content_type != "application/json":
        return form_fields(request)
    try:
        fields = json.loads(_body(request))
    except (ValueError, RecursionError):
        raise Unreadable from None
    if not isinstance(fields, dict):
        raise Unreadable
    return fields


def _body(request: Any) -> bytes:
    if request.content_length is None or request.content_length > LARGEST_FORM:
        raise Unreadable
    request.request_body_tempfile_limit = LARGEST_FORM  # WebOb makes a file of less, and leaves it open
    try:
        body: bytes = request.body
    except OSError:  # it broke off
        raise Unreadable from None
    return body


def comes_from_us(request: Any) -> bool:
    """Whether the browser does not say that another site sent the form (Fetch Metadata)."""
    return bool(request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin")


def brings_mark(request: Any, fields: Mapping[str, Any]) -> bool:
    """Whether the form comes from a page that this browser got from us not long ago."""
    accepted: bool = request.endpoints.forgery.accepts(
        request.environ.get("HTTP_COOKIE", ""), fields.get(FIELD)
    )
    return accepted and comes_from_us(request)


def mark_of(request: Any) -> Mark:
    """The mark of this browser, or a new one."""
    return _mark(request, request.environ.get("HTTP_COOKIE", ""))


def fresh_mark(request: Any) -> Mark:
    """A new mark, whatever the browser has."""
    return _mark(request, "")


def _mark(request: Any, cookies: str) -> Mark:
    handle = request.chatsso
    mark: Mark = request.endpoints.forgery.mark(cookies, path=handle.cookie_path, secure=handle.secure)
    return mark

"""Queries and forms that a browser sends to a sandbox's pages."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, quote

from ..errors import ChatSSOError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webob import Request

__all__ = ["TooManyFields", "address_of", "form_is_ours", "form_of", "query_of"]

MOST_FIELDS: Final = 100


class TooManyFields(ChatSSOError):
    """The query or the form has more fields than anybody needs."""


def query_of(request: Request) -> dict[str, str]:
    """The parameters of the query; of a repeated one the last. Raises `TooManyFields`."""
    return _fields_of(request.query_string)


def form_of(request: Request) -> dict[str, str]:
    """The parameters of a form-encoded body, and none of any other. Raises `TooManyFields`."""
    if request.content_type != "application/x-www-form-urlencoded":
        return {}
    body: bytes = request.body
    return _fields_of(body.decode("utf-8", "replace"))


def address_of(request: Request, path: str) -> str:
    """The address of `path` in the chat, from the root of its host."""
    return quote(request.script_name + path, safe="/~@:!$&'()*+,;=")


def form_is_ours(form: Mapping[str, str], form_token: str) -> bool:
    """Whether a form was filled in on a page that we gave to this browser."""
    return hmac.compare_digest(form.get("form_token", "").encode(), form_token.encode())


def _fields_of(encoded: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(encoded, keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise TooManyFields(f"There are more than {MOST_FIELDS} parameters.") from None

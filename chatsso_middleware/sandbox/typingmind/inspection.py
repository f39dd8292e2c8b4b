"""Pages for the developer of a site: what the instance was asked, and whom it knows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from webob import Request, Response

from ..forms import address_of
from ..markup import COMMON_HEADERS, html_response, stylesheet
from . import pages
from .exchange import Reply

if TYPE_CHECKING:
    from .instance import Instance

__all__ = ["calls", "calls_json", "style", "users"]


def calls(instance: Instance, request: Request) -> Reply:
    """Every call that the instance received, the newest first."""
    newest_first = tuple(instance.calls)[::-1]
    return Reply(html_response(pages.calls_page(base=address_of(request, ""), calls=newest_first)))


def calls_json(instance: Instance, _request: Request) -> Reply:
    """The same for programs."""
    newest_first = [call.as_json() for call in tuple(instance.calls)[::-1]]
    headers = [*COMMON_HEADERS, ("Content-Type", "application/json")]
    return Reply(Response(body=json.dumps({"calls": newest_first}, indent=1).encode(), headerlist=headers))


def users(instance: Instance, request: Request) -> Reply:
    """Every user of the instance, and how many seats are left."""
    document = pages.users_page(base=address_of(request, ""), users=instance.users, seats=instance.seats)
    return Reply(html_response(document))


def style(_instance: Instance, _request: Request) -> Reply:
    """The stylesheet."""
    headers = [*COMMON_HEADERS, ("Content-Type", "text/css; charset=utf-8")]
    return Reply(Response(body=stylesheet(), headerlist=headers))

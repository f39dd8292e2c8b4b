"""Pages for the developer of a site: what the room was asked, whom it knows, and where it sends people."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import TYPE_CHECKING

from webob import Request, Response

from ..forms import address_of, form_is_ours, form_of
from ..markup import COMMON_HEADERS, html_response, stylesheet
from . import pages
from .exchange import Reply
from .site_pages import SitePages, problems_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .room import Room

__all__ = ["accounts", "calls", "calls_json", "save_settings", "settings", "style"]


def calls(room: Room, request: Request) -> Reply:
    """Every call that the room received, the newest first."""
    newest_first = tuple(room.calls)[::-1]
    return Reply(html_response(pages.calls_page(base=address_of(request, ""), calls=newest_first)))


def calls_json(room: Room, _request: Request) -> Reply:
    """The same for programs."""
    newest_first = [call.as_json() for call in tuple(room.calls)[::-1]]
    headers = [*COMMON_HEADERS, ("Content-Type", "application/json")]
    return Reply(Response(body=json.dumps({"calls": newest_first}, indent=1).encode(), headerlist=headers))


def accounts(room: Room, request: Request) -> Reply:
    """Every account of the room."""
    return Reply(html_response(pages.accounts_page(base=address_of(request, ""), accounts=room.accounts)))


def settings(room: Room, request: Request) -> Reply:
    """The form with the URL settings."""
    return _settings_page(room, request, asdict(room.site_pages))


def save_settings(room: Room, request: Request) -> Reply:
    """Take over the URL settings, or show the form again with what is wrong with them."""
    form = form_of(request)
    if not form_is_ours(form, room.settings_token):
        notice = "Nothing was saved: the form was not sent by this page. Enter the addresses here."
        return _settings_page(room, request, asdict(room.site_pages), notice=notice, status=403)
    entered = {each.name: form.get(each.name, "").strip() for each in fields(SitePages)}
    problems = problems_of(entered)
    if problems:
        notice = "Nothing was saved: an address cannot be used."
        return _settings_page(room, request, entered, problems=problems, notice=notice, status=400)
    room.site_pages = SitePages(**entered)
    return _settings_page(room, request, entered, notice="The addresses were saved.")


def _settings_page(
    room: Room,
    request: Request,
    values: Mapping[str, str],
    *,
    problems: Mapping[str, str] | None = None,
    notice: str = "",
    status: int = 200,
) -> Reply:
    document = pages.settings_page(
        base=address_of(request, ""),
        values=values,
        problems=problems or {},
        notice=notice,
        form_token=room.settings_token,
    )
    return Reply(html_response(document, status=status))


def style(_room: Room, _request: Request) -> Reply:
    """The stylesheet."""
    headers = [*COMMON_HEADERS, ("Content-Type", "text/css; charset=utf-8")]
    return Reply(Response(body=stylesheet(), headerlist=headers))

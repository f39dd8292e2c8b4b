"""Pages for the developer of a site: what the chat was asked, whom it knows, and how its login is set up."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import TYPE_CHECKING

from webob import Request, Response

from ..forms import address_of, form_is_ours, form_of
from ..markup import COMMON_HEADERS, html_response
from . import pages
from .behaviour import PAGE_CLIENTS
from .settings import ChatSettings, problems_of
from .settings_page import settings_page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .chat import Chat

__all__ = ["accounts", "calls", "calls_json", "save_settings", "settings"]


def calls(chat: Chat, request: Request) -> Response:
    """Every call that the chat received, the newest first."""
    newest_first = tuple(chat.calls)[::-1]
    return html_response(pages.calls_page(base=address_of(request, ""), calls=newest_first))


def calls_json(chat: Chat, _request: Request) -> Response:
    """The same for programs."""
    newest_first = [call.as_json() for call in tuple(chat.calls)[::-1]]
    headers = [*COMMON_HEADERS, ("Content-Type", "application/json")]
    return Response(body=json.dumps({"calls": newest_first}, indent=1).encode(), headerlist=headers)


def accounts(chat: Chat, request: Request) -> Response:
    """Every user of the chat."""
    known = [(user, len(chat.tokens_of(user))) for user in chat.users]
    return html_response(pages.accounts_page(base=address_of(request, ""), accounts=known))


def settings(chat: Chat, request: Request) -> Response:
    """The form with the settings of the login."""
    return _settings_page(chat, request, _current(chat))


def save_settings(chat: Chat, request: Request) -> Response:
    """Take over the settings, or show the form again with what is wrong with them."""
    form = form_of(request)
    if not form_is_ours(form, chat.settings_token):
        notice = "Nothing was saved: the form was not sent by this page. Enter the settings here."
        return _settings_page(chat, request, _current(chat), notice=notice, status=403)
    entered: dict[str, bool | str] = {
        each.name: each.name in form if isinstance(each.default, bool) else form.get(each.name, "").strip()
        for each in fields(ChatSettings)
    }
    client = form.get("page_client", "")
    problems = problems_of(entered)
    if client not in PAGE_CLIENTS:
        problems["page_client"] = f"it is one of {', '.join(PAGE_CLIENTS)}"
    if problems:
        notice = "Nothing was saved: a value cannot be used."
        shown = {**entered, "page_client": client}
        return _settings_page(chat, request, shown, problems=problems, notice=notice, status=400)
    chat.settings = ChatSettings(**entered)  # type: ignore[arg-type]  # the form holds both kinds of values
    chat.behaviour.page_client = client
    return _settings_page(chat, request, _current(chat), notice="The settings were saved.")


def _current(chat: Chat) -> dict[str, bool | str]:
    return {**asdict(chat.settings), "page_client": chat.behaviour.page_client}


def _settings_page(
    chat: Chat,
    request: Request,
    values: Mapping[str, bool | str],
    *,
    problems: Mapping[str, str] | None = None,
    notice: str = "",
    status: int = 200,
) -> Response:
    document = settings_page(
        base=address_of(request, ""),
        values=values,
        problems=problems or {},
        notice=notice,
        form_token=chat.settings_token,
    )
    return html_response(document, status=status)

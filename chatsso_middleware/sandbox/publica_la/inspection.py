"""Pages for the developer of a site: who came with which token, whom the store knows, and its settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from functools import cache
from importlib.resources import files

from webob import Request, Response

from ..forms import address_of, form_is_ours, form_of
from ..markup import COMMON_HEADERS, html_response, stylesheet
from . import pages
from .exchange import Reply
from .settings import StoreSettings, problems_of
from .store import Store

__all__ = ["calls", "calls_json", "own_style", "save_settings", "settings", "style", "users"]


def calls(store: Store, request: Request) -> Reply:
    """Every visit with a token, the newest first."""
    newest_first = tuple(store.calls)[::-1]
    return Reply(html_response(pages.calls_page(base=address_of(request, ""), calls=newest_first)))


def calls_json(store: Store, _request: Request) -> Reply:
    """The same for programs."""
    newest_first = [call.as_json() for call in tuple(store.calls)[::-1]]
    return _file(json.dumps({"calls": newest_first}, indent=1).encode(), "application/json")


def users(store: Store, request: Request) -> Reply:
    """Every user of the store."""
    return Reply(html_response(pages.users_page(base=address_of(request, ""), users=store.users)))


def settings(store: Store, request: Request) -> Reply:
    """The form with the settings of the auth token."""
    return _settings_page(store, request, asdict(store.settings))


def save_settings(store: Store, request: Request) -> Reply:
    """Take over the settings, or show the form again with what is wrong with them."""
    form = form_of(request)
    if not form_is_ours(form, store.settings_token):
        notice = "Nothing was saved: the form was not sent by this page. Enter the addresses here."
        return _settings_page(store, request, asdict(store.settings), notice=notice, status=403)
    entered = {each.name: form.get(each.name, "").strip() for each in fields(StoreSettings)}
    problems = problems_of(entered)
    if problems:
        notice = "Nothing was saved: an address cannot be used."
        return _settings_page(store, request, entered, problems=problems, notice=notice, status=400)
    store.settings = StoreSettings(**entered)
    return _settings_page(store, request, entered, notice="The addresses were saved.")


def style(_store: Store, _request: Request) -> Reply:
    """The stylesheet of all sandboxes."""
    return _file(stylesheet(), "text/css; charset=utf-8")


def own_style(_store: Store, _request: Request) -> Reply:
    """What this sandbox's pages have beyond it."""
    return _file(_own_stylesheet(), "text/css; charset=utf-8")


@cache
def _own_stylesheet() -> bytes:
    return (files(__package__) / "static" / "store.css").read_bytes()


def _settings_page(
    store: Store,
    request: Request,
    values: Mapping[str, str],
    *,
    problems: Mapping[str, str] | None = None,
    notice: str = "",
    status: int = 200,
) -> Reply:
    document = pages.settings_page(
        base=address_of(request, ""),
        issuer=store.issuer,
        values=values,
        problems=problems or {},
        notice=notice,
        form_token=store.settings_token,
    )
    return Reply(html_response(document, status=status))


def _file(content: bytes, content_type: str) -> Reply:
    return Reply(Response(body=content, headerlist=[*COMMON_HEADERS, ("Content-Type", content_type)]))

"""The widget: a script for the site's pages, and the page in the frame that it opens.

The frame goes by its code alone and keeps nothing in the browser, so it works where cookies are blocked.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from webob import Request, Response

from ..forms import address_of, form_of, query_of
from ..markup import COMMON_HEADERS, html_response
from . import pages
from .codes import Refused
from .exchange import Reply, error, redirect

if TYPE_CHECKING:
    from .instance import Instance

__all__ = ["post", "script", "show"]


def script(_instance: Instance, _request: Request) -> Reply:
    """``/widget.js``: places the bubble in the page, and hands on the code of its own tag."""
    headers = [
        *COMMON_HEADERS,
        ("Content-Type", "text/javascript; charset=utf-8"),
        ("Cross-Origin-Resource-Policy", "cross-origin"),
    ]
    return Reply(Response(body=_script(), headerlist=headers), "Gave the widget's script to a page.")


def show(instance: Instance, request: Request) -> Reply:
    """``/widget?code=``: the chat in the frame, for whoever the code names."""
    query = query_of(request)
    code = query.get("code", "")
    base = address_of(request, "")
    if not code:
        document = pages.widget_page(base=base, user=None, code="", messages=())
        return Reply(html_response(document, framed=True), "Showed the widget to a guest.")
    try:
        user = instance.user_of_code(code)
    except Refused as refusal:
        response = error(request, 403, "You cannot be logged in", f"Nobody was logged in: {refusal}.")
        outcome = f"Nobody was logged in in the widget: {refusal}."
        return Reply(response, outcome, success=False, parameters=query)
    document = pages.widget_page(base=base, user=user, code=code, messages=instance.messages(user))
    outcome = f"Logged in {user.shown_name} in the widget."
    return Reply(html_response(document, framed=True), outcome, parameters=query)


def post(instance: Instance, request: Request) -> Reply:
    """A message from the frame. Its code stands in the form: whoever has it, is the user."""
    form = form_of(request)
    code = form.get("code", "")
    try:
        instance.say(instance.user_of_code(code), form.get("message", ""))
    except Refused as refusal:
        return Reply(error(request, 403, "Your message was not posted", f"It was refused: {refusal}."))
    return Reply(redirect(f"{address_of(request, '/widget')}?{urlencode({'code': code})}"))


@cache
def _script() -> bytes:
    return (files(__package__) / "static" / "widget.js").read_bytes()

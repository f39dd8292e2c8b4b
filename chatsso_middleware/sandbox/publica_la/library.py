"""The store as a browser meets it: the library, the reader, and the store's own log out."""

from __future__ import annotations

from typing import Final

from webob import Request, Response

from ..forms import address_of, form_is_ours, form_of, query_of
from ..markup import html_response
from . import pages
from .books import BOOKS
from .exchange import Reply, end_session, error, redirect, session_of
from .store import Store

__all__ = ["READER", "log_out", "read", "shelf"]

READER: Final = "/reader/"
"""How the addresses of books begin."""


def shelf(store: Store, request: Request) -> Reply:
    """All books, and who is logged in."""
    session = session_of(store, request)
    document = pages.library_page(
        base=address_of(request, ""),
        books=tuple(BOOKS.values()),
        user=None if session is None else store.user_of(session),
        form_token="" if session is None else session.form_token,
        log_in=store.settings.redirect_url,
    )
    return Reply(_with_log_out(store, document))


def read(store: Store, request: Request) -> Reply:
    """A page of a book, for whoever is logged in."""
    base = address_of(request, "")
    book = BOOKS.get((request.path_info or "").removeprefix(READER))
    if book is None:
        return Reply(error(base, 404, "There is no such book", "It is not on the shelf."))
    session = session_of(store, request)
    if session is None:
        document = pages.closed_book_page(base=base, book=book, log_in=store.settings.redirect_url)
        return Reply(html_response(document, status=403))
    written = query_of(request).get("page", "1")
    number = int(written) if written.isascii() and written.isdigit() and len(written) < 4 else 0
    if not 0 < number <= len(book.pages):
        reason = f"“{book.title}” has the pages 1 to {len(book.pages)}."
        return Reply(error(base, 404, "There is no such page", reason))
    document = pages.reader_page(
        base=base,
        book=book,
        number=number,
        user=store.user_of(session),
        exit_url=session.reader_exit_url,
    )
    return Reply(html_response(document))


def log_out(store: Store, request: Request) -> Reply:
    """The store's own log out: the session ends, and the reader is sent to the ``logout_url``."""
    session = session_of(store, request)
    response = redirect(store.settings.logout_url or address_of(request, "/"))
    if session is None:
        return Reply(response)
    if not form_is_ours(form_of(request), session.form_token):
        reason = "The form was not sent by this page."
        return Reply(error(address_of(request, ""), 403, "You are still logged in", reason))
    user = store.user_of(session)
    store.log_out(session)
    end_session(request, response)
    return Reply(response, f"Logged out {user.name} in the store itself.")


def _with_log_out(store: Store, document: bytes) -> Response:
    # The form is redirected to the site, and browsers hold a redirect against form-action, too.
    origin = store.settings.logout_origin
    return html_response(document, form_targets=[origin] if origin else [])

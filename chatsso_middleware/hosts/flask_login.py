"""Flask-Login: its ``current_user``, by the signals that Flask and Flask-Login send."""

from __future__ import annotations

from typing import Any

import flask
import flask_login

from ..handle import Handle
from .noted import NotedReader, note, note_page

__all__ = ["NotedReader"]


@flask_login.user_logged_in.connect  # type: ignore[untyped-decorator]
def _logged_in(_sender: flask.Flask, user: Any, **_: Any) -> None:
    environ = flask.request.environ
    note(environ, user, user.get_id())
    handle = environ.get("chatsso")
    if isinstance(handle, Handle) and flask.session.get("_remember") == "set":
        handle.expect_login(remember=True)


@flask_login.user_logged_out.connect  # type: ignore[untyped-decorator]
def _logged_out(_sender: flask.Flask, **_: Any) -> None:
    note(flask.request.environ, None)


@flask.request_finished.connect
def _finished(sender: flask.Flask, response: flask.Response, **_: Any) -> None:
    if hasattr(sender, "login_manager"):
        note_page(flask.request.environ, response.content_type or "", _current_user)


def _current_user() -> tuple[object, object] | None:
    user = flask_login.current_user
    return (user, user.get_id()) if user.is_authenticated else None

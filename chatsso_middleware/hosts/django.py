"""Django: logins and logouts by its signals, and who is logged in on a page by a line in ``MIDDLEWARE``.

The line is ``chatsso_middleware.hosts.django.note_identity``, below Django's AuthenticationMiddleware.
Without it a session that ends by itself goes unnoticed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver

from .noted import NotedReader, note, note_page

__all__ = ["NotedReader", "note_identity"]

# `request.META` is the WSGI environ itself.


@receiver(user_logged_in)  # type: ignore[untyped-decorator]
def _logged_in(request: Any, user: Any, **_: Any) -> None:
    note(request.META, user, user.pk)


@receiver(user_logged_out)  # type: ignore[untyped-decorator]
def _logged_out(request: Any, **_: Any) -> None:
    note(request.META, None)


def note_identity(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The Django middleware that notes the user of a page."""

    def middleware(request: Any) -> Any:
        response = get_response(request)

        def find() -> tuple[object, object] | None:
            return (request.user, request.user.pk) if request.user.is_authenticated else None

        note_page(request.META, response.get("Content-Type", ""), find)
        return response

    return middleware

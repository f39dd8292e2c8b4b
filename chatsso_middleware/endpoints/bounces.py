"""Counts how often in a row a browser is sent to and fro between the chat and the site.

A chat that does not take the token sends its visitor to our login again, and we would send him back at once.
The count stands in a cookie of its own, which the browser forgets by itself.
"""

from __future__ import annotations

from typing import Any, Final

from ..state.cookies import cookie_values
from .answers import Answer, page

__all__ = ["LIFETIME", "MOST", "counted", "explained", "too_many"]

MOST: Final = 3
"""How often in a row somebody may be sent back before a page explains it."""
LIFETIME: Final = 30
"""Seconds after which a bounce is forgotten: a browser that goes in circles takes far less for one."""


def too_many(request: Any) -> bool:
    """Whether this browser goes in circles."""
    return _count(request) >= MOST


def counted(request: Any, answer: Answer) -> Answer:
    """`answer`, which sends the browser away, with one more bounce in its cookie."""
    return _remembering(request, answer, str(_count(request) + 1), LIFETIME)


def explained(request: Any, what: str, advice: str, links: list[tuple[str, str]]) -> Answer:
    """The page in place of one more bounce. The next visit starts to count anew."""
    answer = page(409, "The chat and this site do not agree", [what, advice], links)
    return _remembering(request, answer, "0", 0)


def _count(request: Any) -> int:
    values = cookie_values(request.environ.get("HTTP_COOKIE", ""), _cookie_name(request))
    return int(values[0]) if values and values[0] in map(str, range(MOST + 1)) else 0


def _remembering(request: Any, answer: Answer, count: str, max_age: int) -> Answer:
    handle = request.chatsso
    cookie = request.endpoints.cookie.attributes.set_cookie(
        _cookie_name(request), count, path=handle.cookie_path, secure=handle.secure, max_age=max_age
    )
    answer.headers.add("Set-Cookie", cookie)
    return answer


def _cookie_name(request: Any) -> str:
    return f"{request.endpoints.cookie.attributes.name}.bounces"

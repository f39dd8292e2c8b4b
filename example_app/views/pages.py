"""The pages that only show something."""

from __future__ import annotations

from datetime import date
from typing import Any

from pyramid.httpexceptions import HTTPNotFound
from pyramid.response import Response
from sqlalchemy import func, select

from ..almanac import JOBS, coming_events
from ..database import User

__all__ = ["avatar", "committee", "events", "front", "members", "room"]


def front(request: Any) -> dict[str, Any]:
    today = date.today()  # noqa: DTZ011 - the club's year is the wall calendar of the place
    return {
        "today": today,
        "jobs": JOBS[today.month],
        "events": coming_events(today)[:3],
        "member_count": request.db.scalar(select(func.count(User.id))),
    }


def events(request: Any) -> dict[str, Any]:
    return {"events": coming_events(date.today())}  # noqa: DTZ011 - as above


def members(request: Any) -> dict[str, Any]:
    # Plots by number; whoever waits for one comes after, by how long.
    order = (User.plot.is_(None), User.plot, User.joined, User.id)
    return {"members": request.db.scalars(select(User).order_by(*order)).all()}


def committee(request: Any) -> dict[str, Any]:
    return {}


def room(request: Any) -> dict[str, Any]:
    return {}


def avatar(request: Any) -> Response:
    """A member's picture. A new one has a new address, so this one may be kept for good."""
    png = request.db.scalar(select(User.avatar_png).where(User.avatar_name == request.matchdict["name"]))
    if png is None:
        raise HTTPNotFound
    response = Response(body=png, content_type="image/png")
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response

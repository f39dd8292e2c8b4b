"""The members that the demo begins with, so that its pages are not empty."""

from __future__ import annotations

import secrets
from datetime import date
from pathlib import Path
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from . import accounts
from .database import User

__all__ = ["DEMO_EMAIL", "DEMO_PASSWORD", "plant"]

DEMO_EMAIL: Final = "rosa@example.org"
DEMO_PASSWORD: Final = "runner beans 1919"  # noqa: S105 - printed by the demo, for everybody to use

PICTURES: Final = Path(__file__).parent / "first_pictures"

# Email address, display name, joined, plot, committee, picture, what the member grows.
MEMBERS: Final = (
    (
        DEMO_EMAIL,
        "Rosa Lindqvist",
        date(2009, 4, 18),
        7,
        True,
        "tomato",
        "Fourteen kinds of tomato, and a bench in the evening sun. Chairs the society; ask me about keys.",
    ),
    (
        "piotr@example.org",
        "Piotr",
        date(2012, 9, 2),
        31,
        True,
        "apple",
        "The old orchard: Bramley, Cox and one that nobody has named yet. I graft in April.",
    ),
    (
        "amara@example.org",
        "Amara O.",
        date(2016, 3, 12),
        12,
        False,
        "carrot",
        "Okra under glass, purple carrots without. Spare seedlings in May, first come.",
    ),
    (
        "henk@example.org",
        "Henk",
        date(1994, 6, 5),
        3,
        False,
        "sunflower",
        "Dahlias, sunflowers and sixty leeks. Winner of the marrow cup, six times so far.",
    ),
    (
        "mei@example.org",
        "Mei-Ling Chen",
        date(2021, 5, 22),
        24,
        True,
        None,
        "Pak choi, garlic chives and two hives by the brook. Treasurer.",
    ),
    (
        "tariq@example.org",
        "Tariq",
        date(2019, 10, 27),
        18,
        False,
        None,
        "Pumpkins for the school, mint for everybody.",
    ),
    (
        "joan@example.org",
        "Joan Abernathy",
        date(2025, 2, 9),
        None,
        False,
        None,
        "On the list since the winter. Good with hedges, better with cake.",
    ),
)


def plant(db: Session) -> bool:
    """Put the first members into `db` if it has none at all; says whether it did."""
    if db.scalar(select(func.count(User.id))):
        return False
    for email, username, joined, plot, committee, picture, about in MEMBERS:
        password = DEMO_PASSWORD if email == DEMO_EMAIL else secrets.token_urlsafe()
        user = accounts.sign_up(db, email=email, username=username, password=password, joined=joined)
        user.plot, user.committee, user.about = plot, committee, about
        if picture is not None:
            accounts.change_picture(db, user, (PICTURES / f"{picture}.png").read_bytes())
    return True

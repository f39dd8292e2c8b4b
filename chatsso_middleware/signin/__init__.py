"""Sign-in on a page of ours, against an external system that knows the users.

`SignIn.attempt` is the half that asks: checks, limits, the call, and what its answer means. What
``signin.verify`` names gives a `ChatUser`, `None`, or one of `Refused` and `Down`.
"""

from __future__ import annotations

from .options import KEYS, disagreements
from .outcome import Accepted, Down, Limited, Outcome, Refused
from .sign_in import SignIn, make_sign_in

__all__ = [
    "KEYS",
    "Accepted",
    "Down",
    "Limited",
    "Outcome",
    "Refused",
    "SignIn",
    "disagreements",
    "make_sign_in",
]

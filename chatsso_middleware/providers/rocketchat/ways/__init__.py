"""The ways to a token: a class for each `rocketchat.mode`, in a file of its own."""

from __future__ import annotations

from .create_token import CreateToken
from .mongodb import MongoDB
from .password import Password
from .realtime import Realtime
from .saved import Saved
from .way import LIFE, Means, Way

__all__ = ["LIFE", "CreateToken", "Means", "MongoDB", "Password", "Realtime", "Saved", "Way"]

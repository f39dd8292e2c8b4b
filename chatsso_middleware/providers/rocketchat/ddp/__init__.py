"""The realtime login: DDP over a WebSocket, with one deadline from the name lookup to the result.

Inside, from pure to wet: `codec` reads and writes single messages, `conversation` holds what
may follow what, `parameters` and `answers` know the login; none of these does I/O. `sockets`, `websocket` and
`connection` move them over the network, `client` is what a provider or a host uses.

Documented by the vendor: the method `login`, its three kinds of parameters, its result and its error. DDP
itself is specified by Meteor (``packages/ddp/DDP.md``).
"""

from __future__ import annotations

from .answers import LoginResult
from .client import Realtime, log_in, log_out, reach
from .errors import (
    CallsLimited,
    LocalProtocolError,
    LoginsBlocked,
    NoConnection,
    RemoteProtocolError,
    SecondFactorWanted,
)
from .parameters import LoginParameters, OAuthLogin, PasswordLogin, ResumeLogin

__all__ = [
    "CallsLimited",
    "LocalProtocolError",
    "LoginParameters",
    "LoginResult",
    "LoginsBlocked",
    "NoConnection",
    "OAuthLogin",
    "PasswordLogin",
    "Realtime",
    "RemoteProtocolError",
    "ResumeLogin",
    "SecondFactorWanted",
    "log_in",
    "log_out",
    "reach",
]

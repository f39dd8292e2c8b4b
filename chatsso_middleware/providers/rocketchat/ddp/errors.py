"""Who broke the rules of the protocol, we or the peer; and whether there was a connection at all."""

from __future__ import annotations

from ....errors import ChatSSOError, Rejected, Unavailable

__all__ = [
    "CallsLimited",
    "LocalProtocolError",
    "LoginsBlocked",
    "NoConnection",
    "RemoteProtocolError",
    "SecondFactorWanted",
]


class LocalProtocolError(ChatSSOError):
    """The caller asked for a message that is out of turn in the protocol: a fault in our code."""


class RemoteProtocolError(ChatSSOError):
    """The peer sent what the protocol has no place for. The text never quotes it."""


class NoConnection(Unavailable):
    """None came about, or it broke off. A second try may find one."""


class CallsLimited(Unavailable):
    """The chat's limit of calls was met, or that of connections."""


class LoginsBlocked(Unavailable):
    """Too many logins have failed from our address, or as this user, so that none is tried for a while."""


class SecondFactorWanted(Rejected):
    """Name and password were right, and two-factor authentication stands in the way."""

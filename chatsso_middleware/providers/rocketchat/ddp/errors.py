"""Who broke the rules of the protocol, we or the peer; and whether there was a connection at all."""

from __future__ import annotations

from ....errors import ChatSSOError, Unavailable

__all__ = ["LocalProtocolError", "NoConnection", "RemoteProtocolError"]


class LocalProtocolError(ChatSSOError):
    """The caller asked for a message that the protocol has no place for now: a fault in our code."""


class RemoteProtocolError(ChatSSOError):
    """The peer sent what the protocol has no place for. The text never quotes it."""


class NoConnection(Unavailable):
    """None came about, or it broke off. A second try may find one."""

"""How a failure is told to the log without telling a secret."""

from __future__ import annotations

__all__ = ["described"]


def described(error: BaseException) -> str:
    """The kind of `error` and where it happened, without its text: a token or a password may stand there."""
    trace = error.__traceback__
    if trace is None:
        return type(error).__name__
    while trace.tb_next is not None:
        trace = trace.tb_next
    return f"{type(error).__name__} ({trace.tb_frame.f_code.co_filename}, line {trace.tb_lineno})"

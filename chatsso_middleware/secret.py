"""A text that must never be seen: it hides itself wherever Python would write it out."""

from __future__ import annotations

import hmac
from typing import Final, NoReturn

__all__ = ["Secret"]

_HIDDEN: Final = "Secret(hidden)"


class Secret:
    """A key or a password. Only `reveal` gives it away.

    It shows itself neither in a log line, an f-string or a traceback, nor in a pickle, and two are compared
    in a time that does not depend on where they differ.
    """

    __slots__ = ("_text",)

    _text: str

    def __init__(self, text: str) -> None:
        object.__setattr__(self, "_text", text)

    def reveal(self) -> str:
        """The text itself, for the one place that needs it."""
        return self._text

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a Secret cannot be changed")

    def __repr__(self) -> str:
        return _HIDDEN

    __str__ = __repr__

    def __format__(self, specification: str) -> str:
        return format(_HIDDEN, specification)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        # surrogatepass: an environment variable that is not UTF-8 arrives with lone surrogates
        mine, theirs = (secret.reveal().encode("utf-8", "surrogatepass") for secret in (self, other))
        return hmac.compare_digest(mine, theirs)

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled, it would be readable in the pickle")

"""JMESPath expressions over the answer of the external system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from ..converters import Unusable, text
from ..errors import ChatSSOError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CannotEvaluate", "Expression", "expression", "kind_of"]

_MEND = "Write a JMESPath expression such as data.user.id; see https://jmespath.org/."


class CannotEvaluate(ChatSSOError):
    """A function of the expression got something of a type that it does not take."""


class _Compiled(Protocol):
    def search(self, value: Any) -> Any: ...


class Expression:
    """A compiled expression, and the text that the owner wrote."""

    def __init__(self, written: str, compiled: _Compiled) -> None:
        self.written = written
        self._compiled = compiled

    def __repr__(self) -> str:
        return f"Expression({self.written!r})"

    def find(self, body: Mapping[str, Any]) -> Any:
        """What it finds in `body`, `None` for nothing. Raises `CannotEvaluate`."""
        from jmespath.exceptions import JMESPathError

        try:
            return self._compiled.search(body)
        except (JMESPathError, ArithmeticError) as error:  # the second by avg() of no numbers
            raise CannotEvaluate(type(error).__name__) from None


def expression(value: Any) -> Expression:
    """A JMESPath expression."""
    written = text(value)
    try:
        import jmespath
        from jmespath import exceptions
    except ImportError:
        mend = "Install it: pip install 'chatsso-middleware[signin]'"
        raise Unusable("The library jmespath is missing, which this value needs.", mend) from None
    try:
        compiled = jmespath.compile(written)
        compiled.search({})  # functions and the number of their arguments are looked up only when it runs
    except exceptions.JMESPathTypeError:  # there is nothing in an empty answer
        pass
    except (exceptions.JMESPathError, RecursionError) as error:
        reason = f"The value is no JMESPath expression ({type(error).__name__})."
        raise Unusable(reason, _MEND) from None
    return Expression(written, compiled)


def kind_of(value: Any) -> str:
    """What kind of JSON `value` is, for a log line that must not quote it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return "text" if value.strip() else "empty text"
    if isinstance(value, int | float):
        return "a number"
    return "a list" if isinstance(value, list) else "an object"

"""What means that the external system knows the visitor: ``200 201``, ``status == 'ok'``, or both."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from ..converters import Unusable, text
from .expressions import Expression, expression

__all__ = ["ANY_2XX", "SuccessRule", "success_rule"]

_STATUSES: Final = r"(?:[1-9][0-9]{2}|2xx)(?:\s+(?:[1-9][0-9]{2}|2xx))*"
_RULE: Final = re.compile(rf"(?P<statuses>{_STATUSES})(?:\s+and\s+(?P<expression>.+))?", re.IGNORECASE)
_MEND: Final = "Write statuses, an expression, or both: 200 201, status == 'ok', 2xx and status == 'ok'."


@dataclass(frozen=True, slots=True)
class SuccessRule:
    """Both must hold: one of the statuses, and the expression where there is one."""

    statuses: frozenset[int]
    expression: Expression | None = None


ANY_2XX: Final = SuccessRule(frozenset(range(200, 300)))
"""Any status of success (RFC 9110, section 15.3)."""


def success_rule(value: Any) -> SuccessRule:
    """Statuses, a JMESPath expression, or both with ``and`` between; without statuses any 2xx."""
    written = text(value)
    match = _RULE.fullmatch(written)
    if match is None:
        if written[0].isdigit():  # no JMESPath expression begins with a digit
            raise Unusable("The value says neither with a status nor an expression what success is.", _MEND)
        return SuccessRule(ANY_2XX.statuses, expression(written))
    statuses: set[int] = set()
    for status in match["statuses"].lower().split():
        statuses |= ANY_2XX.statuses if status == "2xx" else {int(status)}
    if not statuses <= _CAN_BE_ANSWERS:
        reason = "Redirects, 429 and statuses from 500 on count as an external system that is down."
        raise Unusable(reason, "Take them away.")
    found = match["expression"]
    return SuccessRule(frozenset(statuses), None if found is None else expression(found))


_CAN_BE_ANSWERS: Final = (frozenset(range(200, 300)) | frozenset(range(400, 500))) - {429}

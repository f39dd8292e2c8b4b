"""Why an attempt failed, in words that may stand in a log and in the database."""

from __future__ import annotations

import html
import json
import re
import traceback
from pathlib import PurePath
from typing import Final
from urllib.parse import quote, quote_plus

from ..changes import Change, Edit, Leave, Register

__all__ = ["fault_reason", "presentable_reason"]

LONGEST_REASON: Final = 300
"""Characters. A chat's message can be a whole error page."""


def presentable_reason(reason: str, change: Change) -> str:
    """`reason` in one line, with every address and password of `change` blotted out.

    A chat's message often repeats what it was sent, plain or escaped for a URL, HTML or JSON.
    """
    hidden = set(change.addresses)
    if isinstance(change, Register | Edit) and change.password:
        hidden.add(change.password)
    if isinstance(change, Leave) and change.token:
        hidden.add(change.token)
    for value in sorted(hidden, key=len, reverse=True):
        forms = {
            value,
            quote(value, safe=""),
            quote(value),
            quote_plus(value),
            html.escape(value),
            json.dumps(value)[1:-1],
        }
        pattern = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
        reason = re.sub(pattern, "***", reason, flags=re.IGNORECASE)
    return "".join(c if c.isprintable() else " " for c in reason)[:LONGEST_REASON].strip()


def fault_reason(error: Exception) -> str:
    """The type of an error that nobody expected, and the line that raised it.

    Its message is left out: nobody knows what stands in it.
    """
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {PurePath(frame.filename).name}, line {frame.lineno}"

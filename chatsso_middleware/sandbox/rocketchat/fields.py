"""Bodies and queries of the API: which names they may have, and that a string is a string."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from .refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["checked", "flattened", "parse_json_object"]

_NAMES: Final = {str: "string", bool: "boolean", dict: "object", list: "array"}
"""Python's types by the words of JSON Schema."""

DEEPEST: Final = 4


def parse_json_object(body: bytes) -> dict[str, Any]:
    """The members of a JSON object; an empty body counts as one without members."""
    if not body:
        return {}
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused("invalid-params", "The body is not JSON") from None
    if not isinstance(parsed, dict):
        raise Refused("invalid-params", "must be object")
    return parsed


def checked(
    given: Mapping[str, Any],
    *,
    required: Mapping[str, type] | None = None,
    optional: Mapping[str, type] | None = None,
) -> Mapping[str, Any]:
    """Give `given` back if it has every required name, no unknown one, and values of the right types.

    Raises `Refused` in the words of the server's own validator otherwise.
    """
    required = required or {}
    types = {**required, **(optional or {})}
    for name in required:
        if name not in given or given[name] == "":
            raise Refused("invalid-params", f"must have required property '{name}'")
    for name, value in given.items():
        if name not in types:
            raise Refused("invalid-params", "must NOT have additional properties")
        if type(value) is not types[name]:
            raise Refused("invalid-params", f"{name} must be {_NAMES[types[name]]}")
    return given


def flattened(value: Any, name: str = "", depth: int = 0) -> dict[str, str]:
    """The values in a JSON object as the list of calls shows them, with dots for one inside another."""
    if isinstance(value, dict) and depth < DEEPEST:
        return {
            path: text
            for key, inner in value.items()
            for path, text in flattened(inner, f"{name}.{key}" if name else str(key), depth + 1).items()
        }
    return {name: value if isinstance(value, str) else json.dumps(value, default=str)}

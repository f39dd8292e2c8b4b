"""How the directory words its answers. Real ones differ in this more than in anything else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from .people import Person

__all__ = ["REFUSALS", "SHAPES", "Answer", "Code", "Shape", "answer_of"]

Shape = Literal["plain", "nested"]
Code = Literal["INVALID_CREDENTIALS", "LOCKED", "EXPIRED", "MALFORMED", "INVALID_KEY"]

REFUSALS: Final[Mapping[Code, tuple[int, str]]] = {
    "INVALID_CREDENTIALS": (401, "No account has this login and password."),
    "LOCKED": (403, "The account is locked."),
    "EXPIRED": (403, "The account has expired."),
    "MALFORMED": (400, "The fields are not those that are asked for."),
    "INVALID_KEY": (403, "The key of the caller is wrong."),
}
"""The status of each code in the shape `plain`, and what is said."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a login gets."""

    status: int
    body: Mapping[str, Any] = field(repr=False)


def answer_of(shape: Shape, result: Person | Code) -> Answer:
    """The person, or the refusal with this code, in the words of `shape`."""
    return SHAPES[shape](result)


def _plain(result: Person | Code) -> Answer:
    """The facts side by side, and a status for each refusal."""
    if isinstance(result, Person):
        return Answer(
            200,
            _given(
                id=result.id,
                email=result.email,
                username=result.login,
                name=result.name,
                avatar_url=result.avatar_url,
            ),
        )
    status, message = REFUSALS[result]
    return Answer(status, {"error": result, "message": message})


def _nested(result: Person | Code) -> Answer:
    """The facts deep inside, and status 200 for everything."""
    if isinstance(result, Person):
        user = _given(
            uuid=result.id,
            contact=_given(email=result.email),
            names=_given(full=result.name, login=result.login),
            picture=result.avatar_url,
        )
        return Answer(200, {"status": "ok", "data": {"user": user}})
    return Answer(200, {"status": "error", "error": {"code": result, "text": REFUSALS[result][1]}})


def _given(**facts: Any) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value is not None}


SHAPES: Final[Mapping[Shape, Callable[[Person | Code], Answer]]] = {"plain": _plain, "nested": _nested}

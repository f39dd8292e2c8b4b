"""What a chat answered, and the strict reading of it.

Whatever is not exactly what was asked for is `Unavailable`, with a reason that names the kind of thing that
came and never quotes it: an error page may echo the request, and the request holds the key.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, Final

from ..errors import Unavailable
from .strict_json import BareValue, read_object

__all__ = ["LONGEST_WAIT", "Answer", "seconds_to_wait"]

LONGEST_WAIT: Final = 300.0
"""Seconds. A Retry-After beyond it counts as this, so that one wrong header cannot end the chat for a day."""

_MILLISECONDS: Final = re.compile(r"[0-9]{12,15}")
"""Since the epoch, from 1973 on. As seconds, or as a number of seconds to wait, it would be absurd."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. Headers and body stay out of its repr: a token may stand in them."""

    provider: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    """By name, in any case."""
    body: bytes = field(repr=False)
    """Without its Content-Encoding."""

    @property
    def retry_after(self) -> float | None:
        """Seconds that the chat asked to be left alone, from 0 to `LONGEST_WAIT`; `None` if it did not.

        As Retry-After says it (RFC 9110, section 10.2.3), else as X-RateLimit-Reset does where that is a
        moment in milliseconds since the epoch, which is how Rocket.Chat writes it.
        """
        value = self.headers.get("Retry-After")
        if value is not None:
            return seconds_to_wait(value, time.time())
        reset = self.headers.get("X-RateLimit-Reset", "").strip()
        if not _MILLISECONDS.fullmatch(reset):
            return None
        return min(max(int(reset) / 1000 - time.time(), 0.0), LONGEST_WAIT)

    def json_object(self) -> dict[str, Any]:
        """The body as a JSON object (RFC 8259), else raise `Unavailable`.

        Refused as well: what is not UTF-8, a name that comes twice, NaN and infinity, numbers of more than
        32 digits, nesting deeper than the interpreter's stack.
        """
        try:
            return read_object(self.body.decode("utf-8"))
        except BareValue:
            raise self._instead("a bare JSON value") from None
        except ValueError:  # of the decoder too
            raise self._instead(_kind(self.body)) from None

    def _instead(self, kind: str) -> Unavailable:
        reason = f"answered {kind} instead of a JSON object (status {self.status})"
        return Unavailable(self.provider, reason, retry_after=self.retry_after)


def seconds_to_wait(value: str, now: float) -> float | None:
    """Read a Retry-After header (RFC 9110, section 10.2.3), with `now` in seconds since the epoch.

    Between 0, for a date that has passed, and `LONGEST_WAIT`. `None` for what is neither seconds nor a date.
    """
    text = value.strip()
    if re.fullmatch(r"[0-9]+", text):
        # Too long a number is huge in any case, and int() refuses more than 4,300 digits.
        return LONGEST_WAIT if len(text.lstrip("0")) > 9 else min(float(int(text)), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None
    return min(max(moment - now, 0.0), LONGEST_WAIT)


def _kind(body: bytes) -> str:
    """Name what came, by how it begins."""
    start = body.lstrip()[:200].lower()
    if not start:
        return "nothing"
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return "HTML"
    if start.startswith(b"<"):
        return "HTML" if b"<html" in start else "XML"
    if start.startswith((b"{", b"[")):
        return "malformed JSON"
    return "something else"

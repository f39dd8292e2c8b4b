"""Misbehaviour on demand: a sandbox that is slow, refuses, or answers nonsense."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Final

__all__ = ["Fault", "Faults"]

HTML: Final = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Fault:
    """What comes instead of the true answer, or before it where `body` is `None`."""

    on: str
    """How the paths begin that misbehave."""
    delay: float
    """Seconds before the answer."""
    status: int
    body: bytes | None
    content_type: str
    headers: tuple[tuple[str, str], ...]
    times: int | None
    """How many answers still misbehave; `None` for all of them."""
    over: threading.Event = field(compare=False, repr=False)
    """Set when answers shall no longer be held back."""


class Faults:
    """The fault that a sandbox has now, if it has one. Safe to use from any thread."""

    def __init__(self, *, on: str = "/") -> None:
        """`on` is where the paths begin that misbehave, when a fault itself does not say."""
        self._default_on = on
        self._changed = threading.Condition()
        self._current: Fault | None = None
        self._over = threading.Event()
        self._held_back = 0

    def fail_with(
        self,
        *,
        delay: float = 0.0,
        refuse: bool = False,
        message: str | None = None,
        body: str | bytes | None = None,
        content_type: str = HTML,
        status: int | None = None,
        headers: tuple[tuple[str, str], ...] = (),
        times: int | None = None,
        on: str | None = None,
    ) -> None:
        """Misbehave from now on, in one of the ways, each with or without `delay` (seconds):

        - `delay` alone: the true answer, late;
        - `refuse`: status 403 and a page, as a server that blocks the caller's address;
        - `message`: well-formed JSON with ``"success": false`` and this message;
        - `body`: anything at all, with its `content_type`;
        - `status` alone: that status with a page; together with `message` or `body`: their status.

        It holds for paths that begin with `on`, for the next `times` answers or until `recover`. Whether
        nobody answers at all is a matter of the server: stop it.
        """
        if sum((refuse, message is not None, body is not None)) > 1:
            raise ValueError("refuse, message and body exclude each other")
        content: bytes | None = None
        if message is not None:
            content = json.dumps({"success": False, "message": message}).encode()
            content_type = "application/json"
        elif body is not None:
            content = body.encode() if isinstance(body, str) else body
        elif refuse or status is not None:
            status = status or HTTPStatus.FORBIDDEN
            content = f"<!DOCTYPE html><title>{status}</title><h1>{status}</h1>".encode()
        over = threading.Event()
        fault = Fault(
            on=self._default_on if on is None else on,
            delay=delay,
            status=status or HTTPStatus.OK,
            body=content,
            content_type=content_type,
            headers=headers,
            times=times,
            over=over,
        )
        with self._changed:
            self._over.set()
            self._current, self._over = fault, over

    def recover(self) -> None:
        """Behave again. Answers that are being held back go out at once."""
        with self._changed:
            self._current = None
            self._over.set()

    def take(self, path: str) -> Fault | None:
        """The fault that a request to `path` meets, counted as one of its `times`."""
        with self._changed:
            fault = self._current
            if fault is None or not path.startswith(fault.on):
                return None
            if fault.times is not None:
                self._current = replace(fault, times=fault.times - 1) if fault.times > 1 else None
            return fault

    def hold_back(self, fault: Fault) -> None:
        """Let the delay of `fault` pass, or less where it is over before."""
        if not fault.delay:
            return
        with self._changed:
            self._held_back += 1
            self._changed.notify_all()
        fault.over.wait(fault.delay)
        with self._changed:
            self._held_back -= 1

    def wait_until_held_back(self, *, count: int = 1, timeout: float = 10) -> None:
        """Return as soon as `count` answers are being held back; `TimeoutError` after `timeout` seconds."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._held_back >= count, timeout):
                raise TimeoutError(
                    f"{self._held_back} of {count} answers were held back in {timeout} seconds"
                )

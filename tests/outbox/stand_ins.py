"""What the tests of the outbox put in the place of the world around it: a clock, a chat, another process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from chatsso_middleware.changes import Change

SECRET = "the secret of the site, long enough for anybody"
OLD_SECRET = "the secret that the site had until last month"


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


class Chat:
    """A chat that notes what it is given, and answers as it is told: an error is raised, `None` is a yes."""

    def __init__(self) -> None:
        self.received: list[tuple[str, Change]] = []
        self.answers: list[BaseException | None] = []
        self.otherwise: BaseException | None = None
        self.during: Callable[[], object] = lambda: None

    def __call__(self, provider: str, change: Change) -> None:
        self.received.append((provider, change))
        self.during()
        answer = self.answers.pop(0) if self.answers else self.otherwise
        if answer is not None:
            raise answer

    @property
    def changes(self) -> list[Change]:
        return [change for _, change in self.received]


def start_process(task: str, url: str, *arguments: str) -> subprocess.Popen[str]:
    """A process of its own that does `task` of outbox_process.py."""
    script = Path(__file__).with_name("outbox_process.py")
    return subprocess.Popen(
        [sys.executable, str(script), task, url, SECRET, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

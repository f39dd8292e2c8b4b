"""What a machine may lack. `CHATSSO_REQUIRE_ALL=1` turns every such skip into a failure."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

__all__ = ["missing"]


def missing(what: str) -> NoReturn:
    """Skip the test for want of `what`, or fail where everything has to be there."""
    if os.environ.get("CHATSSO_REQUIRE_ALL") == "1":
        pytest.fail(f"{what} is missing, and CHATSSO_REQUIRE_ALL is set")
    pytest.skip(f"{what} is missing")

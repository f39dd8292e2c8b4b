from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support.signin_site import SignInSite, running_site

StartSite = Callable[..., SignInSite]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[StartSite]:
    """Starts sites with the hosted login page; limits are far away unless given."""
    with ExitStack() as stack:

        def start(**written: Any) -> SignInSite:
            wide = {"limit_ip": "1000 per minute", "limit_account": "1000 per minute"}
            return stack.enter_context(running_site(tmp_path, **{**wide, **written}))

        yield start

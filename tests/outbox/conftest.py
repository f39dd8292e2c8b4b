from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chatsso_middleware.outbox import Outbox
from tests.outbox.stand_ins import SECRET, Chat, Clock

_databases = itertools.count()


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    directory = tmp_path_factory.mktemp("postgresql")
    with pytest.MonkeyPatch.context() as environment:
        # Where pgserver keeps its lock; without it, it warns.
        environment.setenv("XDG_RUNTIME_DIR", str(directory))
        try:
            import psycopg  # noqa: F401 - the driver that the outbox will ask for
            from pgserver.postgres_server import get_server
        except ImportError as error:
            if os.environ.get("CHATSSO_REQUIRE_ALL") == "1":
                raise
            pytest.skip(f"PostgreSQL is not here: {error}")
        server = get_server(directory / "server", cleanup_mode="delete")
    yield server
    server.cleanup()


@pytest.fixture
def postgresql_url(postgresql_server: Any) -> str:
    name = f"outbox{next(_databases)}"
    postgresql_server.psql(f"CREATE DATABASE {name}")
    uri = str(postgresql_server.get_uri(database=name))
    return uri.replace("postgresql", "postgresql+psycopg", 1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "outbox.sqlite"


@pytest.fixture
def sqlite_url(file: Path) -> str:
    return f"sqlite:///{file}"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def chat() -> Chat:
    return Chat()


@pytest.fixture
def open_outbox(clock: Clock) -> Iterator[Callable[..., Outbox]]:
    """Opens an outbox at an address, with the test's clock and the secrets given."""
    opened: list[Outbox] = []

    def open_(address: str, *secrets: str) -> Outbox:
        outbox = Outbox(address, secrets or [SECRET], clock=clock)
        opened.append(outbox)
        return outbox

    yield open_
    for outbox in opened:
        outbox.close()


@pytest.fixture
def outbox(url: str, open_outbox: Callable[..., Outbox]) -> Outbox:
    return open_outbox(url)

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chatsso_middleware.providers.rocketchat.mongodb import UserDocuments
from chatsso_middleware.secret import Secret
from tests.support.mongo_server import MongoServer, serving_mongo

Make = Callable[..., UserDocuments]


@pytest.fixture
def server() -> Iterator[MongoServer]:
    with serving_mongo() as running:
        yield running


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[UserDocuments] = []

    def make(url: str, **options: Any) -> UserDocuments:
        made.append(UserDocuments(Secret(url), "rocketchat", **options))
        return made[-1]

    yield make
    for documents in made:
        documents.close()


@pytest.fixture
def chat(server: MongoServer, make: Make) -> UserDocuments:
    return make(server.url)

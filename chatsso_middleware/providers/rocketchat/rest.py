"""Calls to the chat's REST API, ``/api/v1/``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from ..api import ChatAPI
from .replies import Reply, read_reply

__all__ = ["Method", "RestAPI"]

Method = Literal["GET", "POST"]


class RestAPI:
    """One way to the REST API of a chat, as whoever the headers name."""

    def __init__(self, url: str, api: ChatAPI) -> None:
        """`url` is the chat's own address, without a slash at its end."""
        self._url = url
        self._api = api

    @property
    def provider(self) -> str:
        """The name that stands in errors."""
        return self._api.provider

    def beside(self) -> RestAPI:
        """Another way, on which a rate limit or a failure says nothing of this one."""
        return RestAPI(self._url, self._api.beside())

    def call(
        self,
        method: Method,
        path: str,
        fields: Mapping[str, Any],
        *,
        user_id: str | None = None,
        token: str | None = None,
    ) -> Reply:
        """Call `path` as the user `user_id` with his `token`, or as nobody. Raises `Unavailable`.

        A connection that is lost is tried again within the deadline: every call that is made here leaves the
        chat, when it arrives twice, as the first arrival did, but for one token more.
        """
        headers = {} if token is None else {"X-Auth-Token": token, "X-User-Id": user_id or ""}
        sent = [*_texts(fields), *headers.values()]
        return self._api.ask(
            method,
            f"{self._url}/api/v1/{path}",
            fields,
            lambda answer: read_reply(answer, sent),
            headers=headers,
            as_json=method == "POST",
            safe_to_retry=True,
        )


def _texts(fields: Mapping[str, Any]) -> Iterator[str]:
    """Every text among the values of `fields`, however deep."""
    values: Iterable[Any] = fields.values()
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            yield from _texts(value)

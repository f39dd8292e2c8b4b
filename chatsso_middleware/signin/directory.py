"""The external system that knows the users, asked over HTTP."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from ..errors import Unavailable
from ..outbox.per_process import PerProcess
from ..providers import ChatAPI
from ..providers.answer import Answer
from ..providers.transport import Transport
from .form import Form
from .outcome import Outcome, Refused
from .placeholders import Template
from .reading import AnswerReader, Messages

__all__ = ["Directory", "LoginCall"]

log = logging.getLogger(__name__)

_MAY_CONCERN_ONE_LOGIN: Final = frozenset({429, 500})
"""A limit may be one account's, and an error one input's: they must not keep everybody else out."""
_NOT_IN_A_HEADER: Final = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginCall:
    """What is sent, with places for what the visitor entered."""

    url: str
    method: Literal["POST", "GET"]
    as_json: bool
    fields: Mapping[str, Template] = field(repr=False)
    headers: Mapping[str, Template] = field(repr=False)

    def fill_fields(self, form: Form) -> dict[str, str]:
        """The fields for `form`; always text, whatever it looks like."""
        return {name: template.fill(form) for name, template in self.fields.items()}

    def fill_headers(self, form: Form) -> dict[str, str] | None:
        """The headers for `form`, in UTF-8; `None` where one cannot carry what was entered.

        A header has no place for control characters and for white space at its ends (RFC 9110, section 5.5).
        Basic has none for a colon in the login (RFC 7617, section 2): the login would end there for the
        external system, and not for the limits.
        """
        headers = {}
        for name, template in self.headers.items():
            value = template.fill(form)
            if _NOT_IN_A_HEADER.search(value) or value != value.strip():
                return None
            if "basic" in template.places and ":" in form.login.reveal():
                return None
            headers[name] = value.encode().decode("latin-1")  # http.client writes it as Latin-1
        return headers


class Directory:
    """Asks the external system. One attempt is one call: it is never repeated."""

    def __init__(self, call: LoginCall, reader: AnswerReader, messages: Messages, api: ChatAPI) -> None:
        self._call = call
        self._reader = reader
        self._messages = messages
        self._api = api
        self._transport = PerProcess(lambda: Transport(api.provider, verify=api.verify))

    def verify(self, form: Form) -> Outcome:
        """What the external system says to `form`. *Network.*"""
        headers = self._call.fill_headers(form)
        if headers is None:  # no account has such a login or password, since none could send it
            return self._messages.told(Refused(code="401"))
        fields = self._call.fill_fields(form)
        try:
            answer = self._api.run(lambda deadline: self._exchange(fields, headers, deadline))
        except Unavailable as failure:
            answer = failure
        if isinstance(answer, Unavailable):
            log.warning("%s", answer)
            return self._messages.down(answer.retry_after, status=answer.status)
        return self._reader.read(answer, form)

    def close(self) -> None:
        """Close the connections that are kept open. A later call opens new ones."""
        self._transport.get().close()

    def _exchange(
        self, fields: Mapping[str, str], headers: Mapping[str, str], deadline: float
    ) -> Answer | Unavailable:
        call = self._call
        try:
            return self._transport.get().exchange(
                call.method, call.url, fields, headers, deadline, as_json=call.as_json
            )
        except Unavailable as failure:
            if failure.status not in _MAY_CONCERN_ONE_LOGIN:
                raise
            return failure

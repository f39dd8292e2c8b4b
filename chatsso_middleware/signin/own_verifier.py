"""``signin.verify``: the owner's own code in the place of the external system."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from ..errors import Unavailable
from ..failures import described
from ..users import ChatUser
from .form import Form
from .outcome import Accepted, Down, Outcome, Refused
from .reading import Messages

__all__ = ["OwnVerifier"]

log = logging.getLogger(__name__)


class OwnVerifier:
    """Asks a callable, which gets the fields and gives a `ChatUser`, `None` for wrong credentials,
    or a `Refused` or `Down` that says more."""

    def __init__(self, ask: Callable[[Mapping[str, str]], object], messages: Messages) -> None:
        self._ask = ask
        self._messages = messages

    def verify(self, form: Form) -> Outcome:
        """What the callable says to `form`. *Network*, perhaps."""
        try:
            answer = self._ask(form.values())
        except Unavailable as failure:
            log.warning("signin.verify: %s", failure)
            return self._messages.down(failure.retry_after)
        except Exception as error:  # the owner's code may raise anything; its text may quote the password
            log.error("signin.verify failed: %s", described(error))
            return self._messages.down()
        if isinstance(answer, ChatUser):
            return Accepted(answer)
        if answer is None:
            return self._messages.told(Refused(code="401"))
        if isinstance(answer, Refused):
            return self._messages.told(answer)
        if isinstance(answer, Down):
            return answer if answer.message is not None else self._messages.down(answer.retry_after)
        log.error("signin.verify gave a %s; a ChatUser or None is expected", type(answer).__name__)
        return self._messages.down()

    def close(self) -> None:
        """Nothing is kept open."""

"""One request to a chat and its whole answer, or a sentence that says why there is none."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator, Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final, Literal
from urllib.parse import urlencode, urljoin, urlsplit

import requests
import urllib3.exceptions

from ..errors import Unavailable
from .answer import Answer
from .deadline import DeadlineAdapter, Exchange

__all__ = ["CALLS_AT_ONCE", "LARGEST_ANSWER", "NoAnswer", "Transport"]

CALLS_AT_ONCE: Final = 8
"""Calls to one chat that may be under way in one process, and connections kept open between calls."""

LARGEST_ANSWER: Final = 65536
"""Bytes, after decompression. The answers of a chat's API have a few hundred."""

_GATEWAY_STATUSES: Final = frozenset({502, 503, 504})
"""A machine in front of the chat speaks, and often only for a moment (RFC 9110, section 15.6)."""


class NoAnswer(Unavailable):
    """No whole answer of the chat came, so that a second try may get one."""


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002 - the base's signature
        """No redirect is one of ours to follow. requests would read its whole body, of any size."""
        return None


class Transport:
    """The connections of one provider in one process. `exchange` may be called in any thread."""

    def __init__(self, provider: str, *, verify: Literal[True] | str) -> None:
        """`verify` is `True` for the usual authorities, or the path of a file with others."""
        self._provider = provider
        self._session = _Session()
        self._session.trust_env = False
        self._session.verify = verify
        # The calls speak for different users: what one answer sets must not travel with the next call.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.headers.update(
            {"User-Agent": "chatsso-middleware", "Accept": "application/json", "Accept-Encoding": "identity"}
        )
        adapter = DeadlineAdapter(pool_connections=CALLS_AT_ONCE, pool_maxsize=CALLS_AT_ONCE)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def exchange(
        self,
        method: str,
        url: str,
        fields: Mapping[str, Any],
        headers: Mapping[str, str],
        deadline: float,
        *,
        as_json: bool = False,
    ) -> Answer:
        """Send the fields (in the query of a GET, else as a form or a JSON object) and give the answer.

        Raises `Unavailable` for a redirect, for 429 and for 5xx, and `NoAnswer` where it may be worth a
        second try. `deadline` is by `time.monotonic`.
        """
        in_query = method == "GET"
        body = None if in_query else dict(fields)
        request = self._session.prepare_request(
            requests.Request(
                method,
                url,
                data=None if as_json else body,
                json=body if as_json else None,
                headers=dict(headers),
            )
        )
        exchange = Exchange(deadline, urlencode(fields) if in_query else "")
        started = time.monotonic()
        try:
            with exchange.under_way():
                answer = self._send(request, exchange)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            # Without its cause: the exceptions of urllib3 hold addresses and pieces of the answer.
            raise self._no_answer(error, time.monotonic() - started) from None
        self._check_status(answer, url)
        return answer

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._session.close()

    def _send(self, request: requests.PreparedRequest, exchange: Exchange) -> Answer:
        seconds = exchange.seconds_left()
        with self._session.send(request, stream=True, allow_redirects=False, timeout=seconds) as response:
            body = response.raw.read(LARGEST_ANSWER + 1, decode_content=True)
            if len(body) > LARGEST_ANSWER:
                raise Unavailable(self._provider, f"answered more than {LARGEST_ANSWER} bytes")
            return Answer(self._provider, response.status_code, response.headers, body)

    def _check_status(self, answer: Answer, url: str) -> None:
        status = answer.status
        if 300 <= status < 400:
            host = _host_of_redirect(url, answer.headers.get("Location", ""))
            reason = f"answered with a redirect to {host} (status {status})"
            raise Unavailable(self._provider, reason, status=status)
        if status == 429:
            raise Unavailable(
                self._provider, "limits our calls (429)", retry_after=answer.retry_after, status=status
            )
        if status >= 500:
            kind = NoAnswer if status in _GATEWAY_STATUSES and answer.retry_after is None else Unavailable
            reason = f"answered with status {status}"
            raise kind(self._provider, reason, retry_after=answer.retry_after, status=status)

    def _no_answer(self, error: Exception, seconds: float) -> Unavailable:
        chain = list(_causes(error))
        refused = next((cause for cause in chain if isinstance(cause, ssl.SSLCertVerificationError)), None)
        if refused is not None:
            return Unavailable(
                self._provider, f"showed a certificate that cannot be trusted: {refused.verify_message}"
            )
        return NoAnswer(self._provider, _reason(chain, seconds))


_TIMEOUTS: Final = (TimeoutError, requests.Timeout, urllib3.exceptions.TimeoutError)


def _reason(chain: list[BaseException], seconds: float) -> str:
    def has(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in chain)

    if has(urllib3.exceptions.NameResolutionError):
        return "has a host name that cannot be resolved"
    # urllib3 counts a refused connection among the timeouts, so it comes before them.
    if has(urllib3.exceptions.NewConnectionError):
        return "cannot be reached: no connection"
    if has(*_TIMEOUTS):
        return f"gave no whole answer within {seconds:.1f} seconds"
    if has(ssl.SSLError):
        return "failed in the TLS handshake or after it"
    if has(urllib3.exceptions.DecodeError):
        return "answered with a broken Content-Encoding"
    return "broke off before its answer was whole"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """`error` and everything it wraps: urllib3 and requests keep the cause in three different places."""
    seen: set[int] = set()
    waiting: list[Any] = [error]
    while waiting:
        cause = waiting.pop()
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        waiting += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]


def _host_of_redirect(url: str, location: str) -> str:
    """The host alone: the rest of the address may hold what we sent."""
    try:
        host = urlsplit(urljoin(url, location)).hostname or ""
    except ValueError:
        host = ""
    if not location or not host or not host.isascii() or not host.isprintable() or len(host) > 253:
        return "nowhere"
    return host

"""A provider with addresses of its own that answer as a test tells them, behind our endpoints."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any, ClassVar

from chatsso_middleware.endpoints import EndpointSettings, ForgeryGuard, make_endpoints
from chatsso_middleware.handle import Accounts, Handle
from chatsso_middleware.login_flow import LoginFlow
from chatsso_middleware.outbox import Outbox
from chatsso_middleware.providers import Endpoint, Reply, Visit
from chatsso_middleware.state.cookies import CookieAttributes, StateCookie
from chatsso_middleware.users import ChatUser

from .flow import SECRET, Tagless
from .strict_server import StrictServer
from .visitor import set_cookies

PAGE, CHECKED, CALLS_OUT = "/pages/page", "/pages/deep/checked", "/pages/calls_out"


class Pages(Tagless):
    """A chat without tags that asks the site for logins."""

    name: ClassVar[str] = "pages"
    remembers_leaving = True

    def __init__(self) -> None:
        super().__init__()
        self.visits: list[Visit] = []
        self.reply: Callable[[Visit], Reply] = lambda visit: Reply(body="<p>fine</p>")

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        return (
            Endpoint("page", self._answer, ("GET", "HEAD", "POST", "OPTIONS")),
            Endpoint("deep/checked", self._answer, ("POST",), checks_forgery=True),
            Endpoint("calls_out", self._answer, ("POST",), calls_out=True, checks_forgery=True),
        )

    @property
    def visit(self) -> Visit:
        """The last one."""
        return self.visits[-1]

    def _answer(self, visit: Visit) -> Reply:
        self.visits.append(visit)
        return self.reply(visit)


class BrowserAtPages:
    """One browser at our endpoints, without a socket between."""

    def __init__(
        self, flow: LoginFlow, outbox: Outbox, *, script_name: str = "", secure: bool = False, **settings: Any
    ) -> None:
        attributes = CookieAttributes()
        self.flow = flow
        self.cookie = StateCookie([SECRET], attributes)
        self.guard = ForgeryGuard([SECRET], attributes)
        self.cookies: dict[str, str] = {}
        self._accounts = Accounts(outbox, lambda: None)
        self._script_name = script_name
        self._secure = secure
        self._app = make_endpoints(
            flow, self.cookie, self.guard, EndpointSettings(**{"login_url": "/in?next={next}"} | settings)
        )
        self.handle = self._handle("")

    def log_in(self, email: str) -> None:
        """As the host would in a request of its own."""
        self.handle = self._handle(self.cookie_header)
        self.handle.log_in(ChatUser(email))
        self._keep([self.handle.set_cookie()])

    @property
    def cookie_header(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def get(self, address: str, **environ: Any) -> StrictServer:
        """One request below `mount`; what it did to the login stands in `handle`."""
        path, _, query = address.partition("?")
        answer = StrictServer(
            self._answer,
            **{
                "SCRIPT_NAME": f"{self._script_name}/chatsso",
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "HTTP_COOKIE": self.cookie_header,
            }
            | environ,
        ).run()
        self._keep(set_cookies(answer))
        return answer

    def post(
        self, address: str, body: bytes, content_type: str = "application/json", **environ: Any
    ) -> StrictServer:
        return self.get(
            address,
            **{
                "REQUEST_METHOD": "POST",
                "CONTENT_TYPE": content_type,
                "CONTENT_LENGTH": str(len(body)),
                "wsgi.input": BytesIO(body),
            }
            | environ,
        )

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.handle = environ["chatsso"] = self._handle(environ["HTTP_COOKIE"])
        return self._app(environ, start_response)

    def _handle(self, cookie_header: str) -> Handle:
        return Handle(
            self.flow,
            self._accounts,
            self.cookie,
            cookie_header,
            script_name=self._script_name,
            mount="/chatsso",
            secure=self._secure,
        )

    def _keep(self, cookies: Iterable[str]) -> None:
        for cookie in cookies:
            name, _, rest = cookie.partition("=")
            value, _, attributes = rest.partition(";")
            if "Max-Age=0" in attributes:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value

"""Pyramid: its own policies, sessions, transactions, events and subrequests, with the chat beside them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import zope.sqlalchemy
from pyramid.authentication import (
    AuthTktAuthenticationPolicy,
    AuthTktCookieHelper,
    SessionAuthenticationHelper,
)
from pyramid.authorization import ACLAuthorizationPolicy, Authenticated, Everyone
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPFound, HTTPNotModified
from pyramid.interfaces import IResponse, ISecurityPolicy
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import forget, remember
from pyramid.session import SignedCookieSessionFactory
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import NullPool
from zope.interface import implementer

from chatsso_middleware import ChatUser, ConfigurationError
from chatsso_middleware.hosts.pyramid_policy import WatchedPolicy
from chatsso_middleware.pyramid_addon import (
    REGISTRY_KEY,
    Deleted,
    Edited,
    LoggedIn,
    LoggedOut,
    LoginNoticed,
    LogoutNoticed,
    Registered,
)
from chatsso_middleware.sandbox.website_toolbox import RunningSandbox, serve
from tests.support.browser import Browser
from tests.support.flow import LONG
from tests.support.servers import serving

SECRET = "the secret of the site, long enough for anybody"
ANN, BOB = "ann@example.com", "bob@example.com"
PAGE = "<!doctype html><html><body><p id=user>{user}</p><a id=plain href='{chat}/'>chat</a></body></html>"
GENERATE = "/sso/token/generate"


class HelperPolicy:
    """A security policy around one of Pyramid's helpers; the identity is the user id itself."""

    def __init__(self, helper: Any) -> None:
        self.helper = helper

    def identity(self, request: Any) -> Any:
        return self.authenticated_userid(request)

    def authenticated_userid(self, request: Any) -> Any:
        found = getattr(self.helper, "identify", None)
        if found is None:
            return self.helper.authenticated_userid(request)
        ticket = found(request)
        return ticket and ticket["userid"]

    def permits(self, request: Any, context: Any, permission: str) -> bool:
        return True

    def remember(self, request: Any, userid: Any, **keywords: Any) -> Any:
        return self.helper.remember(request, userid, **keywords)

    def forget(self, request: Any, **keywords: Any) -> Any:
        return self.helper.forget(request, **keywords)


def cookie_policy() -> HelperPolicy:
    return HelperPolicy(AuthTktCookieHelper(SECRET, hashalg="sha512"))


class Site:
    """A Pyramid application with a login, a logout and a page, and a browser in front of it."""

    def __init__(self, room: RunningSandbox, folder: Path, **settings: Any) -> None:
        self.room = room
        self.config = Configurator(
            settings={
                "chatsso.providers": "website_toolbox",
                "chatsso.secret": SECRET,
                "chatsso.outbox": f"sqlite:///{folder}/outbox.sqlite3",
                "chatsso.page_wait": "10",
                "chatsso.website_toolbox.url": room.url,
                "chatsso.website_toolbox.api_key": room.api_key,
            }
            | settings
        )
        self.view("/login", self.log_in)
        self.view("/logout", lambda request: HTTPFound("/", headers=forget(request)))
        self.view("/", self.page)

    def view(self, path: str, view: Callable[..., Any], **options: Any) -> None:
        name = f"view{path}"
        self.config.add_route(name, path)
        self.config.add_view(view, route_name=name, **options)

    def log_in(self, request: Any) -> Any:
        keywords = {"max_age": 1000} if "remember" in request.GET else {}
        return HTTPFound("/", headers=remember(request, request.GET["user"], **keywords))

    def page(self, request: Any) -> Response:
        user = request.authenticated_userid or "nobody"
        return Response(PAGE.format(user=user, chat=self.room.url))

    def include(self) -> None:
        self.config.include("chatsso_middleware")

    @property
    def parts(self) -> Any:
        return self.config.registry[REGISTRY_KEY]


@pytest.fixture
def room() -> Iterator[RunningSandbox]:
    with serve() as sandbox:
        yield sandbox


@pytest.fixture
def site(room: RunningSandbox, tmp_path: Path) -> Site:
    return Site(room, tmp_path)


@pytest.fixture
def start() -> Iterator[Callable[[Site], Browser]]:
    with ExitStack() as stack:

        def serve_site(site: Site) -> Browser:
            app = site.config.make_wsgi_app()
            stack.callback(site.parts.stop)
            browser = Browser(stack.enter_context(serving(app)))
            stack.callback(browser.close)
            return browser

        yield serve_site


Start = Callable[[Site], Browser]


def who_chats(browser: Browser, room: RunningSandbox) -> str:
    return browser.get(f"{room.url}/", images=False).user


# Policies.


def session_policy(config: Any) -> None:
    config.set_session_factory(SignedCookieSessionFactory(SECRET))
    config.set_security_policy(HelperPolicy(SessionAuthenticationHelper()))


def ticket_policy(config: Any) -> None:
    config.set_security_policy(cookie_policy())


def legacy_policies(config: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        config.set_authentication_policy(
            AuthTktAuthenticationPolicy(
                SECRET, hashalg="sha512", callback=lambda userid, request: ["group:members"]
            )
        )
        config.set_authorization_policy(ACLAuthorizationPolicy())


@pytest.mark.parametrize("before", [True, False], ids=["policy first", "include first"])
@pytest.mark.parametrize("set_policy", [session_policy, ticket_policy, legacy_policies])
def test_every_kind_of_policy_is_watched_without_a_line_in_the_application(
    site: Site, start: Start, room: RunningSandbox, set_policy: Callable[[Any], None], before: bool
) -> None:
    if before:
        set_policy(site.config)
    site.include()
    if not before:
        set_policy(site.config)
    browser = start(site)
    assert browser.get(f"/login?user={ANN}").user == ANN
    assert who_chats(browser, room) == ANN
    assert len(room.calls.to(GENERATE)) == 1
    browser.get(f"/login?user={BOB}")
    browser.get("/")
    assert who_chats(browser, room) == BOB
    assert browser.get("/logout").user == "nobody"
    assert who_chats(browser, room) == ""


def test_a_watched_policy_is_in_all_else_the_applications_own(site: Site, start: Start) -> None:
    legacy_policies(site.config)
    site.include()

    def principals(request: Any) -> Response:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            found = sorted(map(str, request.effective_principals))
        return Response(" ".join(found), content_type="text/plain")

    site.view("/principals", principals)
    browser = start(site)
    browser.get(f"/login?user={ANN}")
    assert browser.get("/principals").source.decode().split() == sorted(
        [ANN, "group:members", Authenticated, Everyone]
    )
    policy = site.config.registry.getUtility(ISecurityPolicy)
    assert type(policy) is WatchedPolicy
    site.config.make_wsgi_app()
    assert site.config.registry.getUtility(ISecurityPolicy) is policy, "watched twice is watched once"


def test_without_a_policy_or_with_autocommit_everything_still_works(
    room: RunningSandbox, tmp_path: Path, start: Start
) -> None:
    site = Site(room, tmp_path)
    site.include()
    assert start(site).get("/").user == "nobody"

    site = Site(room, tmp_path)
    site.config.commit()
    site.config.autocommit = True
    site.include()
    ticket_policy(site.config)
    browser = start(site)
    browser.get(f"/login?user={ANN}")
    assert who_chats(browser, room) == ANN


def test_another_identity_may_be_set_and_then_no_policy_is_watched(
    room: RunningSandbox, tmp_path: Path, start: Start
) -> None:
    site = Site(room, tmp_path, **{"chatsso.identity": "events"})
    ticket_policy(site.config)
    site.include()
    browser = start(site)
    assert browser.get(f"/login?user={ANN}").user == ANN
    assert who_chats(browser, room) == ""
    assert type(site.config.registry.getUtility(ISecurityPolicy)) is HelperPolicy


def test_a_mapping_tells_at_once_who_logs_in_and_who_shall_not_chat(
    room: RunningSandbox, tmp_path: Path, start: Start
) -> None:
    def find(userid: str, environ: Any) -> ChatUser | None:
        if userid == "broken":
            raise LookupError("canary")
        return None if userid == "bot" else ChatUser(f"{userid}@example.com", name=userid)

    site = Site(room, tmp_path, **{"chatsso.identity.user": find})
    ticket_policy(site.config)
    site.include()
    browser = start(site)
    answer = browser.session.get(f"{browser.site}/login?user=ann", allow_redirects=False, timeout=LONG)
    assert "chatsso=" in answer.headers["Set-Cookie"]
    browser.get("/")
    assert who_chats(browser, room) == ANN
    browser.get("/login?user=bot")
    assert who_chats(browser, room) == ""
    assert browser.get("/login?user=broken").user == "broken"


def test_a_login_that_no_chat_could_take_does_not_fail_on_the_site(
    site: Site, start: Start, room: RunningSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    ticket_policy(site.config)
    site.include()
    browser = start(site)
    assert browser.get("/login?user=a%20b@example.com").status == 200
    assert "A login could not be noted: InvalidUser" in caplog.text
    assert "a b@" not in caplog.text
    assert who_chats(browser, room) == ""


def test_a_session_rotation_is_no_logout(site: Site, start: Start, room: RunningSandbox) -> None:
    ticket_policy(site.config)
    site.include()

    def rotate(request: Any) -> Response:
        headers = [*forget(request), *remember(request, request.authenticated_userid)]
        return HTTPFound("/", headers=headers)

    site.view("/rotate", rotate)
    browser = start(site)
    browser.get(f"/login?user={ANN}&remember=1")
    browser.get("/rotate")
    assert who_chats(browser, room) == ANN
    assert [call.path for call in room.calls if call.path == "/sso/token/logout"] == []
    assert len(room.calls.to(GENERATE)) == 1
    assert "rememberMe=1" in browser.get("/").links["plain"]


# Identities in a database, inside of pyramid_tm.


class Base(DeclarativeBase):
    """The tables of the site."""


class Member(Base):
    """Whoever has an account on the site."""

    __tablename__ = "members"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]


class MemberPolicy(HelperPolicy):
    """A policy that knows a number, and finds the member of that number in the database."""

    def identity(self, request: Any) -> Member | None:
        request.environ["lookups"] = request.environ.get("lookups", 0) + 1
        ticket = self.helper.identify(request)
        return request.db.get(Member, int(ticket["userid"])) if ticket else None

    def authenticated_userid(self, request: Any) -> int | None:
        member = self.identity(request)
        return None if member is None else member.id


def use_database(site: Site, folder: Path) -> None:
    """SQLAlchemy as Pyramid's own cookiecutter sets it up: what is read expires with the transaction."""
    engine = create_engine(f"sqlite:///{folder}/site.sqlite3", poolclass=NullPool)
    Base.metadata.create_all(engine)
    with Session(engine) as session, session.begin():
        session.add_all([Member(id=1, email=ANN), Member(id=2, email=BOB)])

    def open_session(request: Any) -> Session:
        session = Session(engine)
        zope.sqlalchemy.register(session, transaction_manager=request.tm)
        return session

    site.config.add_request_method(open_session, "db", reify=True)
    site.config.set_security_policy(MemberPolicy(AuthTktCookieHelper(SECRET, hashalg="sha512")))


def database_site(room: RunningSandbox, folder: Path, *, include_first: bool) -> Site:
    site = Site(
        room,
        folder,
        **{
            "tm.manager_hook": "pyramid_tm.explicit_manager",
            "tm.annotate_user": "false",
            "chatsso.login_url": "/signin",
        },
    )
    for included in ("chatsso_middleware", "pyramid_tm")[:: 1 if include_first else -1]:
        site.config.include(included)
    use_database(site, folder)
    return site


@pytest.mark.parametrize("include_first", [True, False])
def test_an_identity_of_a_database_is_read_while_its_transaction_is_open(
    room: RunningSandbox, tmp_path: Path, start: Start, caplog: pytest.LogCaptureFixture, include_first: bool
) -> None:
    site = database_site(room, tmp_path, include_first=include_first)
    browser = start(site)
    browser.get("/login?user=1&remember=1")
    assert who_chats(browser, room) == ANN
    assert "rememberMe=1" in browser.get("/").links["plain"], "the login said so a page before it was known"
    browser.get("/login?user=2")
    browser.get("/")
    assert who_chats(browser, room) == BOB
    assert "rememberMe=0" in browser.get("/").links["plain"]
    browser.get("/logout")
    assert who_chats(browser, room) == ""
    assert [
        record.getMessage() for record in caplog.records if record.name.startswith("chatsso_middleware.h")
    ] == []


def test_our_own_addresses_read_it_in_a_transaction_of_their_own(
    room: RunningSandbox, tmp_path: Path, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    site = database_site(room, tmp_path, include_first=True)
    browser = start(site)
    assert browser.ask("/chatsso/login").headers["Location"] == "/signin"
    browser.session.get(f"{browser.site}/login?user=1", allow_redirects=False, timeout=LONG)
    assert browser.ask("/chatsso/go").headers["Location"].startswith(f"{room.url}/?access_token=")
    browser.session.cookies.set("auth_tkt", "")
    assert browser.ask("/chatsso/go").headers["Location"] == f"{room.url}/", "his session is over"
    assert "could not be read" not in caplog.text


def test_a_rotation_of_an_id_that_tells_nobody_is_no_logout_either(
    room: RunningSandbox, tmp_path: Path, start: Start
) -> None:
    site = database_site(room, tmp_path, include_first=True)

    def rotate(request: Any) -> Response:
        return HTTPFound("/", headers=[*forget(request), *remember(request, request.authenticated_userid)])

    site.view("/rotate", rotate)
    browser = start(site)
    browser.get("/login?user=1")
    browser.get("/rotate")
    assert browser.get("/").tags == ()
    assert who_chats(browser, room) == ANN
    assert room.calls.to("/sso/token/logout") == ()


def test_a_page_of_an_exception_view_is_a_page_and_images_ask_no_database(
    room: RunningSandbox, tmp_path: Path, start: Start
) -> None:
    site = database_site(room, tmp_path, include_first=True)
    lookups = []

    def image(request: Any) -> Response:
        request.add_finished_callback(lambda request: lookups.append(request.environ.get("lookups", 0)))
        return Response(b"GIF89a", content_type="image/gif")

    def fail(request: Any) -> Response:
        request.db.add(Member(id=3, email="never@example.com"))
        raise LookupError

    site.view("/image", image)
    site.view("/fail", fail)
    site.config.add_exception_view(
        lambda error, request: Response(PAGE.format(user="sorry", chat=room.url)), context=LookupError
    )
    browser = start(site)
    browser.session.get(f"{browser.site}/login?user=1", allow_redirects=False, timeout=LONG)
    browser.get("/image")
    assert lookups == [0]
    page = browser.get("/fail")
    assert page.user == "sorry"
    assert len(page.tags) == 1
    assert who_chats(browser, room) == ANN


def test_a_policy_that_fails_breaks_no_page(
    site: Site, start: Start, room: RunningSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(HelperPolicy):
        def identity(self, request: Any) -> Any:
            raise RuntimeError("canary")

    site.config.set_security_policy(Failing(AuthTktCookieHelper(SECRET, hashalg="sha512")))
    site.include()
    browser = start(site)
    browser.get(f"/login?user={ANN}")
    assert browser.get("/").status == 200
    assert who_chats(browser, room) == ANN, "it does not say that he has left"
    assert "could not be read: RuntimeError" in caplog.text
    assert "canary" not in caplog.text


# Events.


def test_an_application_hears_of_logins_and_logouts(site: Site, start: Start) -> None:
    heard: list[tuple[str, str, str]] = []
    ticket_policy(site.config)
    site.include()
    for event in (LoginNoticed, LogoutNoticed):
        site.config.add_subscriber(
            lambda event: heard.append((type(event).__name__, event.request.path, event.user.email)), event
        )
    browser = start(site)
    for path in ("/", f"/login?user={ANN}", f"/login?user={ANN}", f"/login?user={BOB}", "/", "/logout", "/"):
        browser.get(path)
    assert heard == [
        ("LoginNoticed", "/login", ANN),
        ("LogoutNoticed", "/login", ANN),
        ("LoginNoticed", "/login", BOB),
        ("LogoutNoticed", "/logout", BOB),
    ]


def test_an_application_may_send_what_happened(site: Site, start: Start, room: RunningSandbox) -> None:
    site.config.registry.settings["chatsso.identity"] = "events"
    site.include()
    events: dict[str, Callable[[Any], Any]] = {
        "register": lambda request: Registered(request, ChatUser(ANN, username="ann"), password="canary"),
        "in": lambda request: LoggedIn(request, ChatUser(ANN), remember=True),
        "edit": lambda request: Edited(request, ANN, username="annie", password="canary"),
        "out": LoggedOut,
        "delete": lambda request: Deleted(request, (ANN, BOB)),
    }

    def send(request: Any) -> Response:
        event = events[request.matchdict["event"]](request)
        assert "canary" not in repr(event)
        request.registry.notify(event)
        return self_page(request)

    self_page = site.page
    site.view("/send/{event}", send)
    browser = start(site)
    browser.get("/send/register")
    room.calls.wait_for("/sso/user/register")
    assert "rememberMe=1" in browser.get("/send/in").tags[0]
    assert who_chats(browser, room) == ANN
    browser.get("/send/edit")
    room.calls.wait_for("/sso/user/edit")
    browser.get("/send/out")
    assert who_chats(browser, room) == ""
    browser.get("/send/delete")
    room.calls.wait_for("/sso/user/delete")


def test_a_subscriber_that_fails_breaks_no_login(
    site: Site, start: Start, room: RunningSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(event: Any) -> None:
        raise RuntimeError("canary")

    ticket_policy(site.config)
    site.include()
    site.config.add_subscriber(fail, LoginNoticed)
    browser = start(site)
    browser.get(f"/login?user={ANN}")
    assert who_chats(browser, room) == ANN
    assert "canary" not in caplog.text


# The response path.


def answer_of(site: Site, path: str, **environ: Any) -> tuple[str, dict[str, str], Any]:
    """The application's answer as a server gets it, before any of its body is read."""
    app = site.config.make_wsgi_app()
    started: list[Any] = []
    request = Request.blank(path, environ=environ or None)
    body = app(request.environ, lambda status, headers, exc_info=None: started.append((status, headers)))
    status, headers = started[0]
    return status, dict(headers), body


def test_a_page_that_comes_bit_by_bit_goes_out_bit_by_bit_and_is_closed_once(site: Site) -> None:
    log: list[str] = []

    class Body:
        def __iter__(self) -> Iterator[bytes]:
            for number in range(3):
                log.append(f"made {number}")
                yield b"<p>%d</p>" % number

        def close(self) -> None:
            log.append("closed")

    site.view("/stream", lambda request: Response(app_iter=Body(), content_type="text/html"))
    site.config.registry.settings |= {"chatsso.guests": "login", "chatsso.login_url": "/login"}
    site.include()
    status, _, body = answer_of(site, "/stream", HTTP_ACCEPT="text/html")
    assert status == "200 OK"
    for chunk in body:
        log += [f"got {chunk.decode()}"]
    body.close()
    assert log == ["made 0", "got <p>0</p>", "made 1", "got <p>1</p>", "made 2", "got <p>2</p>", "closed"]
    site.parts.stop()


def test_a_body_that_fails_at_its_first_chunk_is_closed_and_the_error_goes_on(site: Site) -> None:
    closed = []

    class Body:
        def __iter__(self) -> Iterator[bytes]:
            raise LookupError

        def close(self) -> None:
            closed.append(True)

    site.view("/stream", lambda request: Response(app_iter=Body(), content_type="text/html"))
    site.config.registry.settings |= {"chatsso.guests": "login", "chatsso.login_url": "/login"}
    site.include()
    with pytest.raises(LookupError):
        answer_of(site, "/stream", HTTP_ACCEPT="text/html")
    assert closed == [True]
    site.parts.stop()


@implementer(IResponse)
class OldFashioned:
    """A response that is a WSGI application of its own, and uses what PEP 3333 keeps for old ones."""

    def __init__(self, *, fail: bool = False) -> None:
        self.fail = fail

    def __call__(self, environ: Any, start_response: Any) -> list[bytes]:
        write = start_response("200 OK", [("Content-Type", "text/html")])
        if self.fail:
            error = LookupError()
            start_response("500 Oh", [], (LookupError, error, None))
        write(b"<p>written</p>")
        return [b"<p>returned</p>"]


def test_what_a_response_writes_comes_before_what_it_returns(site: Site) -> None:
    site.view("/old", lambda request: OldFashioned())
    site.include()
    status, headers, body = answer_of(site, "/old")
    assert (status, headers["Content-Type"]) == ("200 OK", "text/html")
    assert b"".join(body) == b"<p>written</p><p>returned</p>"
    site.parts.stop()


def test_an_error_that_a_response_passes_to_the_server_is_raised(site: Site) -> None:
    site.view("/old", lambda request: OldFashioned(fail=True))
    site.include()
    with pytest.raises(LookupError):
        answer_of(site, "/old")
    site.parts.stop()


def test_answers_that_are_no_pages_come_out_as_they_are(site: Site) -> None:
    site.view("/304", lambda request: HTTPNotModified(etag="x"))
    site.view("/bare", lambda request: Response(headerlist=[], body=b"bytes"))
    site.view("/to", lambda request: HTTPFound("/elsewhere"))
    site.include()
    assert answer_of(site, "/304")[0] == "304 Not Modified"
    _, headers, body = answer_of(site, "/bare")
    assert (headers, list(body)) == ({"Content-Length": "5"}, [b"bytes"])
    assert answer_of(site, "/to")[1]["Location"] == "http://localhost/elsewhere", "as Pyramid itself has it"
    assert list(answer_of(site, "/", REQUEST_METHOD="HEAD")[2]) == []
    site.parts.stop()


def test_a_request_that_is_tried_again_starts_afresh(site: Site, room: RunningSandbox) -> None:
    tries: list[Any] = []

    def view(request: Any) -> Response:
        tries.append(request.chatsso)
        request.chatsso.log_in(ANN)
        if len(tries) == 1:
            raise LookupError
        return site.page(request)

    site.view("/retry", view)
    site.include()
    app = site.config.make_wsgi_app()
    environ = Request.blank("/retry").environ
    with pytest.raises(LookupError):
        app(environ, lambda *_: None)
    assert "chatsso" not in environ
    headers: list[Any] = []
    body = app(environ, lambda status, given, exc_info=None: headers.extend(given))
    assert b"/sso/token/login?" in b"".join(body)
    assert any(name == "Set-Cookie" for name, _ in headers)
    assert tries[0] is not tries[1]
    site.parts.stop()


def test_nothing_of_the_request_is_left_in_its_environ_that_holds_it_alive(site: Site) -> None:
    site.include()
    app = site.config.make_wsgi_app()
    environ = Request.blank("/").environ
    app(environ, lambda *_: None)
    assert "chatsso.pyramid_request" not in environ
    site.parts.stop()


# Subrequests.


def test_a_subrequest_without_tweens_has_no_handle_and_says_how_to_get_one(site: Site) -> None:
    def outer(request: Any) -> Any:
        return request.invoke_subrequest(Request.blank("/inner"))

    site.view("/outer", outer)
    site.view("/inner", lambda request: Response(request.chatsso.chat_url("/")))
    site.include()
    with pytest.raises(RuntimeError, match="use_tweens=True"):
        answer_of(site, "/outer")
    site.parts.stop()


@pytest.mark.parametrize("use_tweens", [True, False])
def test_a_subrequest_with_the_browsers_handle_logs_the_browser_in(
    site: Site, start: Start, room: RunningSandbox, use_tweens: bool
) -> None:
    def outer(request: Any) -> Any:
        inner = Request.blank("/inner")
        inner.environ["chatsso"] = request.chatsso
        return request.invoke_subrequest(inner, use_tweens=use_tweens)

    def log_in(request: Any) -> Response:
        request.chatsso.log_in(ANN)
        return site.page(request)

    site.view("/outer", outer)
    site.view("/inner", log_in)
    site.include()
    browser = start(site)
    assert len(browser.get("/outer").tags) == 1
    assert who_chats(browser, room) == ANN


def test_a_subrequest_with_tweens_and_cookies_of_its_own_is_a_request_of_its_own(
    site: Site, start: Start
) -> None:
    ticket_policy(site.config)
    site.include()
    site.view("/outer", lambda request: request.invoke_subrequest(Request.blank("/"), use_tweens=True))
    browser = start(site)
    browser.get(f"/login?user={ANN}")
    page = browser.get("/outer")
    assert page.user == "nobody"
    assert "access_token" in page.links["plain"], "the page goes to whoever asked for it"


# Settings.


def test_every_mistake_in_the_settings_is_told_at_the_include() -> None:
    config = Configurator(
        settings={"chatsso.providers": "website_toolbox", "chatsso.page_wiat": 1, "other": 2}
    )
    with pytest.raises(ConfigurationError) as raised:
        config.include("chatsso_middleware")
    assert {problem.key for problem in raised.value.problems} == {
        "chatsso.secret",
        "chatsso.page_wiat",
        "chatsso.website_toolbox.url",
        "chatsso.website_toolbox.api_key",
    }
    assert {problem.place for problem in raised.value.problems} == {"the application's settings"}


def test_with_the_inis_path_in_the_settings_the_line_is_named_and_the_outbox_lies_beside(
    room: RunningSandbox, tmp_path: Path
) -> None:
    ini = tmp_path / "development.ini"
    ini.write_text("[app:main]\nuse = egg:site\nchatsso.links = perhaps\n")
    site = Site(room, tmp_path, **{"__file__": str(ini), "chatsso.links": "perhaps"})
    with pytest.raises(ConfigurationError, match=r"chatsso\.links \(development\.ini, line 3\)"):
        site.include()
    site = Site(room, tmp_path, **{"__file__": str(ini), "chatsso.outbox": None})
    site.include()
    assert site.parts.settings.outbox == f"sqlite:///{tmp_path}/chatsso-outbox.sqlite3"


def test_a_login_whose_headers_are_not_in_the_answer_is_none(
    site: Site, start: Start, room: RunningSandbox
) -> None:
    """The view failed after it, or wants a second factor first."""

    def fail(request: Any) -> Any:
        remember(request, ANN)
        raise LookupError

    def half(request: Any) -> Any:
        request.session_of_the_first_factor = remember(request, ANN)
        return Response("<body>And now the code from your phone</body>")

    site.view("/fail", fail)
    site.view("/half", half)
    site.config.add_exception_view(lambda request: Response("<body>Oh</body>", status=500), LookupError)
    site.config.set_security_policy(cookie_policy())
    site.include()
    browser = start(site)
    for path in ("/fail", "/half"):
        answer = browser.ask(path)
        assert "chatsso=" not in answer.headers.get("Set-Cookie", "")
        assert browser.get("/").tags == ()
    browser.get(f"/login?user={ANN}")
    assert who_chats(browser, room) == ANN


def test_no_callback_of_the_application_makes_a_page_with_a_token_cacheable(site: Site, start: Start) -> None:
    def cached(request: Any) -> Response:
        request.add_response_callback(lambda _, response: setattr(response, "cache_expires", 3600))
        return site.page(request)

    site.view("/cached", cached)
    site.config.set_security_policy(cookie_policy())
    site.include()
    browser = start(site)
    assert "max-age=3600" in browser.get("/cached").headers["Cache-Control"]
    browser.get(f"/login?user={ANN}")
    page = browser.get("/cached")
    assert "access_token" in page.links["plain"]
    assert page.headers["Cache-Control"] == "private, no-store"
    assert "Expires" not in page.headers

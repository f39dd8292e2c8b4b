"""The middleware: WSGI plumbing between the host and the login flow (PEP 3333)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from .assembly import Site, assemble
from .failures import described
from .handle import Handle
from .login_flow import Tag
from .page import csp
from .page.edits import LinkEdit, PageEdits, ThroughGateway
from .page.eligibility import Page, asks_for_page, prepare_request
from .page.markup import image_tag, script_tag
from .page.response import VALIDATORS, Headers, Plan, make_private, respond
from .settings import Source
from .state.session_state import SessionState
from .urls import split_web_address
from .widgets import PageWidgets, has_widgets, places_for_guests, widgets_of

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["ChatSSOMiddleware"]

log = logging.getLogger(__name__)

Noticed = Callable[[Mapping[str, Any], SessionState, SessionState], object]

LITERAL_IN_PATHS: Final = "/!$&'()*+,:=@~"
"""What a browser leaves as it is in a path (URL Standard), and compares a cookie's Path with literally."""
OF_A_PYRAMID_HOST: Final = ("webob.", "bfg.")
"""What a Pyramid host around us keeps of its own request would mislead our own application."""


class ChatSSOMiddleware:
    """A WSGI application around another one, whose visitors it logs in to the chat."""

    def __init__(
        self,
        app: WSGIApplication,
        settings: Mapping[str, Any] | Site,
        *,
        source: Source | None = None,
        noticed: Noticed | None = None,
    ) -> None:
        """`settings`: the keys of an ini section, or what `assemble` made of it; `source`: where they stand.

        `noticed` is called with the environ and the states before and after a login or logout was noticed.
        Raises `ConfigurationError` with every problem at once.
        """
        self.app = app
        self.site = settings if isinstance(settings, Site) else assemble(settings, source)
        self._noticed = noticed
        self._mount = self.site.settings.mount
        self._below_mount = self._mount + "/"
        self._policies = _Policies(self.site)
        self._cookie_name = self.site.settings.cookie_name
        policy = self.site.flow.policy
        self._concerns_strangers = (
            self.site.reader is not None
            or policy.delivery == "gateway"
            or policy.guests == "login"
            or bool(self.site.page_scripts)
            or places_for_guests(self.site.flow)
        )
        """Whether answers to visitors without our cookie may change though the host says nothing to us."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as the host does, with our tags and links; below `mount`, answer ourselves."""
        if "chatsso" in environ and isinstance(environ["chatsso"], Handle):
            return self.app(environ, start_response)  # there is one of us around this one already
        site = self.site
        site.start()
        script_name = environ.get("SCRIPT_NAME", "")
        if script_name:
            script_name = quote(script_name.rstrip("/"), safe=LITERAL_IN_PATHS, encoding="latin-1")
        cookies = environ.get("HTTP_COOKIE", "")
        handle = environ["chatsso"] = Handle(
            site.flow,
            site.accounts,
            site.cookie,
            cookies,
            script_name=script_name,
            mount=self._mount,
            secure=site.https or environ["wsgi.url_scheme"] == "https",
        )
        exchange = _Exchange(site, environ, handle, self._noticed, self._policies)
        path = environ.get("PATH_INFO", "")
        if path.startswith(self._below_mount) or path == self._mount:
            return exchange.answer_ourselves(start_response)
        if self._concerns_strangers or self._cookie_name in cookies:
            exchange.prepare()
        return respond(self.app, environ, start_response, exchange.plan)


class _Exchange:
    """One request and what becomes of its answer."""

    _concerned = False
    """Whether the answer may change though the host says nothing to the handle."""
    _told: str | None = None
    """The login that `noticed` was told of, empty for a logout."""

    def __init__(
        self,
        site: Site,
        environ: WSGIEnvironment,
        handle: Handle,
        noticed: Noticed | None,
        policies: _Policies,
    ) -> None:
        self._site = site
        self._environ = environ
        self._handle = handle
        self._noticed = noticed
        self._policies = policies

    def answer_ourselves(self, start_response: StartResponse) -> Iterable[bytes]:
        """One of our endpoints' answers."""
        site, handle = self._site, self._handle
        if site.reader is not None and site.reader.sees_before_host:
            self._reconcile()
            self._tell()
        mount = site.settings.mount
        environ = {
            name: value for name, value in self._environ.items() if not name.startswith(OF_A_PYRAMID_HOST)
        }
        environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + mount
        environ["PATH_INFO"] = environ["PATH_INFO"][len(mount) :] or "/"

        def start_with_cookie(
            status: str, headers: Headers, exc_info: OptExcInfo | None = None, /
        ) -> Callable[[bytes], object]:
            return start_response(status, self._with_cookie(headers), exc_info)

        answer = site.endpoints(environ, start_with_cookie)
        handle.headers_gone = True
        return answer

    def prepare(self) -> None:
        """Ask the host for an answer that can be edited, where it may have to be."""
        self._concerned = True
        settings, policy, handle = self._site.settings, self._site.flow.policy, self._handle
        somebody = handle.state.user is not None
        for_this_user = settings.links and somebody and policy.delivery == "direct"
        for_this_user = for_this_user or (settings.tags and handle.something_due)
        for_everybody = settings.links and (
            policy.delivery == "gateway" or (policy.guests == "login" and not somebody)
        )
        for_everybody = for_everybody or bool(self._site.page_scripts) or self._policies.widgets_for_guests
        for_this_user = for_this_user or (
            somebody and policy.delivery == "direct" and self._policies.has_widgets
        )
        if (for_this_user or for_everybody) and asks_for_page(self._environ):
            prepare_request(self._environ, keep_validators=not for_this_user)

    def plan(self, headers: Headers, find_page: Callable[[], Page | None]) -> Plan | None:
        """What becomes of the host's answer. Never raises: the host's pages come first."""
        handle = self._handle
        if not (self._concerned or handle.changed):
            handle.headers_gone = True
            return None
        plan = None
        try:
            self._reconcile()
            page = find_page()
            if page is not None and not handle.spoken:
                handle.change_state(self._site.flow.expire(handle.state))
            self._tell()
            plan = Plan(self._own_headers(headers))
            if page is not None:
                plan = self._edited(plan, page)
        except Exception as error:  # the last line of defence, and it must not tell a secret
            log.error("An answer went out without our edits, because of %s", described(error))
        finally:
            handle.headers_gone = True
        return plan

    def _edited(self, plan: Plan, page: Page) -> Plan:
        """The plan of a page: its tags and links, as far as there are any."""
        flow, settings, handle = self._site.flow, self._site.settings, self._handle
        tags: tuple[Tag, ...] = ()
        if page.tags and settings.tags and not handle.placed:
            tags = handle.due_tags(flow.policy.page_wait)
        links = flow.link_edits(handle.state, handle.mount) if settings.links else ()
        scripts = self._site.page_scripts if page.tags else ()
        widgets = widgets_of(flow, handle.state, handle.page_session, whole_page=page.tags)
        if not (tags or links or scripts or widgets):
            return plan
        markup = "".join(image_tag(tag.address, xml=page.xml) for tag in tags)
        markup += "".join(script_tag(f"{handle.mount}/{path}") for path in scripts)
        markup += "".join(script_tag(widget.source, widget.attributes) for _, widget in widgets.placed)
        for_user = flow.policy.delivery == "direct" and handle.user is not None
        personal = for_user and bool(links or widgets)
        return Plan(
            self._policies.let_through(plan.headers, tags, links, scripts, widgets),
            PageEdits(markup.encode("ascii"), links, widgets.attributes, xml=page.xml),
            private=bool(tags) or personal,
            delivered=self._acknowledgements(tags),
        )

    def _own_headers(self, headers: Headers) -> Headers:
        """The answer's headers with what follows from what the host did and said."""
        headers = self._with_cookie(headers)
        if self._handle.exposed:
            kept = [(name, value) for name, value in headers if name.lower() not in VALIDATORS]
            headers = [*make_private(kept), *self._acknowledgements(self._handle.placed)]
        return headers

    def _with_cookie(self, headers: Headers) -> Headers:
        """A shared cache that kept a state cookie would log strangers in, so none may keep its answer."""
        if not self._handle.changed:
            return headers
        return [*make_private(headers), ("Set-Cookie", self._handle.set_cookie())]

    def _acknowledgements(self, tags: Iterable[Tag]) -> tuple[tuple[str, str], ...]:
        """Those tags that the gateway serves are acknowledged when the browser comes for them."""
        return tuple(("Set-Cookie", self._handle.acknowledgement(tag)) for tag in tags if tag.direct)

    def _reconcile(self) -> None:
        reader, handle = self._site.reader, self._handle
        if reader is None or handle.spoken:
            return
        try:
            identity = reader(self._environ)
            handle.change_state(self._site.flow.reconcile(handle.state, identity))
        except Exception as error:  # the host's own code, or an identity that is none
            log.error("Who is logged in could not be read: %s", described(error))

    def _tell(self) -> None:
        handle = self._handle
        known = handle.initial.login if self._told is None else self._told
        if self._noticed is None or handle.state.login == known:
            return
        self._told = handle.state.login
        try:
            self._noticed(self._environ, handle.initial, handle.state)
        except Exception as error:  # a subscriber of the host's
            log.error("A subscriber to logins failed: %s", described(error))


class _Policies:
    """What a site's Content-Security-Policies need for our edits to work."""

    def __init__(self, site: Site) -> None:
        self._site = site
        address = split_web_address(site.settings.site_url or "")
        self._own_origin = None if address is None else address.origin
        self._warned: set[csp.Need] = set()
        self.widgets_for_guests = places_for_guests(site.flow)
        """Whether pages change for visitors who are not logged in, since a chat is placed in them."""
        self.has_widgets = has_widgets(site.flow)
        """Whether pages change for members, since a chat may be shown in them."""

    def let_through(
        self,
        headers: Headers,
        tags: Sequence[Tag],
        links: Sequence[LinkEdit],
        scripts: Sequence[str],
        widgets: PageWidgets,
    ) -> Headers:
        """`headers` as they are, or opened for our edits, as the owner set it."""
        needs = self._needs(tags, links)
        if scripts:
            needs += [csp.Need("script-src", csp.SELF), csp.Need("connect-src", csp.SELF)]
        for chat in widgets.chats_shown:
            needs += [csp.Need(directive, chat.provider.origin) for directive in ("script-src", "frame-src")]
        unmet = csp.unmet(headers, needs, self._own_origin)
        if not unmet:
            return headers
        if self._site.settings.csp == "extend":
            return csp.extended(headers, unmet, self._own_origin)
        for need in unmet:
            if need not in self._warned:
                self._warned.add(need)
                log.warning(
                    "A Content-Security-Policy of the site keeps browsers from the chat: add %s to its %s, "
                    "or set csp = extend",
                    need.source,
                    need.directive,
                )
        return headers

    def _needs(self, tags: Sequence[Tag], links: Sequence[LinkEdit]) -> list[csp.Need]:
        # The gateway redirects, and a policy looks at both addresses (CSP Level 3, section 7.7).
        needs = [csp.Need("img-src", self._origin(tag.provider)) for tag in tags]
        if any(not tag.direct for tag in tags):
            needs.append(csp.Need("img-src", csp.SELF))
        for link in links:
            if isinstance(link.change, ThroughGateway):
                chat = self._origin(link.change.provider)
                needs.append(csp.Need("frame-src", csp.SELF, instead_of=chat))
        return needs

    def _origin(self, provider: str) -> str:
        return self._site.flow.chats[provider].provider.origin

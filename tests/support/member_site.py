"""A site with links to several chats, the same behind each entrance of the middleware."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from paste.deploy import loadapp
from pyramid.config import Configurator
from pyramid.wsgi import wsgiapp

from chatsso_middleware import ChatSSOMiddleware
from chatsso_middleware.assembly import Site
from chatsso_middleware.pyramid_addon import REGISTRY_KEY

ENTRANCES = ("python", "paste", "pyramid")


class MemberSite:
    """Every path is a page that says who is logged in; four of them are forms' targets.

    `links` are what stands in each page, by the `id` of its element: an address that ends with ``.js`` in a
    script's tag, any other in a link.
    """

    def __init__(self, **links: str) -> None:
        self.links = links
        self.headers = [("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "public, max-age=60")]

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        handle = environ["chatsso"]
        match environ["PATH_INFO"]:
            case "/enter":
                form = _form_of(environ)
                handle.log_in(**form | {"extra": json.loads(form.get("extra", "{}"))})
            case "/leave":
                handle.log_out()
            case "/rename":
                handle.edit(**_form_of(environ))
            case "/delete":
                handle.delete(_form_of(environ)["address"])
            case _:
                start_response("200 OK", list(self.headers))
                return [self._page(handle.user)]
        start_response("303 See Other", [("Location", "/")])
        return [b""]

    def _page(self, user: Any) -> bytes:
        elements = "".join(_element(name, address) for name, address in self.links.items())
        who = "nobody" if user is None else user.email
        return f'<!doctype html><title>A</title><p id="user">{escape(who)}</p>{elements}</body>'.encode()


def app_factory(_global_conf: Mapping[str, str], **links: str) -> MemberSite:
    """``paste.app_factory``."""
    return MemberSite(**links)


def site_behind(
    entrance: str, settings: Mapping[str, Any], links: Mapping[str, str], folder: Path
) -> tuple[Any, Site]:
    """The WSGI application behind one of `ENTRANCES`, and what its middleware is made of."""
    if entrance == "python":
        middleware = ChatSSOMiddleware(MemberSite(**links), settings)
        return middleware, middleware.site
    if entrance == "paste":
        ini = write_ini(folder, settings, links)
        app = loadapp(f"config:{ini}")
        return app, app.site
    with Configurator(settings={f"chatsso.{name}": value for name, value in settings.items()}) as config:
        config.include("chatsso_middleware")
        config.add_route("all", "/*path")
        config.add_view(wsgiapp(MemberSite(**links)), route_name="all")
        site: Site = config.registry[REGISTRY_KEY]
        return config.make_wsgi_app(), site


def write_ini(folder: Path, settings: Mapping[str, Any], links: Mapping[str, str]) -> Path:
    """The site as an owner writes it for PasteDeploy."""
    ini = folder / "site.ini"
    lines = "\n".join(f"{name} = {value}" for name, value in settings.items())
    more = "\n".join(f"{name} = {address}" for name, address in links.items())
    ini.write_text(
        f"[filter:chatsso]\nuse = egg:chatsso-middleware\n{lines}\n\n"
        f"[app:site]\npaste.app_factory = {__name__}:app_factory\n{more}\n\n"
        "[pipeline:main]\npipeline = chatsso site\n"
    )
    return ini


def _element(name: str, address: str) -> str:
    if address.endswith(".js"):
        return f'<script defer id="{name}" src="{escape(address)}"></script>'
    return f'<a id="{name}" href="{escape(address)}">{name}</a>'


def _form_of(environ: Mapping[str, Any]) -> dict[str, Any]:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    return dict(parse_qsl(environ["wsgi.input"].read(length).decode()))

"""The same small site as a Pyramid application. Its views never speak to the chat: the policy is watched."""

from __future__ import annotations

import secrets
from typing import Any

from pyramid.authentication import AuthTktCookieHelper
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPFound, HTTPSeeOther
from pyramid.response import Response
from pyramid.security import forget, remember

from chatsso_middleware.pyramid_addon import REGISTRY_KEY

from .site import PAGE


class CookiePolicy:
    """A security policy whose identity is an email address in a signed cookie."""

    def __init__(self) -> None:
        self.helper = AuthTktCookieHelper(secrets.token_hex(), hashalg="sha512")

    def identity(self, request: Any) -> dict[str, str] | None:
        found = self.helper.identify(request)
        return {"email": found["userid"], "username": "from-identity"} if found else None

    def authenticated_userid(self, request: Any) -> str | None:
        identity = self.identity(request)
        return identity["email"] if identity else None

    def permits(self, request: Any, context: Any, permission: str) -> bool:
        return True

    def remember(self, request: Any, userid: str, **keywords: Any) -> Any:
        return self.helper.remember(request, userid, **keywords)

    def forget(self, request: Any, **keywords: Any) -> Any:
        return self.helper.forget(request)


def make_pyramid_site(settings: dict[str, Any], chat: str) -> tuple[Any, Any]:
    """The application, and the parts of its middleware."""
    with Configurator(settings=settings) as config:
        config.include("chatsso_middleware")
        config.set_security_policy(CookiePolicy())

        def page(title: str, status: int = 200) -> Any:
            def view(request: Any) -> Response:
                user = request.identity["email"] if request.identity else "nobody"
                return Response(PAGE.format(title=title, user=user, chat=chat), status=status)

            return view

        def log_in(request: Any) -> Any:
            max_age = {"max_age": 1000} if request.POST.get("remember") == "1" else {}
            headers = remember(request, request.POST["email"], **max_age)
            return HTTPSeeOther(request.POST.get("then", "/landing"), headers=headers)

        config.add_route("home", "/")
        config.add_view(page("Home"), route_name="home")
        config.add_route("login", "/login")
        config.add_view(page("Log in"), route_name="login", request_method="GET")
        config.add_view(log_in, route_name="login", request_method="POST")
        config.add_route("landing", "/landing")
        config.add_view(lambda request: HTTPFound("/"), route_name="landing")
        config.add_route("logout", "/logout")
        config.add_view(lambda request: HTTPSeeOther("/", headers=forget(request)), route_name="logout")
        config.add_route("json", "/json")
        config.add_view(lambda request: {"html": PAGE}, route_name="json", renderer="json")
        config.add_route("image", "/image")
        config.add_view(lambda request: Response(b"GIF89a", content_type="image/gif"), route_name="image")
        config.add_notfound_view(page("Not found", 404))
        site = config.registry[REGISTRY_KEY]
        app = config.make_wsgi_app()
    return app, site

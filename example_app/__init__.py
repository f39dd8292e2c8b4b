"""Millbrook Lane Allotments: a site with members and a hosted chat, as the example of chatsso-middleware.

An ordinary Pyramid site. All that it does for the chat stands in ``chat.py``, and in an ini for each chat
system: ``development.ini`` has Website Toolbox, ``rocketchat.ini`` Rocket.Chat, ``typingmind.ini``
TypingMind.

``reading_room`` is another site, without users of its own: ``signin.ini`` gives it the hosted login page.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyramid.config import Configurator
from pyramid.csrf import SessionCSRFStoragePolicy
from pyramid.session import SignedCookieSessionFactory

from . import database, headers, routes
from .security import MemberPolicy
from .settings import SiteSettings

__all__ = ["main"]

CONVENTIONS: Mapping[str, str] = {
    "jinja2.trim_blocks": "true",
    "jinja2.lstrip_blocks": "true",
    # A misspelt name in a template is an error, not an empty place on the page.
    "jinja2.undefined": "strict",
    "tm.manager_hook": "pyramid_tm.explicit_manager",
    # Else every picture and style sheet would look up who is logged in.
    "tm.annotate_user": "false",
}


def main(global_config: Mapping[str, str], **settings: Any) -> Any:
    """The WSGI application, from its section of an ini file (PasteDeploy's ``app_factory``)."""
    site = SiteSettings.from_ini(settings)
    with Configurator(settings={**CONVENTIONS, **settings}) as config:
        config.add_request_method(lambda _: site, "site", property=True)
        config.add_request_method(headers.is_framed, "is_framed", reify=True)
        config.set_security_policy(
            MemberPolicy(site.secret, secure=site.is_https, samesite=site.cookie_samesite)
        )
        config.set_session_factory(
            SignedCookieSessionFactory(
                site.secret,
                salt="example_app.session.",
                cookie_name="millbrook_session",
                secure=site.is_https,
                httponly=True,
                samesite=site.cookie_samesite.capitalize(),
                timeout=86400,
                reissue_time=3600,
            )
        )
        config.set_csrf_storage_policy(SessionCSRFStoragePolicy())
        config.set_default_csrf_options(require_csrf=True)
        config.include("pyramid_jinja2")
        config.include("pyramid_tm")
        database.add_to(config, site.database)
        headers.add_to(config, site)
        routes.add_to(config)
        return config.make_wsgi_app()

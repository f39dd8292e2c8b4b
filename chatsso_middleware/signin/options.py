"""The settings of the sign-in: the table of its keys, and which values do not go together."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from ..converters import (
    PlainAddress,
    Unusable,
    boolean,
    choice,
    lines,
    named_callable,
    nearest,
    text,
)
from ..settings import Key
from ..urls import is_loopback, split_web_address
from .addresses import TrustedProxies, trusted_proxies
from .appearance import Appearance
from .checks import patterns
from .expressions import expression
from .form import FIELDS
from .languages import SHIPPED, missing_catalogues
from .page_options import color, folder, font, language_tags, linked_address, origins
from .placeholders import Template, template
from .rate_limits import RateLimit, rate_limits
from .success import ANY_2XX, success_rule

__all__ = ["KEYS", "disagreements"]

_NONE: Final[Mapping[str, Any]] = MappingProxyType({})
_FROM_ONE_ADDRESS: Final = (RateLimit(30, 60), RateLimit(300, 3600))
_AT_ONE_ACCOUNT: Final = (RateLimit(10, 60), RateLimit(50, 3600))
_LIBRARIES: Final = ("limits", "jmespath", "jinja2")
"""Of the extra ``signin``."""
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A token of RFC 9110, section 5.6.2."""
_OUR_HEADERS: Final = frozenset(
    {"accept-encoding", "connection", "content-length", "content-type", "expect", "host", "te", "upgrade"}
    | {"trailer", "transfer-encoding"}
)
"""What they say is decided by the call itself; a second word would contradict the first."""


def directory_url(value: Any) -> str:
    """The address that a login is sent to, with its query and the slash at its end as they are written."""
    written = text(value)
    address = split_web_address(written)
    if address is None:
        mend = "Write it whole and in ASCII, as in https://accounts.example.com/api/login."
        raise Unusable("The value is no http or https address.", mend)
    if address.user_information is not None:
        mend = "Take away all that stands before the @, and the @; signin.header.Authorization is for that."
        raise Unusable("A user name or a password stands in the address.", mend)
    if address.fragment is not None:
        raise Unusable("A fragment stands in the address.", "End it before the #.")
    if address.scheme == "http" and not is_loopback(address.host):
        return PlainAddress(written)
    return written


KEYS: Final = (
    Key("url", directory_url, None, "The address of the external system that a login is sent to."),
    Key("method", choice("POST", "GET"), "POST", "How it is sent; with GET the fields stand in the address."),
    Key("body", choice("json", "form"), "json", "How the fields of a POST are written."),
    Key("field.*", template, _NONE, "A field that is sent: {login}, {password}, text around.", secret=True),
    Key("header.*", template, _NONE, "A header that is sent, written in the same way.", secret=True),
    Key("success", success_rule, ANY_2XX, "Statuses, an expression, or both: 200 and status == 'ok'."),
    Key("user.id", expression, None, "Where the unique identifier stands in the answer (JMESPath)."),
    Key("user.email", expression, None, "Where the email address stands (JMESPath)."),
    Key("user.username", expression, None, "Where the user name stands (JMESPath)."),
    Key("user.name", expression, None, "Where the full name stands (JMESPath)."),
    Key("user.avatar_url", expression, None, "Where the address of a picture stands (JMESPath)."),
    Key("error_code", expression, None, "Where the code of a refusal stands (JMESPath)."),
    Key("message.*", text, _NONE, "What a visitor is told at a code or status; unavailable: at a failure."),
    Key("check.*", patterns, _NONE, "Regular expressions for the whole of a field, one a line."),
    Key("check.*.message", lines, _NONE, "What a visitor is told whose input does not match, one a line."),
    Key("verify", named_callable, None, "In place of url: from the fields to a ChatUser, or None."),
    Key("limit_ip", rate_limits, _FROM_ONE_ADDRESS, "How many attempts from one address are allowed."),
    Key("limit_account", rate_limits, _AT_ONE_ACCOUNT, "How many attempts at one account are allowed."),
    Key("trusted_proxies", trusted_proxies, TrustedProxies(), "Whose X-Forwarded-For is believed."),
    Key("reset_url", linked_address, None, "The page where a password is reset."),
    Key("terms_url", linked_address, None, "The Terms and Conditions."),
    Key("terms_required", boolean, False, "Whether a visitor has to tick that he accepts them."),
    Key("faq_url", linked_address, None, "The page with questions and answers."),
    Key("title", text, None, "The heading of the page."),
    Key("logo", linked_address, None, "The address of a picture above the heading."),
    Key("color", color, Appearance().color, "The colour of the button and the links, such as #0b57b8."),
    Key("font", font, None, "Font families, or the address of a font file."),
    Key("stylesheet", linked_address, None, "The address of a stylesheet that comes after ours."),
    Key("templates", folder, None, "A folder with templates that replace ours of the same name."),
    Key("languages", language_tags, SHIPPED, "The languages of the page, the first for everybody else."),
    Key("embed_origins", origins, (), "Exact origins that may show the page in a frame; webview for apps."),
)
"""In the order of the documentation. A ``*`` stands for one segment of the owner's choice."""


def disagreements(options: Mapping[str, Any]) -> Iterator[tuple[str, Unusable]]:
    """Values that are fine by themselves and not together. Those that had a problem already are left out."""
    url, verify = options.get("url"), options.get("verify")
    for library in _LIBRARIES:
        if importlib.util.find_spec(library) is None:
            mend = "Install it: pip install 'chatsso-middleware[signin]'"
            yield "verify" if verify else "url", Unusable(f"The library {library} is missing.", mend)
    if url is not None and verify is not None:
        yield "verify", Unusable("Both signin.url and signin.verify say who verifies.", "Take one away.")
    elif {"url", "verify"} <= options.keys() and url is None and verify is None:
        mend = "Set signin.url and what belongs to it, or signin.verify."
        yield "url", Unusable("Nothing says where a login is verified.", mend)
    if url is not None:
        yield from _incomplete_call(options)
    yield from _checks_of_nothing(options)
    for name in options.get("header.*", ()):
        yield from _bad_header(name)
    if options.get("terms_required") and "terms_url" in options and options["terms_url"] is None:
        yield "terms_required", Unusable("There are no terms to accept.", "Set signin.terms_url.")
    if {"languages", "templates"} <= options.keys():
        brought = [tag for tag in options["languages"] if tag not in SHIPPED]
        for tag in missing_catalogues(brought, options["templates"]):
            file = f"locale/{tag.replace('-', '_')}/LC_MESSAGES/signin.mo"
            mend = f"Take it away, or put {file} into the folder signin.templates."
            yield "languages", Unusable(f"There are no texts in the language {tag}.", mend)


def _incomplete_call(options: Mapping[str, Any]) -> Iterator[tuple[str, Unusable]]:
    for key, why in (
        ("user.id", "Without an identifier nobody can be told from another."),
        ("user.email", "Without an email address no chat knows whom to log in."),
    ):
        if key in options and options[key] is None:
            yield (
                key,
                Unusable(why, f"Set it to where it stands in the answer: signin.{key} = user.{key[5:]}"),
            )
    if not {"field.*", "header.*"} <= options.keys():
        return
    sent: set[str] = set()
    templates: list[Template] = [*options["field.*"].values(), *options["header.*"].values()]
    for each in templates:
        sent |= set(FIELDS) if "basic" in each.places else each.places
    for field in FIELDS:
        if field not in sent:
            mend = f"Set signin.field.NAME = {{{field}}}, with the name that the external system has for it."
            yield "url", Unusable(f"The {field} is sent nowhere.", mend)


def _checks_of_nothing(options: Mapping[str, Any]) -> Iterator[tuple[str, Unusable]]:
    checks: Mapping[str, Any] = options.get("check.*", _NONE)
    messages: Mapping[str, Any] = options.get("check.*.message", _NONE)
    for key in (*(f"check.{name}" for name in checks), *(f"check.{name}.message" for name in messages)):
        field = key.split(".")[1]
        if field not in FIELDS:
            mend = f"Known are {' and '.join(FIELDS)}; the nearest is {nearest(field, FIELDS)}."
            yield key, Unusable("The form has no such field.", mend)
    for field in FIELDS if "check.*" in options else ():
        told, needed = len(messages.get(field, ())), len(checks.get(field, ()))
        key = f"check.{field}.message"
        if told and not needed:
            yield key, Unusable("There is no check that it belongs to.", f"Set signin.check.{field}.")
        elif told not in {0, 1, needed}:
            mend = "Write one message a line, as many as there are checks, or one for all."
            yield key, Unusable("There are not as many messages as checks.", mend)


def _bad_header(name: str) -> Iterator[tuple[str, Unusable]]:
    if not _HEADER_NAME.fullmatch(name):
        yield f"header.{name}", Unusable("This is no name of a header.", "Use letters, digits and - only.")
    elif name.lower() in _OUR_HEADERS:
        mend = "Take it away; signin.body says what Content-Type is sent."
        yield f"header.{name}", Unusable("This header belongs to the call itself.", mend)

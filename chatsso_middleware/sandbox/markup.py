"""HTML pages out of elements, so that escaping is never forgotten, and the headers that go with them."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, SubElement, tostring

from webob import Response

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["COMMON_HEADERS", "Child", "element", "html_response", "page", "picture_address", "stylesheet"]

COMMON_HEADERS: Final = (
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
)

Child = Element | str | None
"""What stands in an element; `None` is left out."""


def element(tag: str, attributes: Mapping[str, str] | None = None, *children: Child) -> Element:
    """An HTML element. Text and attribute values are escaped when the page is written."""
    made = Element(tag, dict(attributes or {}))
    for child in children:
        if isinstance(child, Element):
            made.append(child)
        elif child and len(made):
            made[-1].tail = (made[-1].tail or "") + child
        elif child:
            made.text = (made.text or "") + child
    return made


def page(
    title: str,
    *main: Child,
    base: str,
    notice: str,
    navigation: Sequence[tuple[str, str]],
    current: str = "",
    head: Sequence[Element] = (),
) -> bytes:
    """A whole document in the sandboxes' common look.

    `base` is the path under which the sandbox is mounted; `navigation` holds pairs of path and words, and
    `current` is the path of the page itself. `notice` says on every page what a sandbox is. `head` holds
    further elements of the head, such as scripts.
    """
    html = Element("html", {"lang": "en"})
    SubElement(html, "head").extend(
        [
            element("meta", {"charset": "utf-8"}),
            element("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}),
            element("meta", {"name": "color-scheme", "content": "light dark"}),
            element("title", {}, title),
            element("link", {"rel": "stylesheet", "href": f"{base}/sandbox/style.css"}),
            *head,
        ]
    )
    links = []
    for path, words in navigation:
        attributes = {"href": base + path, "target": "_top"}  # a site may show the chat in a frame
        if path == current:
            attributes["aria-current"] = "page"
        links.append(element("a", attributes, words))
    html.append(
        element(
            "body",
            {},
            element(
                "header",
                {"class": "top"},
                element("p", {"class": "notice"}, element("strong", {}, "Sandbox:"), " ", notice),
                element("nav", {"aria-label": "Sandbox"}, *links),
            ),
            element("main", {}, *main),
        )
    )
    return f"<!DOCTYPE html>\n{tostring(html, encoding='unicode', method='html')}".encode()


def html_response(
    document: bytes,
    *,
    status: int = 200,
    form_targets: Sequence[str] = (),
    framed: bool = False,
    scripted: bool = False,
) -> Response:
    """The answer that carries `document`, under a policy that allows nothing but our stylesheet and pictures.

    `form_targets` are origins to which a form may lead by a redirect, `framed` allows other sites' frames.
    `scripted` allows our own scripts, and them to ask any server and to show any page in a frame.
    """
    forms = " ".join(["'self'", *form_targets])
    frames = "*" if framed else "'none'"
    scripts = (
        "script-src 'self'; connect-src http: https: ws: wss:; frame-src http: https:; " if scripted else ""
    )
    policy = (
        f"default-src 'none'; {scripts}style-src 'self'; img-src http: https:; base-uri 'none'; "
        f"form-action {forms}; frame-ancestors {frames}"
    )
    headers = [
        *COMMON_HEADERS,
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Security-Policy", policy),
    ]
    return Response(body=document, status=status, headerlist=headers)


def picture_address(address: str | None) -> str | None:
    """`address` if a browser would load a picture from it over HTTP, else `None`."""
    if not address:
        return None
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    return address if parts.netloc and parts.scheme in {"http", "https", ""} else None


@cache
def stylesheet() -> bytes:
    """The stylesheet of every page."""
    return (files(__package__) / "static" / "sandbox.css").read_bytes()

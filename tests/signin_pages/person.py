"""A person without a browser's window: keeps cookies, reads pages, and sends the forms that stand on them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin
from xml.etree.ElementTree import Element

import html5lib
import requests


class Shown:
    """A page as it was answered, and as a browser reads it."""

    def __init__(self, answer: requests.Response) -> None:
        self.answer = answer
        self.status = answer.status_code
        self.headers = answer.headers
        self.document = html5lib.parse(answer.text, namespaceHTMLElements=False)

    def by_id(self, name: str) -> Element:
        """The one element with this id."""
        found: list[Element] = [element for element in self.document.iter() if element.get("id") == name]
        (one,) = found
        return one

    def has(self, name: str) -> bool:
        """Whether an element has this id."""
        return any(element.get("id") == name for element in self.document.iter())

    def all(self, tag: str) -> list[Element]:
        """The elements of this kind, in their order."""
        return list(self.document.iter(tag))

    @property
    def text(self) -> str:
        """What stands between the tags of the body, but for scripts."""
        body = self.document.find("body")
        pieces = [
            text
            for element in body.iter()
            if element.tag not in ("script", "noscript")
            for text in (element.text, *(child.tail for child in element))
        ]
        return " ".join(" ".join(filter(None, pieces)).split())

    @property
    def heading(self) -> str:
        """The text of the one h1."""
        (found,) = self.all("h1")
        return "".join(found.itertext()).strip()

    @property
    def policy(self) -> dict[str, list[str]]:
        """The Content-Security-Policy: the sources of each directive."""
        directives = self.headers["Content-Security-Policy"].split("; ")
        return {name: sources for name, *sources in (directive.split() for directive in directives)}


class Person:
    """One browser's cookies, and the page that it shows."""

    def __init__(self, page: str, **headers: str) -> None:
        self.page = page
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers.update(
            {name.replace("_", "-"): value for name, value in headers.items()} or {"Accept-Language": "en"}
        )
        self.shown: Shown

    def get(self, below: str = "", **headers: str) -> Shown:
        """Go to an address that begins with that of the login page."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.session.get(self.page + below, headers=named, timeout=20)
        self.shown = Shown(answer)
        return self.shown

    def send(self, number: int = 0, /, *, headers: Any = None, **fields: str) -> Shown:
        """Fill in a form of the page that is shown, and send it."""
        form = self.shown.all("form")[number]
        ours = {
            str(field.get("name")): field.get("value", "")
            for field in form.iter("input")
            if field.get("type") != "checkbox"
        }
        answer = self.session.post(
            urljoin(self.page, form.get("action")),
            data={**ours, **fields},
            headers=headers,
            allow_redirects=False,
            timeout=20,
        )
        self.shown = Shown(answer)
        return self.shown

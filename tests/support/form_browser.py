"""A browser without a window that fills in the forms of pages, and remembers where it was led."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit
from xml.etree.ElementTree import Element

import html5lib
import requests

from .browser import NAVIGATION, Browser, Page, read


class FormBrowser(Browser):
    """One person's browser, and the page that it shows."""

    def __init__(self, site: str) -> None:
        super().__init__(site)
        self.session.headers["Accept-Language"] = "en"
        self.trail: list[str] = []
        """Every address that it went to, the oldest first."""
        self.shown: Page
        self.document: Element

    def send(self, number: int = 0, /, **fields: str) -> Page:
        """Fill in a form of the page that is shown, send it, and go where the answer leads."""
        form = list(self.document.iter("form"))[number]
        inputs = {each.get("name"): each.get("value", "") for each in form.iter("input")}
        ours = {name: value for name, value in inputs.items() if name is not None}
        address = urljoin(self.shown.address, form.get("action"))
        answer = self.session.request(
            form.get("method", "get"), address, data=ours | fields, headers=NAVIGATION, timeout=20
        )
        return self._show(answer, images=False)

    def follow(self, link: str) -> Page:
        """Click on the link with this `id`."""
        return self.get(self.shown.links[link], images=False)

    @property
    def text(self) -> str:
        """What stands between the tags of the page's body."""
        body = self.document.find("body")
        assert body is not None
        return " ".join("".join(body.itertext()).split())

    @property
    def heading(self) -> str:
        """The text of the first heading."""
        heading = self.document.find(".//h1")
        assert heading is not None
        return "".join(heading.itertext()).strip()

    def attribute(self, element: str, name: str) -> str | None:
        """An attribute of the element with this `id`."""
        (found,) = (each for each in self.document.iter() if each.get("id") == element)
        return found.get(name)

    def given(self, parameter: str) -> list[str]:
        """The values that this query parameter had on the way so far, the oldest first."""
        return [
            value for address in self.trail for value in parse_qs(urlsplit(address).query).get(parameter, [])
        ]

    def _show(self, answer: requests.Response, *, images: bool) -> Page:
        self.trail += [step.url for step in (*answer.history, answer)]
        self.shown = read(answer)
        self.document = _document(answer)
        if images:
            self.load_images(self.shown)
        return self.shown


def _document(answer: requests.Response) -> Any:
    return html5lib.parse(answer.content, namespaceHTMLElements=False)

"""A browser without a window: it follows redirects, keeps cookies and loads the images of a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import html5lib
import requests

NAVIGATION = {
    "Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
}


@dataclass(frozen=True)
class Page:
    """A page as a browser has read it."""

    status: int
    address: str
    headers: Any
    source: bytes
    images: tuple[str, ...]
    """The addresses of its images as they stand in the page, in their order."""
    links: dict[str, str]
    """The addresses of its links and scripts by their `id`."""
    user: str
    """The text of the element with the id `user`, or the address in `data-user` of the one called `who`."""

    @property
    def tags(self) -> tuple[str, ...]:
        """The 1x1 images of the chat, direct or through the gateway."""
        return tuple(image for image in self.images if "/sso/token/" in image or ".gif?event=" in image)


class Browser:
    """One person's browser."""

    def __init__(self, site: str) -> None:
        self.site = site
        self.session = requests.Session()
        self.session.trust_env = False

    def get(self, path: str, *, images: bool = True, **headers: str) -> Page:
        """Go to `path` of the site, or to a whole address, and load what the page shows."""
        answer = self.session.get(urljoin(self.site, path), headers=NAVIGATION | _names(headers), timeout=20)
        return self._show(answer, images=images)

    def post(self, path: str, *, images: bool = True, **fields: str) -> Page:
        """Send a form."""
        answer = self.session.post(urljoin(self.site, path), data=fields, headers=NAVIGATION, timeout=20)
        return self._show(answer, images=images)

    def ask(self, path: str, **headers: str) -> requests.Response:
        """One request as a script makes it: no redirect is followed, and no image loaded."""
        return self.session.get(
            urljoin(self.site, path), headers=_names(headers), timeout=20, allow_redirects=False
        )

    def load_images(self, page: Page) -> None:
        """Load the images of `page`, one after the other."""
        for image in page.images:
            self.session.get(
                urljoin(page.address, image),
                headers={"Accept": "image/*", "Sec-Fetch-Dest": "image", "Referer": page.address},
                timeout=20,
            )

    def close(self) -> None:
        self.session.close()

    def _show(self, answer: requests.Response, *, images: bool) -> Page:
        page = read(answer)
        if images:
            self.load_images(page)
        return page


def read(answer: requests.Response) -> Page:
    """Read a page as the HTML Standard says."""
    images: list[str] = []
    links: dict[str, str] = {}
    user = ""
    if "html" in answer.headers.get("Content-Type", ""):
        document = html5lib.parse(answer.content, namespaceHTMLElements=False)
        for element in document.iter():
            if element.tag == "img" and element.get("src"):
                images.append(element.get("src"))
            if element.tag == "a" and element.get("id") and element.get("href"):
                links[element.get("id")] = element.get("href")
            if element.tag == "script" and element.get("id") and element.get("src"):
                links[element.get("id")] = element.get("src")
            if element.get("id") == "user":
                user = element.text or ""
            if element.get("id") == "who":
                user = element.get("data-user", "")
    return Page(answer.status_code, answer.url, answer.headers, answer.content, tuple(images), links, user)


def _names(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}

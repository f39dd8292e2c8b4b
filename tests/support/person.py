"""Somebody in front of a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from selenium import webdriver
from selenium.webdriver.common.by import By

from tests.support.window_waiting import wait_until

__all__ = ["DESK", "PHONE", "Person"]

AXE: Final = Path(__file__).parent.parent / "browsers" / "vendor" / "axe.min.js"
PHONE: Final = (390, 844)
DESK: Final = (1280, 800)


class Person:
    """Who looks for things on a page by their CSS selectors, and waits for what comes."""

    def __init__(self, window: webdriver.Chrome) -> None:
        self.window = window

    def open(self, address: str) -> None:
        self.window.get(address)

    def wait(self, holds: Callable[[], Any]) -> Any:
        """What `holds` gives once it is true. While a page comes or goes, it is not."""
        return wait_until(self.window, holds)

    def find(self, selector: str) -> Any:
        return self.window.find_element(By.CSS_SELECTOR, selector)

    def find_all(self, selector: str) -> list[Any]:
        return list(self.window.find_elements(By.CSS_SELECTOR, selector))

    def fill_in(self, **fields: str) -> None:
        """Type into the fields with these names, over what stands there."""
        for name, value in fields.items():
            field = self.find(f"main form input[name={name}]")
            field.clear()
            field.send_keys(value)

    def click_and_leave(self, selector: str) -> None:
        """Click, and wait until the next page is there."""
        self.window.execute_script("window.isStillHere = true")
        self.find(selector).click()
        arrived = "return window.isStillHere === undefined && document.readyState === 'complete'"
        self.wait(lambda: self.window.execute_script(arrived))

    @contextmanager
    def inside(self, selector: str) -> Iterator[None]:
        """In the frame that `selector` finds."""
        self.window.switch_to.frame(self.wait(lambda: self.find(selector)))
        try:
            yield
        finally:
            self.window.switch_to.parent_frame()

    def on_screen(self, size: tuple[int, int], scheme: str) -> None:
        """See pages as on a screen of `size`, in the ``light`` or ``dark`` scheme."""
        metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False}
        self.window.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        # Without motion: halfway from one colour to the next there is no telling what axe would see.
        features = [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]
        self.window.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def faults(self) -> list[str]:
        """What axe and a ruler find wrong with the page on a phone and on a desk, in both schemes."""
        found = []
        for size in (PHONE, DESK):
            for scheme in ("light", "dark"):
                self.on_screen(size, scheme)
                found += [f"{size} {scheme} {violation}" for violation in self._violations()]
            measure = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
            if self.window.execute_script(measure):
                found.append(f"{size} scrolls sideways")
        return found

    def policy_complaints(self) -> list[str]:
        """What the browser said of Content-Security-Policies since it was last asked."""
        log: Any = self.window.get_log("browser")  # type: ignore[no-untyped-call]  # Selenium has no types here
        return [entry["message"] for entry in log if "Content Security Policy" in entry["message"]]

    def _violations(self) -> list[str]:
        violations = self.window.execute_async_script(
            AXE.read_text(encoding="utf-8") + "; const done = arguments[arguments.length - 1];"
            "axe.run(document, {resultTypes: ['violations']}).then((results) => done(results.violations));"
        )
        return [f"{problem['id']}: {[node['target'] for node in problem['nodes']]}" for problem in violations]

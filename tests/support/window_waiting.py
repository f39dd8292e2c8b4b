"""Waiting for something in a real browser, while pages come and go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from selenium import webdriver
from selenium.common.exceptions import (
    NoSuchElementException,
    StaleElementReferenceException,
    WebDriverException,
)
from selenium.webdriver.support.wait import WebDriverWait

__all__ = ["wait_until"]


def wait_until(window: webdriver.Chrome, holds: Callable[[], Any], seconds: float = 30) -> Any:
    """What `holds` gives once it is true. While a page comes or goes, it is not."""

    def try_once(_: Any) -> Any:
        try:
            return holds()
        except (NoSuchElementException, StaleElementReferenceException):
            return False
        except WebDriverException as error:
            # ChromeDriver has no kind of its own for a node that went away between finding and reading it.
            if "does not belong to the document" in str(error):
                return False
            raise

    return WebDriverWait(window, seconds, poll_frequency=0.05).until(try_once)

"""The demo, as a person sees it: log in on the site, be in the chat, log out, be out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from example_app.first_members import DEMO_EMAIL, DEMO_PASSWORD
from tests.support.window_waiting import wait_until

pytestmark = pytest.mark.browser


def leave_page_by_click(window: webdriver.Chrome, selector: str) -> None:
    """Click, and wait until the browser is on the next page with all its images."""
    window.execute_script("window.isStillHere = true")
    window.find_element(By.CSS_SELECTOR, selector).click()
    arrived = "return window.isStillHere === undefined && document.readyState === 'complete'"
    wait_until(window, lambda: window.execute_script(arrived))


def who_is_in_the_chat(window: webdriver.Chrome) -> str:
    address: str | None = window.find_element(By.ID, "who").get_attribute("data-user")
    return address or ""


@pytest.mark.parametrize(
    "options", [(), ("--noticed",), ("--delivery", "gateway"), ("--noticed", "--delivery", "gateway")]
)
def test_a_person_logs_in_on_the_site_and_is_in_the_chat_until_he_logs_out(
    chromium: webdriver.Chrome, start_demo: Callable[..., tuple[str, str]], options: tuple[str, ...]
) -> None:
    site, chat = start_demo(*options)
    chromium.get(f"{chat}/")
    assert who_is_in_the_chat(chromium) == ""

    chromium.get(f"{site}/login")
    chromium.find_element(By.NAME, "email").send_keys(DEMO_EMAIL)
    chromium.find_element(By.NAME, "password").send_keys(DEMO_PASSWORD)
    leave_page_by_click(chromium, "main form button")
    assert ("access_token" in chromium.page_source) == ("gateway" not in options)
    chromium.get(f"{chat}/")
    assert who_is_in_the_chat(chromium) == DEMO_EMAIL, "the image alone must have logged him in"

    chromium.delete_all_cookies()  # the chat's: cookies know no ports, so the site's go as well
    chromium.get(f"{site}/login")
    chromium.find_element(By.NAME, "email").send_keys(DEMO_EMAIL)
    chromium.find_element(By.NAME, "password").send_keys(DEMO_PASSWORD)
    leave_page_by_click(chromium, "main form button")
    leave_page_by_click(chromium, "nav a[href*='access_token'], nav a[href*='/chatsso/go']")
    assert chromium.current_url.startswith(chat)
    assert "access_token" not in chromium.current_url
    assert who_is_in_the_chat(chromium) == DEMO_EMAIL

    chromium.get(f"{site}/logout")
    leave_page_by_click(chromium, "main form button")
    chromium.get(f"{chat}/")
    assert who_is_in_the_chat(chromium) == ""


@pytest.mark.parametrize("delivery", ["direct", "gateway"])
def test_the_embedded_room_is_let_through_by_the_sites_policy(
    chromium: webdriver.Chrome, start_demo: Callable[..., tuple[str, str]], delivery: str
) -> None:
    site, _ = start_demo("--delivery", delivery)
    chromium.get(f"{site}/login")
    chromium.find_element(By.NAME, "email").send_keys(DEMO_EMAIL)
    chromium.find_element(By.NAME, "password").send_keys(DEMO_PASSWORD)
    leave_page_by_click(chromium, "main form button")
    chromium.get(f"{site}/shed")
    chromium.switch_to.frame(wait_until(chromium, lambda: chromium.find_element(By.TAG_NAME, "iframe")))
    wait_until(chromium, lambda: chromium.find_element(By.ID, "who"))
    assert who_is_in_the_chat(chromium) == DEMO_EMAIL

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from tests.support.free_ports import free_ports
from tests.support.requirements import missing

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture
def chromium() -> Iterator[webdriver.Chrome]:
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if browser is None or driver is None:
        missing("Chromium with its driver")
    options = Options()
    options.binary_location = browser
    for flag in FLAGS:
        options.add_argument(flag)
    window = webdriver.Chrome(options=options, service=Service(driver))
    window.set_page_load_timeout(60)
    try:
        yield window
    finally:
        window.quit()


@pytest.fixture
def start_demo(tmp_path: Path) -> Iterator[Callable[..., tuple[str, str]]]:
    """Runs what ``make demo`` runs, and gives the addresses of the site and of the chat."""
    with ExitStack() as stack:

        def start(*options: str) -> tuple[str, str]:
            site = free_ports(4)
            chat = site + 1
            command = [sys.executable, "-m", "example_app", "--port", str(site), "--chat-port", str(chat)]
            process = stack.enter_context(
                subprocess.Popen(
                    [*command, "--var", str(tmp_path), *options], stdout=subprocess.PIPE, text=True
                )
            )
            stack.callback(process.terminate)
            assert process.stdout is not None
            for line in process.stdout:
                if "Ctrl-C" in line:
                    break
            assert process.poll() is None, "the demo ended by itself"
            return f"http://127.0.0.1:{site}", f"http://127.0.0.1:{chat}"

        yield start

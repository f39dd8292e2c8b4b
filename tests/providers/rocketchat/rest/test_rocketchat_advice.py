from __future__ import annotations

from typing import Any

import pytest

from chatsso_middleware.providers import SiteFacts
from chatsso_middleware.secret import Secret
from tests.support.rocketchat import ADMIN, provider

HERE: dict[str, Any] = {
    "site_url": "https://www.example.com",
    "mount": "/chatsso",
    "login_url": "/login",
    "logout_url": "/logout",
    "cookie_samesite": "none",
}


def advice(
    chat_url: str = "https://chat.example.net", site: dict[str, Any] | None = None, **given: Any
) -> str:
    """Every sentence in a line of its own; the urgent ones begin with a !"""
    with provider(chat_url, **(ADMIN | given)) as chat:
        found = chat.advice(SiteFacts(**(HERE | (site or {}))))
    return "\n".join(f"{'!' if one.urgent else '-'} {one.text}" for one in found)


def test_the_settings_of_the_chat_are_told_with_the_sites_own_addresses() -> None:
    told = advice()
    for words in (
        "Accounts_iframe_enabled",
        "(Accounts_iframe_url) https://www.example.com/chatsso/rocketchat/frame;",
        "(Accounts_Iframe_api_url) https://www.example.com/chatsso/rocketchat/token;",
        "(Accounts_Iframe_api_method) POST",
        "Custom_Script_On_Logout",
        "chatsso snippet rocketchat INI",
        "frame-ancestors, https://chat.example.net named",
        "Safari",
    ):
        assert words in told
    assert "!" not in told


def test_the_owner_hears_that_the_chat_must_not_hand_out_addresses() -> None:
    told = advice()
    assert "Allow Email Change (Accounts_AllowEmailChange) off" in told
    assert "Registration Form (Accounts_RegistrationForm) to Disabled" in told
    for mode in ("password", "realtime"):
        told = advice(mode=mode, admin_user_id=None, admin_token=None)
        assert "(Accounts_AllowEmailChange) off." in told
        assert "Accounts_RegistrationForm" not in told
        assert "Accounts_RegistrationForm" in advice(mode=mode)


def test_a_token_for_all_browsers_must_be_shared_by_all_processes() -> None:
    shared = "they must share it by store = redis://"
    assert shared in advice(mode="mongodb", mongodb_url=Secret("mongodb://localhost:9/rocketchat"))
    assert shared not in advice()


def test_without_site_url_the_address_is_the_owners_to_fill_in() -> None:
    told = advice(site={"site_url": None, "cookie_samesite": "lax"})
    assert "https://YOUR.SITE/chatsso/rocketchat/frame" in told
    assert "Unless chat and site are subdomains of one domain, set cookie_samesite = none." in told
    assert "!" not in told


def test_without_a_login_page_the_frame_has_none_either() -> None:
    assert "! login_url is not set" in advice(site={"login_url": None})
    told = advice(site={"login_url": None}, oauth=("google",), google_client_id="c")
    assert "login_url" not in told


@pytest.mark.parametrize("samesite", ["lax", "strict"])
def test_a_chat_on_another_site_needs_cookies_for_other_sites(samesite: str) -> None:
    assert "! The chat is on another site than yours" in advice(site={"cookie_samesite": samesite})
    assert "SameSite=None; Secure, or it stays out" in advice()
    assert "SameSite=None; Secure; Partitioned, or it stays out" in advice(cookie_partitioned=True)


def test_a_chat_on_another_site_needs_https() -> None:
    assert "! The site must be on https" in advice(site={"site_url": "http://www.example.com"})
    assert "! The site must be on https" not in advice(site={"site_url": "http://127.0.0.1:6543"})


@pytest.mark.parametrize(
    ("chat_url", "site_url", "one_site"),
    [
        ("https://chat.example.com", "https://www.example.com", True),
        ("https://example.com/chat", "https://example.com", True),
        ("http://127.0.0.1:3000", "http://127.0.0.1:6543", True),
        ("http://localhost:3000", "http://localhost:6543", True),
        ("https://chat.example.net", "https://www.example.com", False),
        ("https://chat.example.com", "https://example.com.evil.org", False),
        ("https://chat.example.com", "http://www.example.com", False),
        ("https://example.com/chat", "http://example.com", False),
        ("http://10.1.2.3", "http://10.9.2.3", False),
        ("http://intranet", "http://chat", False),
    ],
)
def test_hosts_with_two_labels_in_common_are_called_one_site_with_care(
    chat_url: str, site_url: str, one_site: bool
) -> None:
    told = advice(chat_url, site={"site_url": site_url, "cookie_samesite": "lax"})
    assert ("seem to be one site" in told and "public suffix" in told) is one_site
    assert ("! The chat is on another site" in told) is not one_site

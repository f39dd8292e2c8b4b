from __future__ import annotations

import pytest

from chatsso_middleware.sandbox.website_toolbox import SitePages
from chatsso_middleware.sandbox.website_toolbox.site_pages import check_page_address


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:6543", "https://site.test/a?b=c#d", "http://[::1]:80/", "https://xn--kse-qla.test/"],
)
def test_a_web_address_is_taken(address: str) -> None:
    assert check_page_address(address) == address


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("javascript:alert(1)", "must begin with http"),
        ("//site.test/", "must begin with http"),
        ("site.test", "must begin with http"),
        ("https://", "needs a host name"),
        ("https:///path", "needs a host name"),
        ("https://ann:secret@site.test/", "needs a host name"),
        ("https://site.test;script-src *", "white space"),
        ("https://site.test;script-src/", "needs a host name"),
        ("https://site.test/\r\nX: y", "white space"),
        ("https:\\\\site.test", "backslash"),
        ("https://[", "no web address"),
    ],
)
def test_anything_else_is_refused_with_the_reason(address: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        check_page_address(address)
    with pytest.raises(ValueError, match=reason):
        SitePages(log_out=address)


def test_a_sites_address_fills_in_all_three_pages() -> None:
    pages = SitePages.of_site("https://site.test/app/")
    assert pages == SitePages(
        log_in="https://site.test/app/chatsso/login?to={path}",
        log_out="https://site.test/app/chatsso/logout",
        registration="https://site.test/app/chatsso/register",
    )
    assert pages.log_out_origin == "https://site.test"


def test_the_page_that_a_person_came_from_is_escaped_into_the_address() -> None:
    pages = SitePages(log_in="https://site.test/in?to={path}", registration="https://site.test/new?to={path}")
    assert pages.log_in_from("/room/a&b=c") == "https://site.test/in?to=%2Froom%2Fa%26b%3Dc"
    assert pages.registration_from("/") == "https://site.test/new?to=%2F"


def test_a_page_that_is_not_set_stays_empty() -> None:
    assert SitePages().log_in_from("/") == ""
    assert SitePages().log_out_origin is None

"""What an owner has to set in his chat and in his site, so that the chat can show the site in a frame."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ...urls import is_loopback, split_web_address
from ..base import Advice, SiteFacts

__all__ = ["advice_for"]

_ANY_SITE: Final = "https://YOUR.SITE"


def advice_for(
    site: SiteFacts,
    *,
    chat_origin: str,
    base: str,
    partitioned: bool,
    oauth: bool,
    registers: bool,
    shared_token: bool,
) -> Iterator[Advice]:
    """Sentences for `chatsso check`, the order of work first.

    `base` is the path of our addresses for this chat: ``/chatsso/rocketchat``. `oauth` says that visitors can
    log in without the site's login page, `registers` that accounts are made by the chat's own registration,
    `shared_token` that all browsers of a user have one token.
    """
    address = (site.site_url or _ANY_SITE) + base
    if site.site_url is None:
        yield Advice(f"site_url is not set; where {_ANY_SITE} stands here, write your site's own address.")
    yield Advice(
        "In the chat, under Administration, Settings, Accounts, Iframe, enter: Enabled"
        f" (Accounts_iframe_enabled) on; Iframe URL (Accounts_iframe_url) {address}/frame; API URL"
        f" (Accounts_Iframe_api_url) {address}/token; API Method (Accounts_Iframe_api_method) POST."
    )
    yield Advice(
        "A logout in the chat shall not log straight in again: enter what the command"
        " 'chatsso snippet rocketchat INI' prints (INI is this file) under Settings, Layout, Custom Scripts"
        " (Custom_Script_On_Logout)."
    )
    switches = "Allow Email Change (Accounts_AllowEmailChange) off"
    if not registers:
        switches += " and Registration Form (Accounts_RegistrationForm) to Disabled"
    yield Advice(
        "Whoever may choose his own address in the chat may choose that of one of your users: in the chat,"
        f" under Administration, Settings, Accounts, set {switches}."
    )
    if shared_token:
        yield Advice(
            "In mode mongodb a user has one token for all his browsers: where several processes serve your"
            " site, they must share it by store = redis://..., or each takes the others' token away."
        )
    if site.login_url is None and not oauth:
        yield Advice(
            "login_url is not set, so whoever is not logged in finds no login page in the chat's frame.",
            urgent=True,
        )
    yield Advice(
        f"The site's login page must be allowed in a frame of the chat: no X-Frame-Options header on it, and"
        f" where it has a Content-Security-Policy with frame-ancestors, {chat_origin} named there."
    )
    yield from _cookies(site, chat_origin, partitioned=partitioned)
    yield Advice(
        "Safari, and Firefox and Chrome where they block third-party cookies, know nobody in a frame: there a"
        " link on your site to the chat is what logs in, since it leads through our gateway."
    )


def _cookies(site: SiteFacts, chat_origin: str, *, partitioned: bool) -> Iterator[Advice]:
    kind = "SameSite=None; Secure; Partitioned" if partitioned else "SameSite=None; Secure"
    if site.site_url is not None and _look_like_one_site(site.site_url, chat_origin):
        yield Advice(
            "The chat and the site seem to be one site to browsers, so cookies with SameSite=Lax do in"
            " the chat's frame. If what their names have in common is a public suffix, such as co.uk or"
            " github.io, they are two: then set cookie_samesite = none, and see that the site's own session"
            f" cookie is {kind}."
        )
        return
    if site.cookie_samesite != "none":
        yield Advice(
            "The chat is on another site than yours, so browsers keep our cookie out of its frame: set"
            " cookie_samesite = none."
            if site.site_url is not None
            else "Unless chat and site are subdomains of one domain, set cookie_samesite = none.",
            urgent=site.site_url is not None,
        )
    yield Advice(
        f"The site's own session cookie must be {kind}, or it stays out of the chat's frame and everybody"
        " looks logged out there."
    )
    parts = None if site.site_url is None else split_web_address(site.site_url)
    if parts is not None and parts.scheme == "http" and not is_loopback(parts.host):
        yield Advice("The site must be on https: browsers drop such cookies from http.", urgent=True)


def _look_like_one_site(site_url: str, chat_origin: str) -> bool:
    """Whether the schemes and the last two labels of the hosts are the same.

    Browsers take http and https for two sites. What is a public suffix cannot be known here.
    """
    site, chat = split_web_address(site_url), split_web_address(chat_origin)
    if site is None or chat is None or site.scheme != chat.scheme:
        return False
    if site.host == chat.host:
        return True
    tails = [host.split(".")[-2:] for host in (site.host, chat.host)]
    return tails[0] == tails[1] and len(tails[0]) == 2 and not tails[0][1].isdigit()

"""The settings of the chat that concern its login, under the ids that Rocket.Chat gives them."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

from ...urls import split_web_address

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["METHODS", "SETTING_IDS", "ChatSettings", "problems_of"]

METHODS: Final = ("POST", "GET")

SETTING_IDS: Final = {
    "iframe_enabled": "Accounts_iframe_enabled",
    "iframe_url": "Accounts_iframe_url",
    "api_url": "Accounts_Iframe_api_url",
    "api_method": "Accounts_Iframe_api_method",
    "script_on_logout": "Custom_Script_On_Logout",
    "receive_enabled": "Iframe_Integration_receive_enable",
    "receive_origins": "Iframe_Integration_receive_origin",
    "send_enabled": "Iframe_Integration_send_enable",
    "send_origin": "Iframe_Integration_send_target_origin",
}
"""By the names of the fields of `ChatSettings`."""


@dataclass(frozen=True, slots=True)
class ChatSettings:
    """What the administrator of the chat entered. Raises `ValueError` for what cannot be used."""

    iframe_enabled: bool = False
    iframe_url: str = ""
    api_url: str = ""
    api_method: str = "POST"
    script_on_logout: str = ""
    receive_enabled: bool = False
    receive_origins: str = "*"
    """Origins with commas between them, or ``*``, which is what Rocket.Chat comes with."""
    send_enabled: bool = False
    send_origin: str = "*"

    def __post_init__(self) -> None:
        problems = problems_of({each.name: getattr(self, each.name) for each in fields(self)})
        for name, problem in problems.items():
            raise ValueError(f"{SETTING_IDS[name]}: {problem}")

    @classmethod
    def of_site(cls, site_url: str) -> ChatSettings:
        """What the owner of a site with chatsso-middleware at its default mount enters."""
        problem = _address_problem(site_url)
        if problem:
            raise ValueError(problem)
        endpoints = f"{site_url.rstrip('/')}/chatsso"
        log_out = json.dumps(f"{endpoints}/logout?provider=rocketchat")
        return cls(
            iframe_enabled=True,
            iframe_url=f"{endpoints}/rocketchat/frame",
            api_url=f"{endpoints}/rocketchat/token",
            api_method="POST",
            script_on_logout=f"window.location.replace({log_out});",
        )

    def by_id(self) -> dict[str, bool | str]:
        """The values under Rocket.Chat's ids."""
        return {setting_id: getattr(self, name) for name, setting_id in SETTING_IDS.items()}


def problems_of(values: Mapping[str, bool | str]) -> dict[str, str]:
    """What is wrong with values that a person entered, by their names."""
    problems = {}
    for name in ("iframe_url", "api_url"):
        address = str(values[name])
        problem = _address_problem(address) if address else ""
        if problem:
            problems[name] = problem
    if values["api_method"] not in METHODS:
        problems["api_method"] = f"the method is one of {' and '.join(METHODS)}"
    return problems


def _address_problem(address: str) -> str:
    parts = split_web_address(address)
    if parts is None:
        return "the address must begin with http:// or https://, and be one that every browser reads alike"
    if parts.user_information is not None:
        return "the address needs a host name after the two slashes, and no user name or password"
    return ""

"""The page on which a developer enters what an administrator of the chat enters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..call_list import hidden_field
from ..markup import element
from .behaviour import PAGE_CLIENTS
from .pages import chat_stylesheet, sandbox_page
from .settings import METHODS, SETTING_IDS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from xml.etree.ElementTree import Element

__all__ = ["settings_page"]


@dataclass(frozen=True, slots=True)
class _Entry:
    """How a setting is entered."""

    label: str
    meaning: str
    kind: str = "text"
    """``text``, ``code``, ``switch``, or ``choice`` among `choices`."""
    choices: tuple[str, ...] = ()


_ENTRIES: Final = {
    "iframe_enabled": _Entry("Iframe auth enabled", "Whether the site logs people in.", "switch"),
    "iframe_url": _Entry("Iframe URL", "The site's login page, shown over the chat."),
    "api_url": _Entry(
        "API URL", "Where the chat's page asks, with the site's cookies, who is logged in there."
    ),
    "api_method": _Entry("API Method", "How it asks.", "choice", METHODS),
    "script_on_logout": _Entry(
        "Custom Script On Logout", "JavaScript that runs once somebody logged out.", "code"
    ),
    "receive_enabled": _Entry(
        "Enable Receive", "Whether a page that embeds the chat may send it commands.", "switch"
    ),
    "receive_origins": _Entry("Receive origins", "Which pages may, with commas between them; * for all."),
    "send_enabled": _Entry(
        "Enable Send", "Whether the chat tells the page that embeds it what happens.", "switch"
    ),
    "send_origin": _Entry("Send target origin", "To which page it tells; * for any."),
    "page_client": _Entry(
        "Client",
        "How the page asks the API URL: current is an empty request, json one with a content type, "
        "xhr an old client's.",
        "choice",
        PAGE_CLIENTS,
    ),
}
"""By the names of the fields of `ChatSettings`; the last is the sandbox's own."""


def settings_page(
    *,
    base: str,
    values: Mapping[str, bool | str],
    problems: Mapping[str, str],
    notice: str,
    form_token: str,
) -> bytes:
    """The form with the settings of the login, with a problem at each value that has one."""
    return sandbox_page(
        "Login settings",
        element("h1", {}, "Login settings"),
        element("p", {"class": "banner", "role": "status"}, notice) if notice else None,
        element(
            "p",
            {},
            "What an administrator enters under Accounts, Iframe and under General, Iframe Integration.",
        ),
        element(
            "form",
            {"class": "settings", "method": "post", "action": f"{base}/settings"},
            hidden_field("form_token", form_token),
            *(_field(name, entry, values[name], problems.get(name, "")) for name, entry in _ENTRIES.items()),
            element("div", {"class": "actions"}, element("button", {}, "Save")),
        ),
        base=base,
        current="/settings",
        head=[chat_stylesheet(base)],
    )


def _field(name: str, entry: _Entry, value: bool | str, problem: str) -> Element:
    attributes = {"id": name, "name": name, "aria-describedby": f"{name}-hint"}
    if problem:
        attributes["aria-invalid"] = "true"
    setting = SETTING_IDS.get(name)
    return element(
        "div",
        {"class": "field switch" if entry.kind == "switch" else "field"},
        element("label", {"for": name}, entry.label),
        _control(entry, attributes, value),
        element(
            "p",
            {"class": "hint", "id": f"{name}-hint"},
            element("strong", {"class": "problem"}, f"Not saved: {problem}. ") if problem else None,
            f"{entry.meaning} ",
            element("code", {}, setting) if setting else None,
        ),
    )


def _control(entry: _Entry, attributes: dict[str, str], value: bool | str) -> Element:
    if entry.kind == "switch":
        checked = {"checked": ""} if value else {}
        return element("input", {**attributes, "type": "checkbox", "value": "on", **checked})
    if entry.kind == "code":
        return element("textarea", {**attributes, "rows": "3", "spellcheck": "false"}, str(value))
    if entry.kind == "choice":
        options = (
            element("option", {"value": choice, **({"selected": ""} if choice == value else {})}, choice)
            for choice in entry.choices
        )
        return element("select", attributes, *options)
    return element("input", {**attributes, "value": str(value), "autocomplete": "off"})

"""The list of calls as a page shows it, and the small pieces of HTML that the sandboxes' pages share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .markup import element, picture_address

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree.ElementTree import Element

    from .calls import Call

__all__ = ["call_list", "hidden_field", "moment", "portrait"]


def call_list(calls: Sequence[Call]) -> Element:
    """Every call, in the order of the sequence."""
    if not calls:
        words = "No call has come yet. Log in on your site, and look here again."
        return element("p", {"class": "empty"}, words)
    return element("ol", {"class": "calls", "reversed": ""}, *(_call(call) for call in calls))


def hidden_field(name: str, value: str) -> Element:
    """A field of a form that nobody sees."""
    return element("input", {"type": "hidden", "name": name, "value": value})


def portrait(name: str, address: str) -> Element:
    """The person's picture, or the first letter of the name. The name stands beside it, so it has no alt."""
    source = picture_address(address)
    if source is None:
        return element("span", {"class": "avatar", "aria-hidden": "true"}, name[:1].upper())
    return element("img", {"class": "avatar", "src": source, "alt": "", "referrerpolicy": "no-referrer"})


def moment(seconds_since_epoch: float, *, seconds: bool = False) -> Element:
    """A time of the day in UTC, with or without its seconds."""
    when = datetime.fromtimestamp(seconds_since_epoch, UTC)
    shown = when.strftime("%H:%M:%S UTC" if seconds else "%H:%M UTC")
    return element("time", {"datetime": when.isoformat(timespec="seconds")}, shown)


def _call(call: Call) -> Element:
    parameters = [
        child
        for name, value in call.parameters.items()
        for child in (element("dt", {}, name), element("dd", {}, value or "(empty)"))
    ]
    return element(
        "li",
        {"class": "success" if call.success else "failure"},
        element(
            "p",
            {"class": "request"},
            element("code", {}, f"{call.method} {call.path}"),
            " ",
            moment(call.time, seconds=True),
        ),
        element(
            "p",
            {"class": "outcome"},
            element("span", {"class": "badge"}, "success" if call.success else "failure"),
            f" {call.outcome}" + ("" if call.status == 200 else f" (status {call.status})"),
        ),
        element("dl", {}, *parameters) if parameters else None,
    )

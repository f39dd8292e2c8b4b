"""What the owner pastes into the settings of his chat."""

from __future__ import annotations

import json

from ..base import SiteFacts, Snippet

__all__ = ["logout_script"]


def logout_script(site: SiteFacts, provider: str) -> Snippet:
    """``Custom_Script_On_Logout``: whoever logs out in the chat goes to our logout address (documented).

    That remembers that he left, so that the chat, which asks for a login again at once, does not get one. The
    frame around an embedded chat stays where it is: the address opens in the chat's own window.
    """
    address = f"{site.site_url}{site.mount}/logout?provider={provider}"
    return Snippet(
        "In the chat, under Administration, Settings, Layout, Custom Scripts, as Custom Script for Logout"
        " Flow (Custom_Script_On_Logout):",
        f"window.location.replace({json.dumps(address)});",
    )

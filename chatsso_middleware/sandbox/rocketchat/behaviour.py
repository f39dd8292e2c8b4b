"""In what published servers and clients differ, for a test to choose from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["PAGE_CLIENTS", "PERMISSIONS", "SERVER_VERSIONS", "Behaviour"]

SERVER_VERSIONS: Final = ("7.0", "8.0", "8.4")
"""Those between which the API changed in something that a site meets."""

PAGE_CLIENTS: Final = ("current", "json", "xhr")
"""How the chat's page asks the API URL:

- ``xhr``: an XMLHttpRequest without a content type; either token logs in, the first named alone;
- ``json``: the same with ``Content-Type: application/json``, which a browser asks leave for first;
- ``current``: an empty request by ``fetch``; both tokens log in, and 200 with neither gets the page stuck.
"""

PERMISSIONS: Final = frozenset(
    {
        "api-bypass-rate-limit",
        "create-user",
        "delete-user",
        "edit-other-user-active-status",
        "edit-other-user-avatar",
        "edit-other-user-info",
        "edit-other-user-password",
        "logout-other-user",
        "user-generate-access-token",
        "view-d-room",
        "view-full-other-user-info",
        "view-outside-room",
    }
)
"""What the calls of the API ask for, and an administrator has."""


def _oauth_answers() -> dict[str, dict[str, Any]]:
    """The fields that the documentation lists, with values as in its examples."""
    return {
        "facebook": {
            "authResponse": {
                "accessToken": "sandbox-facebook-access-token",
                "expiresIn": "5172793",
                "secret": "sandbox-facebook-secret",
                "session_key": True,
                "sig": "sandbox-facebook-signature",
                "userID": "675676576",
            },
            "status": "connected",
        },
        "google": {
            "email": "ann@example.com",
            "userId": "1082039180239",
            "displayName": "Ann Example",
            "gender": "female",
            "imageUrl": "https://lh5.googleusercontent.com/photo.jpg?sz=50",
            "givenName": "Ann",
            "familyName": "Example",
            "ageRangeMin": 21,
            "oauthToken": "sandbox-google-oauth-token",
        },
        "twitter": {
            "userName": "ann",
            "userId": 293123,
            "secret": "sandbox-twitter-secret",
            "token": "sandbox-twitter-token",
        },
    }


@dataclass(eq=False)
class Behaviour:
    """What a test may choose, before the chat starts and while it runs."""

    rate_limit: int | None = None
    """Calls a minute from one address to one route of the API; `None` for as many as come."""
    registration_limit: bool = False
    """Whether one registration a minute is taken from an address, as real servers do."""
    updated_first: bool = False
    """Whether the realtime protocol says ``updated`` before the ``result`` of a method."""
    expires_in_seconds: bool = False
    """Whether ``tokenExpires`` counts seconds, as documented, not milliseconds, as live servers do."""
    ping_after: float = 25.0
    """Seconds of silence after which the realtime protocol asks whether the client is still there."""
    page_client: str = "current"
    """How the chat's page asks the API URL, one of `PAGE_CLIENTS`."""
    permissions: frozenset[str] = PERMISSIONS
    """What the service account, like every administrator, may do."""
    oauth_answers: dict[str, dict[str, Any]] = field(default_factory=_oauth_answers, repr=False)
    """What the page's stand-in login at ``facebook``, ``google`` and ``twitter`` gives when it is allowed."""

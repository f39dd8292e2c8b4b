"""Every way to a token: what the owner writes for it, and what a login on the site brings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chatsso_middleware.sandbox.rocketchat import RunningSandbox
from chatsso_middleware.users import ChatUser

ANN = "ann@example.com"
PASSWORD = "her own, in chat & site"
NO_SERVICE_ACCOUNT = dict.fromkeys(
    ("rocketchat_admin_user_id", "rocketchat_admin_token", "rocketchat_token_secret")
)
Prepare = Callable[[RunningSandbox], dict[str, Any]]


@dataclass(frozen=True)
class Mode:
    """One arrangement of chat and site."""

    name: str
    """Of the setting `rocketchat.mode`."""
    case: str = ""
    version: str = "8.4"
    settings: Prepare = lambda chat: {}
    fields: Prepare = lambda chat: {}
    """Of Ann's login form, beside her address."""

    def __str__(self) -> str:
        return f"{self.name} {self.case}".strip()


def _no_service_account(chat: RunningSandbox) -> dict[str, Any]:
    return NO_SERVICE_ACCOUNT


def _with_password(chat: RunningSandbox) -> dict[str, str]:
    return {"chat_password": PASSWORD}


def _with_known_password(chat: RunningSandbox) -> dict[str, str]:
    if chat.chat.user(ANN) is None:
        chat.chat.add_user("ann", email=ANN, password=PASSWORD)
    return {"chat_password": PASSWORD}


def _ann(chat: RunningSandbox) -> Any:
    return chat.chat.user(ANN) or chat.chat.add_user("ann", email=ANN)


def _with_token(chat: RunningSandbox) -> dict[str, str]:
    return {"chat_token": chat.chat.mint_token(_ann(chat)).token}


def _with_credential(chat: RunningSandbox) -> dict[str, str]:
    credential, secret = chat.chat.add_oauth_credential(_ann(chat))
    return {"chat_credential": credential, "chat_secret": secret}


def _kept_by_the_site(chat: RunningSandbox) -> dict[str, Any]:
    def saved_token(user: ChatUser) -> str | None:
        return chat.chat.mint_token(_ann(chat)).token if user.email == ANN else None

    return NO_SERVICE_ACCOUNT | {"rocketchat_saved_token": saved_token}


MODES = (
    Mode("create_token", "7.0", version="7.0"),
    Mode("create_token", "8.0", version="8.0"),
    Mode("create_token", "8.4"),
    Mode("password", "new account by registration", settings=_no_service_account, fields=_with_password),
    Mode("password", "new account by the service account", fields=_with_password),
    Mode("password", "of 7.0", version="7.0", settings=_no_service_account, fields=_with_known_password),
    Mode("saved", "at the login", settings=_no_service_account, fields=_with_token),
    Mode("saved", "by a callable", settings=_kept_by_the_site),
    Mode("realtime", "by password", settings=_no_service_account, fields=_with_known_password),
    Mode("realtime", "new account", fields=_with_password),
    Mode("realtime", "by OAuth credential", settings=_no_service_account, fields=_with_credential),
    Mode("realtime", "by token", settings=_no_service_account, fields=_with_token),
)
"""All but mongodb, which needs a database."""

"""Everything that the site does for its chat. A site of your own needs these few calls, and nothing else.

The room's address stands in the templates as it is (``site.chat_url``); chatsso-middleware completes it on
the way out. With ``site.hooks = explicit`` the site says who logs in and out. With ``noticed`` it does not
have to: the middleware sees it from Pyramid's ``remember``, ``forget`` and ``request.identity``. Either way
the site tells of accounts that were made, changed and deleted.

One kind of chat wants more: where ``rocketchat.mode`` is ``password`` or ``realtime``, a member enters it by
the password that he typed on the site. With ``site.chat_password = true`` the login hands it over.

Whoever has the email address has the account in the chat. This example has no mail to send, so it believes
the address that was typed in; a site of your own confirms an address before it calls anything in here.
"""

from __future__ import annotations

from typing import Any

from chatsso_middleware import Credentials

from .database import User

__all__ = ["avatar_url", "edited", "joined", "left", "logged_in", "logged_out"]


def logged_in(request: Any, user: User, password: str, *, remember: bool) -> None:
    """`user` has just logged in with `password`, and ticked "remember me" or not."""
    wants_password = request.site.chat_password
    if request.site.hooks == "noticed" and not wants_password:
        return
    request.environ["chatsso"].log_in(
        email=user.email,
        username=user.username,
        avatar_url=avatar_url(request, user),
        # What does not change when the address does: some chats know a member by it.
        id=str(user.id),
        remember=remember,
        credentials=Credentials(password=password) if wants_password else None,
    )


def logged_out(request: Any) -> None:
    """Whoever was logged in has just logged out."""
    if request.site.hooks == "noticed":
        return
    request.environ["chatsso"].log_out()


def joined(request: Any, user: User, password: str) -> None:
    """`user` has a new account. The password goes on only where the chat's ``send_password`` is on."""
    request.environ["chatsso"].register(email=user.email, username=user.username, password=password)


def edited(request: Any, address: str, **changes: str) -> None:
    """The member whose address was `address` until now has the new values in `changes`."""
    request.environ["chatsso"].edit(address, **changes)


def left(request: Any, address: str) -> None:
    """The account of `address` is deleted."""
    request.environ["chatsso"].delete(address)


def avatar_url(request: Any, user: User) -> str | None:
    """Where the chat, and the browsers of its visitors, find the member's picture.

    Absolute, and built from the setting: a Host header is whatever a visitor makes of it.
    """
    if user.avatar_name is None:
        return None
    address: str = request.route_url("avatar", name=user.avatar_name, _app_url=request.site.url)
    return address

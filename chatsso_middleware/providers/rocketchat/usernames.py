"""The user names that an account in the chat may get."""

from __future__ import annotations

import re
import secrets
import unicodedata
from typing import Final

from ...users import ChatUser

__all__ = ["known_usernames", "possible_usernames"]

_NOT_IN_A_USERNAME: Final = re.compile(r"[^0-9A-Za-z._-]+")
"""The chat's default for ``UTF8_User_Names_Validation``: what is written past the chat, it does not check."""
_LONGEST_USERNAME: Final = 64
_RESERVED: Final = frozenset({"admin", "administrator", "system", "user", "all", "here"})
"""The chat's default for ``Accounts_SystemBlockedUsernameList``, and the two mentions that call everybody."""
_MOST_NAMESAKES: Final = 3
"""User names that differ in a number alone, and are tried before one that nobody is likely to have."""


def possible_usernames(user: ChatUser) -> tuple[str, ...]:
    """The user name that `user` should have in the chat, and those he gets where somebody else has that.

    None tells anything of his address beyond what stands before its @.
    """
    names = known_usernames(user)
    return (*names, f"{names[-1].rpartition('-')[0]}-{secrets.token_hex(4)}")


def known_usernames(user: ChatUser) -> tuple[str, ...]:
    """Those of them that follow from the user alone: an account that was made once is found by them again.

    Where the site has no user name, his name counts, else what stands before the @ of his address.
    """
    wanted = _allowed(user.username or user.name or user.email.rpartition("@")[0])
    numbered = [f"{wanted}-{number}" for number in range(2, _MOST_NAMESAKES + 1)]
    first = [] if wanted.lower() in _RESERVED else [wanted]
    return (*first, *numbered)


def _allowed(text: str) -> str:
    """`text` in the characters that the chat allows in a user name; letters lose their accents."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return _NOT_IN_A_USERNAME.sub(".", plain)[:_LONGEST_USERNAME].strip("._-") or "user"

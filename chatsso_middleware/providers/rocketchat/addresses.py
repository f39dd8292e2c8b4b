"""Email addresses as the chat stores them: in lower case."""

from __future__ import annotations

from ...errors import Rejected

__all__ = ["stored_address"]


def stored_address(provider: str, address: str) -> str:
    """`address` in lower case; raises `Rejected` where that is the address of somebody else.

    A letter beyond ASCII may have an ASCII one for its lower case (the Kelvin sign: k), and would lead to the
    account of the person whose address is written with that.
    """
    lower = address.lower()
    if sum(map(str.isascii, lower)) != sum(map(str.isascii, address)):
        raise Rejected(provider, "the address has a letter that turns into another one in lower case")
    return lower

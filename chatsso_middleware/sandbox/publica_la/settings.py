"""The store's own settings that concern the auth token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from ...urls import split_web_address

__all__ = ["StoreSettings", "problems_of"]


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Where the store sends people; an empty address is not set. Raises `ValueError` for one of no use."""

    redirect_url: str = ""
    """Whoever could not be logged in by a token is sent there."""
    logout_url: str = ""
    """Whoever logged out in the store is sent there."""

    def __post_init__(self) -> None:
        for name, problem in problems_of(asdict(self)).items():
            raise ValueError(f"{name}: {problem}")

    @classmethod
    def of_site(cls, site_url: str) -> StoreSettings:
        """What the owner of a site with chatsso-middleware at its default mount enters."""
        problem = _problem_of(site_url)
        if problem:
            raise ValueError(problem)
        base = f"{site_url.rstrip('/')}/chatsso"
        return cls(
            redirect_url=f"{base}/login?provider=publica_la",
            logout_url=f"{base}/logout?provider=publica_la",
        )

    @property
    def logout_origin(self) -> str | None:
        """Scheme and host of `logout_url`."""
        parts = split_web_address(self.logout_url)
        return None if parts is None else parts.origin


def problems_of(entered: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with addresses that a person entered, by their names; an empty one is fine."""
    found = {name: _problem_of(address) for name, address in entered.items() if address}
    return {name: problem for name, problem in found.items() if problem}


def _problem_of(address: str) -> str:
    parts = split_web_address(address)
    if parts is None:
        return "the address must begin with http:// or https://, and be one that every browser reads alike"
    if parts.user_information is not None:
        return "the address needs a host name after the two slashes, and no user name or password"
    return ""

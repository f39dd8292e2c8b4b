"""What a page's Content-Security-Policy does to a tag or a frame, and how it can let them through.

The names are those of CSP Level 3 (https://www.w3.org/TR/CSP3/). Only headers are looked at, not ``<meta>``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

__all__ = ["SELF", "Need", "extended", "unmet"]

SELF: Final = "'self'"

_RULES: Final = {
    "img-src": ("img-src", "default-src"),
    "frame-src": ("frame-src", "child-src", "default-src"),
    "script-src": ("script-src-elem", "script-src", "default-src"),
    "connect-src": ("connect-src", "default-src"),
}
"""For each directive those that rule in its place, the first that is there (section 6.8.3)."""
_HOST_SOURCE: Final = re.compile(
    r"(?:(?P<scheme>[a-z][a-z0-9+.-]*)://)?(?P<host>\*|(?:\*\.)?[a-z0-9._-]+|\[[0-9a-f:.]+\])"
    r"(?::(?P<port>[0-9]+|\*))?(?:/.*)?"
)
_OWN_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Need:
    """Something that a page loads once we have edited it."""

    directive: str
    """One of the keys of `_RULES`: ``img-src``, say."""
    source: str
    """Where it comes from: an origin such as ``https://room.example``, or `SELF`."""
    instead_of: str | None = None
    """The origin that the page loaded before; who does not let that through needs nothing of us."""


def unmet(headers: Iterable[tuple[str, str]], needs: Sequence[Need], site: str | None) -> tuple[Need, ...]:
    """Those of `needs` that a policy in `headers` blocks. `site` is the site's own origin, if it is known.

    Errs on the side of none: a wrong warning would teach owners to ignore the right ones.
    """
    policies = [policy for name, value in headers if _is_policy(name) for policy in value.split(",")]
    return tuple(need for need in needs if any(_blocks(policy, need, site) for policy in policies))


def extended(
    headers: Iterable[tuple[str, str]], needs: Sequence[Need], site: str | None
) -> list[tuple[str, str]]:
    """`headers` with `needs` added to every policy that blocks them, and nothing else changed."""
    return [
        (name, ",".join(_extend(policy, needs, site) for policy in value.split(",")))
        if _is_policy(name)
        else (name, value)
        for name, value in headers
    ]


def _is_policy(name: str) -> bool:
    return name.lower() == "content-security-policy"


def _extend(policy: str, needs: Sequence[Need], site: str | None) -> str:
    for need in needs:
        if _blocks(policy, need, site) and not _trusts_scripts_alone(policy, need.directive):
            policy = _add_source(policy, need)
    return policy


def _add_source(policy: str, need: Need) -> str:
    """A directive that is not there starts as a copy of the one that ruled until now.

    One that rules before the need's own has to let it through itself.
    """
    rules = _RULES[need.directive]
    ruling = _ruling(policy, need.directive)
    directive = ruling if ruling in rules[: rules.index(need.directive)] else need.directive
    sources = [source for source in _sources(policy, need.directive) or () if source.lower() != "'none'"]
    changed = " ".join([directive, *sources, need.source])
    parts = policy.split(";")
    for index, part in enumerate(parts):
        if _name(part) == directive:
            space = part[: len(part) - len(part.lstrip())]
            return ";".join([*parts[:index], space + changed, *parts[index + 1 :]])
    return f"{policy.rstrip().rstrip(';')}; {changed}"


def _blocks(policy: str, need: Need, site: str | None) -> bool:
    sources = _sources(policy, need.directive)
    if sources is None:
        return False
    if _trusts_scripts_alone(policy, need.directive):
        return True
    if _allow(sources, need.source, site):
        return False
    return need.instead_of is None or _allow(sources, need.instead_of, site)


def _trusts_scripts_alone(policy: str, directive: str) -> bool:
    """Whether a script runs only if a trusted one loads it: no source helps there (section 8.2)."""
    sources = _sources(policy, directive) or ()
    return directive == "script-src" and "'strict-dynamic'" in map(str.lower, sources)


def _sources(policy: str, directive: str) -> list[str] | None:
    """What the directive that rules over `directive` lets through, or `None` if there is none."""
    ruling = _ruling(policy, directive)
    return None if ruling is None else _directives(policy)[ruling]


def _ruling(policy: str, directive: str) -> str | None:
    directives = _directives(policy)
    return next((name for name in _RULES[directive] if name in directives), None)


def _directives(policy: str) -> dict[str, list[str]]:
    directives: dict[str, list[str]] = {}
    for part in policy.split(";"):
        directives.setdefault(_name(part), part.split()[1:])  # the first of a name counts
    return directives


def _name(part: str) -> str:
    return next(iter(part.split()), "").lower()


def _allow(sources: Iterable[str], wanted: str, site: str | None) -> bool:
    for source in map(str.lower, sources):
        if source == wanted:
            return True
        origin = site if wanted == SELF else wanted
        if origin is None:  # the site is on the web, wherever it is
            if source in ("*", "http:", "https:"):
                return True
        elif _matches(source, origin):
            return True
    return False


def _matches(source: str, origin: str) -> bool:
    """Whether a source expression matches `origin` (section 6.7.2.8). A path counts as no restriction."""
    address = urlsplit(origin.lower())
    scheme, host = address.scheme, address.hostname or ""
    if source in ("*", f"{scheme}:", "http:"):  # http matches https too
        return True
    match = _HOST_SOURCE.fullmatch(source)
    if match is None or match["scheme"] not in (None, scheme, "http"):
        return False
    if not _port_matches(match["port"], address.port or _OWN_PORTS[scheme], _OWN_PORTS[scheme]):
        return False
    if match["host"].startswith("*"):
        return host.endswith(match["host"][1:])
    return match["host"].strip("[]") == host


def _port_matches(written: str | None, port: int, own_port: int) -> bool:
    if written is None:
        return port == own_port
    return written in ("*", str(port)) or (written, port) == ("80", 443)

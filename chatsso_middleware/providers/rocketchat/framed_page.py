"""A page of ours that the chat shows in a frame, and the policy under which a browser runs its script."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

from ...plain_page import STYLE_SOURCE, plain_page
from ..visits import Reply

__all__ = ["as_script_text", "framed_page", "static_script"]

_NONCE_BYTES: Final = 18
_ESCAPES: Final = {ord(character): f"\\u{ord(character):04x}" for character in "<>&"}


def framed_page(
    title: str,
    content: str,
    *,
    ancestors: str,
    script: str = "",
    facts: Mapping[str, Any] | None = None,
) -> Reply:
    """A plain page that `ancestors` alone may show in a frame (CSP Level 3, section 6.4.2).

    `content` is markup. `script` names a file of this package's static folder; it finds `facts` as JSON in
    the element called ``facts``.
    """
    nonce = secrets.token_urlsafe(_NONCE_BYTES) if script else ""
    policy = (
        "default-src 'none'",
        *((f"script-src 'nonce-{nonce}'",) if script else ()),
        f"style-src {STYLE_SOURCE}",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        f"frame-ancestors {ancestors}",
    )
    markup = _with_script(script, facts or {}, nonce) if script else ""
    return Reply(
        body=plain_page(title, content, script=markup),
        headers=(("Content-Security-Policy", "; ".join(policy)),),
    )


def as_script_text(value: Any) -> str:
    """`value` as JSON that ends no script element and no line of a script, whatever stands in it.

    Only ASCII comes out, so U+2028 and U+2029 are escaped, which older engines take for the end of a line.
    """
    return json.dumps(value, ensure_ascii=True).translate(_ESCAPES)


@cache
def static_script(name: str) -> str:
    """The text of a script file of this package."""
    return (resources.files(__package__) / "static" / name).read_text(encoding="utf-8")


def _with_script(script: str, facts: Mapping[str, Any], nonce: str) -> str:
    return (
        f'<script type="application/json" id="facts">{as_script_text(facts)}</script>\n'
        f'<script nonce="{nonce}">\n{static_script(script)}</script>'
    )

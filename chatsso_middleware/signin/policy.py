"""The policy under which a browser shows our pages (Content Security Policy Level 3)."""

from __future__ import annotations

from collections.abc import Iterable

from .appearance import Sources

__all__ = ["content_policy"]


def content_policy(
    nonce: str, sources: Sources, *, form_targets: Iterable[str], ancestors: Iterable[str]
) -> str:
    """The value of a Content-Security-Policy.

    `form_targets` are the origins beside our own where a redirect may end that follows a form: Chromium
    checks each of its steps. `ancestors` are the origins beside our own that may show the page in a frame.
    """
    directives = {
        "default-src": ("'none'",),
        "script-src": (f"'nonce-{nonce}'",),
        "style-src": (f"'nonce-{nonce}'", *sources.styles),
        "img-src": sources.images,
        "font-src": sources.fonts,
        "base-uri": ("'none'",),
        "form-action": ("'self'", *form_targets),
        "frame-ancestors": ("'self'", *ancestors),
    }
    return "; ".join(f"{name} {' '.join(values)}" for name, values in directives.items() if values)

"""Sphinx: `make docs` builds the pages of this folder."""

from __future__ import annotations

from importlib.metadata import version as installed_version

project = "chatsso-middleware"
author = "The chatsso-middleware authors"
copyright = "2026, the chatsso-middleware authors"
version = release = installed_version("chatsso-middleware")
extensions = ["myst_parser"]
html_theme = "furo"
exclude_patterns = ["_build"]
myst_heading_anchors = 3

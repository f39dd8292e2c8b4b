"""The pages: a function each, named in ``routes.py``."""

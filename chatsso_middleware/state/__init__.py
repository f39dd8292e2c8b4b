"""What is remembered between requests: the signed cookie of a browser, and the tokens of its user."""

"""What the tests share: a small site, a server for it, and a browser without a window."""

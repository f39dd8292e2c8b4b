"""Pages: what changes in them as values, the rewriter (bytes in, bytes out), and the response around it."""

"""Stand-ins of the chat systems, to run on the own machine: for development, for tests and for the example.

Each is built from the vendor's public documentation alone, and is a package of its own with a function
``serve`` that starts it. Nothing else of chatsso-middleware needs them.
"""

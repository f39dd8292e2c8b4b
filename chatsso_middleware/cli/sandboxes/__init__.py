"""The commands below ``chatsso sandbox``, a module each."""

"""Voices of streaming vendors: warm sockets, and each vendor's wire as a small class."""

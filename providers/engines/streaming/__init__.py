"""Recognisers of streaming vendors: one socket for each recognition, and each vendor's wire as a small class."""

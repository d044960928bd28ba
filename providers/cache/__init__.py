"""Finished utterances, kept and played again."""

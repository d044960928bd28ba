"""What speaks and what listens: one file per vendor surface, all behind the two protocols of ``base``."""

"""Speaking and listening engines, behind the two protocols of ``base``."""

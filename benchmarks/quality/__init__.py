"""Quality cases, a module per stage; each has its cases as ``CASES``."""

ORDER = ("g711", "resample", "level", "edges", "vad", "denoise", "echo")
"""In which the tables follow each other: the way audio walks."""

"""Speed cases, a module per stage; each has its cases as ``CASES``."""

ORDER = ("pcm", "g711", "resample", "live", "level", "edges", "vad", "denoise", "echo", "call")
"""In which the table shows them: the way audio walks."""

"""Budget of the fuzz tests: a few cases in every run, more on request.

``FUZZ_BUDGET=100 pytest tests/engines/espeak/test_fuzz.py`` runs a hundred times as many.
"""

from __future__ import annotations

import os


def budget(cases: int) -> int:
    """Number of cases to run where a normal run has ``cases``."""
    return max(1, round(cases * float(os.environ.get("FUZZ_BUDGET", "1"))))

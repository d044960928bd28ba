"""Coverage-guided fuzzing of the wires with atheris.

``python -m benchmarks.fuzz.guided voice -runs=100000`` takes libFuzzer's own options after the name of a wire.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path


def main() -> None:
    """Fuzz one wire until libFuzzer's options say that it is enough; an unexpected exception ends it with an error."""
    import atheris

    with atheris.instrument_imports(include=["providers"], enable_loader_override=False):
        from benchmarks.fuzz.wires import TARGETS
        from providers.errors import ProvidersError

    name, options = sys.argv[1], sys.argv[2:]
    target, seeds = TARGETS[name]

    def once(data: bytes) -> None:
        try:
            target(data)
        except ProvidersError:
            return

    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(seeds):
            Path(corpus, str(number)).write_text(json.dumps(seed))
        atheris.Setup([sys.argv[0], *options, corpus], once)
        atheris.Fuzz()


if __name__ == "__main__":
    main()

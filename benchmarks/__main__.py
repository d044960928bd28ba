"""``python -m benchmarks``."""

import sys

from benchmarks import cli, recordings

if sys.argv[1:2] == ["recordings"]:
    recordings.main(sys.argv[2:], prog_name="python -m benchmarks recordings")
cli.main()

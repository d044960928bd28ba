"""Speed and quality, measured: ``python -m benchmarks``.

How it is built. A *contender* is one way to do some work (`benchmarks.case`); it runs in a process of its own
(`benchmarks.worker`), which the harness asks round by round, each in turn (`benchmarks.process_pool`). Speed cases are
files in `benchmarks.speed` (`benchmarks.timing`, `benchmarks.comparison`), quality cases files in `benchmarks.quality`
(`benchmarks.judging`); other people's libraries stand behind small adapters in `benchmarks.peers`.

To add a case, put a module with ``CASES`` into one of those two packages. To add a group with figures and columns of
its own, put a module with a ``GROUP`` (`benchmarks.report.Group`) into `benchmarks.groups`: its ``run`` returns tables
for people and records for the JSON file. `benchmarks.served` starts a real server for those that need one, and
`benchmarks.stats` has medians and percentiles.
"""

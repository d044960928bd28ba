"""espeak-ng as a speaking engine: embedded, no key, no model, 140 languages, exact word times.

It always speaks at 22,050 Hz, about 700 times faster than real time. Ordinary texts can crash the library, so it runs
in its own worker processes: a crash loses only the text that caused it.
"""

from __future__ import annotations

from providers.engines.espeak.options import EspeakOptions
from providers.engines.espeak.voices import CAPABILITIES
from providers.engines.processes.voice_engine import WorkerVoice
from providers.engines.processes.voice_pool import PoolOptions

__all__ = ["Espeak", "EspeakOptions"]


class Espeak(WorkerVoice):
    """The speaking engine."""

    def __init__(self, options: EspeakOptions | None = None) -> None:
        options = options or EspeakOptions()
        pool = PoolOptions(workers=options.workers, queue=options.queue)
        super().__init__("espeak", "providers.engines.espeak.worker", options, pool=pool, known=CAPABILITIES)

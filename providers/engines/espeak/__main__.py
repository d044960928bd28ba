"""``python -m providers.engines.espeak TEXT [--voice V] [--wpm N]``: a WAV file to standard output."""

from __future__ import annotations

import argparse
import sys
import wave

from providers.engines.espeak.library import EspeakLibrary
from providers.engines.espeak.options import DEFAULT_VOICE, WORDS_PER_MINUTE


def main() -> None:
    """Render one text, in this process."""
    parser = argparse.ArgumentParser(prog="python -m providers.engines.espeak", description=__doc__)
    parser.add_argument("text")
    parser.add_argument("--voice", default=DEFAULT_VOICE)
    parser.add_argument("--wpm", type=int, default=WORDS_PER_MINUTE)
    options = parser.parse_args()
    rendered = EspeakLibrary().render(options.text, options.voice, words_per_minute=options.wpm)
    with wave.open(sys.stdout.buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rendered.rate)
        file.writeframes(rendered.pcm)


if __name__ == "__main__":
    main()

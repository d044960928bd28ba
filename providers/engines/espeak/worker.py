"""Code of espeak's worker processes: the loaded library speaks one sentence after the other; see `voice_child`."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from providers.engines.base import Chunk, SpeakingCapabilities
from providers.engines.espeak.library import EspeakLibrary
from providers.engines.espeak.options import EspeakOptions
from providers.engines.espeak.voices import CAPABILITIES, EXAMPLES
from providers.engines.processes import fork_child, voice_child
from providers.engines.processes.voice_child import Sentence, Sink
from providers.errors import EngineUnavailable
from providers.text.scripts import voice_for


def main(control_fd: int, options: bytes) -> None:
    """Run the fork server until the control socket ends."""
    settings = voice_child.decode_options(options, EspeakOptions)
    fork_child.run(control_fd, partial(EspeakVoice, settings), serve)


def serve(link: socket.socket, voice: EspeakVoice) -> None:
    """Speak sentences with the voice that was loaded before the fork."""
    voice_child.serve(link, lambda: voice)


class EspeakVoice:
    """`VoiceLibrary` of espeak; it says a word after loading, which loads the default voice's dictionary.

    Raises
    ------
    EngineUnavailable
        The library is not installed, or has no such default voice.
    """

    def __init__(self, options: EspeakOptions) -> None:
        self._options = options
        self._library = EspeakLibrary()
        if self._library.names.identifier(options.voice) is None:
            found = f"expected a voice of espeak (for example {', '.join(EXAMPLES)}), found {options.voice[:80]!r}"
            raise EngineUnavailable(f"espeak: --espeak-voice: {found}", engine="espeak")
        self._library.render("ready", options.voice)

    @property
    def capabilities(self) -> SpeakingCapabilities:
        """22,050 Hz, the languages of the library's list."""
        tag = self._options.voice.partition("+")[0]
        return replace(CAPABILITIES, languages=self._library.names.tags, default_language=tag)

    def speak(self, sentence: Sentence, sink: Sink, cancelled: Callable[[], bool]) -> None:
        """Speak one sentence whole, about 10 ms for 7 s of speech; no chunk for a text without a sound.

        A text that crashes the library has then sent no audio yet, so that its caller gets an error response.
        """
        voice = self._options.voice if sentence.voice is None else sentence.voice
        rendered = self._library.render(
            sentence.text,
            voice_for(sentence.text, voice, self._is_voice),
            words_per_minute=self._options.words_per_minute,
            cancelled=cancelled,
        )
        if not rendered.silent:
            sink(Chunk(rendered.pcm, rendered.rate, rendered.words))

    def _is_voice(self, name: str) -> bool:
        return self._library.names.identifier(name) is not None

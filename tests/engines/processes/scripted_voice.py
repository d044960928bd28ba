"""A voice for the tests of the pool: its text says what happens in the worker process."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from providers.engines.base import Chunk, SpeakingCapabilities
from providers.engines.processes import fork_child, voice_child
from providers.engines.processes.voice_child import Sentence, Sink
from providers.errors import EngineUnavailable, UnknownVoice

RATE = 8000
SECOND = b"\1\0" * RATE


class ScriptedOptions(msgspec.Struct):
    """How loading goes."""

    loading: str = "well"


def main(control_fd: int, options: bytes) -> None:
    settings = voice_child.decode_options(options, ScriptedOptions)
    fork_child.run(control_fd, lambda: None, lambda link, loaded: voice_child.serve(link, lambda: _load(settings)))


def _load(options: ScriptedOptions) -> ScriptedVoice:
    if options.loading == "dies":
        os.kill(os.getpid(), signal.SIGSEGV)
    if options.loading == "hangs":
        time.sleep(60)
    if options.loading == "fails":
        raise EngineUnavailable("scripted: no model", engine="scripted")
    return ScriptedVoice()


class ScriptedVoice:
    """The `VoiceLibrary`."""

    @property
    def capabilities(self) -> SpeakingCapabilities:
        return SpeakingCapabilities(rates=(RATE,), voices=("one",))

    def speak(self, sentence: Sentence, sink: Sink, cancelled: Callable[[], bool]) -> None:
        if sentence.voice == "nobody":
            raise UnknownVoice(sentence.voice, engine="scripted", examples=("one",))
        word, _, path = sentence.text.partition(" ")
        if word == "dies" or (word == "dies-once" and not _seen(path)):
            os.kill(os.getpid(), signal.SIGSEGV)
        if word == "fails":
            raise ValueError(sentence.text)
        sink(Chunk(SECOND, RATE))
        if word == "dies-later":
            os.kill(os.getpid(), signal.SIGSEGV)
        while word == "goes-on" and not cancelled():
            sink(Chunk(SECOND, RATE))
        if word == "ignores":
            time.sleep(60)


def _seen(path: str) -> bool:
    if Path(path).exists():
        return True
    Path(path).touch()
    return False

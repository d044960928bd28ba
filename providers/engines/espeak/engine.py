"""espeak-ng as a speaking engine: embedded, no key, no model, 140 languages, exact word times.

The library is GPL-3.0 and optional (extra ``local``); it is loaded on first use and never shipped with this package.
It speaks at 22,050 Hz always, about 700 times faster than real time, not thread-safe. So one sentence is rendered into
memory under a process-wide lock in a worker thread (about 10 ms for 7 s of speech), and the lock is never held while a
slow client drains.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes as c
import itertools
import os
import re
import tempfile
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from providers.engines.base import Chunk, SpeakingCapabilities, Utterance, Word
from providers.errors import EngineError, EngineUnavailable, UnknownVoice

DEFAULT_VOICE = "en-us"
NAME = "espeak"

_LONGEST_DATA_PATH = 140
"""Bytes. espeak-ng 1.52 copies the path into a fixed buffer: 150 works, 165 falls back to a build machine's path."""

_TAG = re.compile(r"[a-zA-Z]{2,3}-(?:[a-zA-Z]{2}|[0-9]{3})(?:\+\w+)?", re.ASCII)
"""A language with a region, and perhaps a variant of the voice."""

_SYNCHRONOUS = 2
_DONT_EXIT = 0x8000
_UTF8 = 1
_END_PAUSE = 0x1000
_CHARACTER_POSITION = 1
_RATE = 1
_EVENT_END, _EVENT_WORD = 0, 1


class _Identifier(c.Union):
    _fields_ = (("number", c.c_int), ("name", c.c_char_p), ("string", c.c_char * 8))


class _Event(c.Structure):
    _fields_ = (
        ("type", c.c_int),
        ("unique_identifier", c.c_uint),
        ("text_position", c.c_int),
        ("length", c.c_int),
        ("audio_position", c.c_int),
        ("sample", c.c_int),
        ("user_data", c.c_void_p),
        ("id", _Identifier),
    )


class _Voice(c.Structure):
    _fields_ = (
        ("name", c.c_char_p),
        ("languages", c.c_char_p),
        ("identifier", c.c_char_p),
        ("gender", c.c_ubyte),
        ("age", c.c_ubyte),
        ("variant", c.c_ubyte),
        ("xx1", c.c_ubyte),
        ("score", c.c_int),
        ("spare", c.c_void_p),
    )


_Callback = c.CFUNCTYPE(c.c_int, c.POINTER(c.c_short), c.c_int, c.POINTER(_Event))


@dataclass(frozen=True, slots=True)
class Rendered:
    """One utterance, whole."""

    pcm: bytes
    rate: int
    """Hz."""
    words: tuple[Word, ...]


class EspeakLibrary:
    """The C library behind one lock; blocking, so call it from a thread.

    There can only be one per process, because the library's state is global: use `library`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: c.CDLL | None = None
        self._rate = 0
        self._voice = ""
        self._sink: Callable[[bytes, list[tuple[int, int, int]]], bool] = lambda pcm, words: False
        self._callback = _Callback(self._on_synth)  # kept: the library holds only the pointer

    def load(self) -> None:
        """Load the library and its data, once.

        Raises
        ------
        EngineUnavailable
            The extra ``local`` is not installed, or its data cannot be read.
        """
        with self._lock:
            if self._loaded is None:
                self._loaded = self._open()

    def voices(self) -> tuple[str, ...]:
        """Language tags that name a voice, sorted."""
        self.load()
        assert self._loaded is not None
        with self._lock:
            entries = self._loaded.espeak_ListVoices(None)
            tags = set()
            index = 0
            while entries[index]:
                tags.add(entries[index].contents.languages[1:].decode())  # the first byte is a priority
                index += 1
        return tuple(sorted(tags))

    def render(
        self,
        text: str,
        voice: str = DEFAULT_VOICE,
        *,
        words_per_minute: int = 175,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Rendered:
        """Speak a text into memory.

        Parameters
        ----------
        text
            Plain text, any script.
        voice
            A language tag with an optional variant: ``en-us``, ``de``, ``en-us+f5``.
        words_per_minute
            80 … 450.
        cancelled
            Asked every 60 ms of audio; True stops the synthesis.

        Raises
        ------
        UnknownVoice
            No such language.
        EngineError
            The library refused the text.
        """
        self.load()
        assert self._loaded is not None
        blocks: list[bytes] = []
        marks: list[tuple[int, int, int]] = []

        def sink(pcm: bytes, words: list[tuple[int, int, int]]) -> bool:
            blocks.append(pcm)
            marks.extend(words)
            return cancelled()

        encoded = text.replace("\0", " ").encode(errors="replace") + b"\0"
        with self._lock:
            if cancelled():
                return Rendered(b"", self._rate, ())
            self._select(voice)
            self._loaded.espeak_SetParameter(_RATE, words_per_minute, 0)
            self._sink = sink
            flags = _UTF8 | _END_PAUSE
            status = self._loaded.espeak_Synth(encoded, len(encoded), 0, _CHARACTER_POSITION, 0, flags, None, None)
            self._loaded.espeak_Synchronize()
        if status != 0:
            raise EngineError(f"espeak refused the text with status {status}", engine=NAME)
        pcm = b"".join(blocks)
        return Rendered(pcm, self._rate, _words(text, marks, len(pcm) // 2, self._rate))

    def _open(self) -> c.CDLL:
        try:
            import espeakng_loader
        except ImportError:
            raise EngineUnavailable(
                "espeak is not installed: pip install 'vapi-providers[local]' (espeak-ng is GPL-3.0)", engine=NAME
            ) from None
        library = c.CDLL(espeakng_loader.get_library_path())
        library.espeak_Initialize.argtypes = (c.c_int, c.c_int, c.c_char_p, c.c_int)
        library.espeak_SetSynthCallback.argtypes = (_Callback,)
        library.espeak_SetSynthCallback.restype = None
        library.espeak_ListVoices.argtypes = (c.POINTER(_Voice),)
        library.espeak_ListVoices.restype = c.POINTER(c.POINTER(_Voice))
        library.espeak_SetVoiceByName.argtypes = (c.c_char_p,)
        library.espeak_SetVoiceByProperties.argtypes = (c.POINTER(_Voice),)
        library.espeak_SetParameter.argtypes = (c.c_int, c.c_int, c.c_int)
        library.espeak_Synth.argtypes = (
            c.c_char_p, c.c_size_t, c.c_uint, c.c_int, c.c_uint, c.c_uint, c.POINTER(c.c_uint), c.c_void_p,
        )  # fmt: skip
        with _short_path(Path(espeakng_loader.get_data_path())) as data:
            rate = library.espeak_Initialize(_SYNCHRONOUS, 0, os.fsencode(data), _DONT_EXIT)
        if rate <= 0:
            raise EngineUnavailable(
                f"espeak cannot read its data (status {rate}): reinstall espeakng-loader", engine=NAME
            )
        self._rate = rate
        library.espeak_SetSynthCallback(self._callback)
        return library

    def _select(self, voice: str) -> None:
        assert self._loaded is not None
        if voice == self._voice:
            return
        self._voice = ""
        name = voice.encode(errors="replace")
        if self._loaded.espeak_SetVoiceByName(name) != 0:
            # Names are not tags: "en-gb" and "de-AT" are only found through their properties. Any other text is not
            # looked up there, because the library would take "no-such-voice" for Norwegian.
            wanted = _Voice(languages=name)
            if not _TAG.fullmatch(voice) or self._loaded.espeak_SetVoiceByProperties(c.byref(wanted)) != 0:
                raise UnknownVoice(voice, engine=NAME, examples=("en-us", "en-gb", "de", "fr", "es", "en-us+f5"))
        self._voice = voice

    def _on_synth(self, samples: c._Pointer[c.c_short], count: int, events: c._Pointer[_Event]) -> int:
        words = []
        index = 0
        while events[index].type != _EVENT_END:
            event = events[index]
            if event.type == _EVENT_WORD:
                words.append((event.text_position - 1, event.length, event.sample))
            index += 1
        pcm = c.string_at(samples, count * 2) if samples and count > 0 else b""
        return 1 if self._sink(pcm, words) else 0


@contextlib.contextmanager
def _short_path(data: Path) -> Iterator[Path]:
    if len(os.fsencode(data)) <= _LONGEST_DATA_PATH:
        yield data
        return
    # The library opens its data lazily for each language, so the link has to outlive this call.
    link = Path(tempfile.mkdtemp(prefix="espeak-")) / "data"
    link.symlink_to(data, target_is_directory=True)
    yield link


def _words(text: str, marks: list[tuple[int, int, int]], samples: int, rate: int) -> tuple[Word, ...]:
    """Word events to words, each lasting until the next begins.

    The library splits some words ("$12.50" gives three events) and merges others ("in the"): an event counts only where
    a word begins in the text, and a word's text is all that stands before the next such event.
    """
    starts: list[tuple[int, int]] = []
    for position, _, sample in marks:
        begins = 0 <= position < len(text) and (position == 0 or text[position - 1].isspace())
        if begins and (not starts or (position > starts[-1][0] and sample >= starts[-1][1])):
            starts.append((position, sample))
    bounds = [*starts, (len(text), samples)]
    return tuple(
        Word(text[position:until].strip(), sample / rate, end / rate)
        for (position, sample), (until, end) in itertools.pairwise(bounds)
    )


library = EspeakLibrary()
"""The process's one library: its state is global in C, whatever we do in Python."""


class Espeak:
    """The engine: one thread, one sentence at a time.

    Parameters
    ----------
    voice
        Default voice, a language tag with an optional variant.
    words_per_minute
        Speaking rate, 80 … 450.
    """

    name = NAME

    def __init__(self, *, voice: str = DEFAULT_VOICE, words_per_minute: int = 175) -> None:
        self._default_voice = voice
        self._words_per_minute = words_per_minute
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="espeak")

    @property
    def capabilities(self) -> SpeakingCapabilities:
        """22,050 Hz; languages and voices are the library's own list once it is loaded."""
        return SpeakingCapabilities(
            rates=(22050,),
            languages=library.voices() if library._loaded is not None else (),
            voices=("en-us", "en-gb", "de", "fr", "es", "en-us+f5"),
            word_times=True,
        )

    async def start(self) -> None:
        """Load the library and render one word, which loads the default dictionary (36 ms the first time)."""
        await asyncio.get_running_loop().run_in_executor(self._thread, library.render, "ready", self._default_voice)

    async def synthesize(self, utterance: Utterance, /) -> AsyncGenerator[Chunk, None]:
        """Render one sentence in a thread; closing the generator stops the library within 60 ms of its audio."""
        stop = threading.Event()
        work = asyncio.get_running_loop().run_in_executor(
            self._thread,
            lambda: library.render(
                utterance.text,
                utterance.voice or self._default_voice,
                words_per_minute=self._words_per_minute,
                cancelled=stop.is_set,
            ),
        )
        try:
            rendered = await work
        finally:
            stop.set()
        if rendered.pcm:
            yield Chunk(rendered.pcm, rendered.rate, rendered.words)

    async def aclose(self) -> None:
        """End the thread; the library itself stays loaded for the process's life."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def main() -> None:
    """``python -m providers.engines.espeak TEXT [--voice V] [--wpm N]``: a WAV file to standard output."""
    import argparse
    import sys
    import wave

    parser = argparse.ArgumentParser(prog="python -m providers.engines.espeak", description=main.__doc__)
    parser.add_argument("text")
    parser.add_argument("--voice", default=DEFAULT_VOICE)
    parser.add_argument("--wpm", type=int, default=175)
    options = parser.parse_args()
    rendered = library.render(options.text, options.voice, words_per_minute=options.wpm)
    with wave.open(sys.stdout.buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rendered.rate)
        file.writeframes(rendered.pcm)

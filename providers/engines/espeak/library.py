"""espeak-ng's C library through ctypes: one text in, PCM and word times out, blocking.

The library is GPL-3.0 and optional (extra ``local``); it is loaded on first use and never shipped with this package.
Its state is global in C, it is not thread-safe, and some ordinary texts crash it. So it runs in its own worker
processes (`worker`), never in the server.
"""

from __future__ import annotations

import atexit
import ctypes as c
import itertools
import os
import shutil
import tempfile
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from providers.engines.base import Word
from providers.engines.espeak.options import DEFAULT_VOICE, WORDS_PER_MINUTE
from providers.engines.espeak.voices import EXAMPLES, ListedVoice, VoiceNames
from providers.errors import EngineError, EngineUnavailable, UnknownVoice
from providers.installing import install_command
from providers.text.controls import without_controls

NAME = "espeak"

_LONGEST_DATA_PATH = 140
"""Bytes. espeak-ng 1.52 copies the path into a fixed buffer: 150 works, 165 falls back to a build machine's path."""

_SYNCHRONOUS = 2
_DONT_EXIT = 0x8000
_UTF8 = 1
_END_PAUSE = 0x1000
_CHARACTER_POSITION = 1
_RATE, _VOLUME, _PITCH, _RANGE, _PUNCTUATION, _CAPITALS, _WORD_GAP = range(1, 8)
_DEFAULTS = ((_VOLUME, 100), (_PITCH, 50), (_RANGE, 50), (_PUNCTUATION, 0), (_CAPITALS, 0), (_WORD_GAP, 0))
"""The library's parameters except the rate. All are set for every text, so that no text changes them for another."""

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
        ("languages", c.c_void_p),  # (one byte of priority, tag, NUL) …, and a NUL behind the last
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
    """One whole utterance."""

    pcm: bytes
    rate: int
    """Hz."""
    words: tuple[Word, ...]

    @property
    def silent(self) -> bool:
        """True when the library made no sound for the text: all samples are zero."""
        return not self.pcm.strip(b"\0")


class EspeakLibrary:
    """Loaded C library. There is one per process, used by one thread: its state is global.

    Raises
    ------
    EngineUnavailable
        The extra ``local`` is not installed, or its data cannot be read.
    """

    def __init__(self) -> None:
        self._callback = _Callback(self._on_synth)  # kept: the library holds only the pointer
        self._pcm: list[bytes] = []
        self._marks: list[tuple[int, int]] = []
        self._cancelled: Callable[[], bool] = lambda: False
        self._library, self._rate, self._data = _load(self._callback)
        self._voice = ""
        variants = _Voice(languages=c.cast(c.c_char_p(b"variant"), c.c_void_p))
        voices = (voice for voice in self._listed(None) if _has_dictionary(voice, self._data))
        self.names = VoiceNames(voices, self._listed(c.byref(variants)))

    def render(
        self,
        text: str,
        voice: str = DEFAULT_VOICE,
        *,
        words_per_minute: int = WORDS_PER_MINUTE,
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
            Called for every 60 ms of audio; True stops the synthesis.

        Raises
        ------
        UnknownVoice
            No such voice.
        EngineError
            The library refused the text.
        """
        self._select(voice)
        for parameter, value in (*_DEFAULTS, (_RATE, words_per_minute)):
            self._library.espeak_SetParameter(parameter, value, 0)
        self._pcm, self._marks, self._cancelled = [], [], cancelled
        text = without_controls(text)
        encoded = _with_plain_digits(text).encode(errors="replace") + b"\0"
        flags = _UTF8 | _END_PAUSE
        status = self._library.espeak_Synth(encoded, len(encoded), 0, _CHARACTER_POSITION, 0, flags, None, None)
        self._library.espeak_Synchronize()
        if status != 0:
            raise EngineError(f"espeak refused the text with status {status}", engine=NAME)
        pcm = b"".join(self._pcm)
        return Rendered(pcm, self._rate, _words(text, self._marks, len(pcm) // 2, self._rate))

    def _select(self, voice: str) -> None:
        identifier = self.names.identifier(voice)
        if identifier is None:
            raise UnknownVoice(voice, engine=NAME, examples=EXAMPLES)
        if identifier == self._voice:
            return
        self._voice = ""
        if self._library.espeak_SetVoiceByName(identifier.encode()) != 0:
            raise EngineError(f"espeak cannot load its voice {identifier}: reinstall espeakng-loader", engine=NAME)
        self._voice = identifier

    def _listed(self, kind: object) -> Iterator[ListedVoice]:
        entries = self._library.espeak_ListVoices(kind)
        for index in itertools.count():
            if not entries[index]:
                return
            entry = entries[index].contents
            yield ListedVoice(entry.identifier.decode(), entry.name.decode(), tuple(_tags(entry.languages)))

    def _on_synth(self, samples: c._Pointer[c.c_short], count: int, events: c._Pointer[_Event]) -> int:
        for index in itertools.count():
            event = events[index]
            if event.type == _EVENT_END:
                break
            if event.type == _EVENT_WORD:
                self._marks.append((event.text_position - 1, event.sample))
        if samples and count > 0:
            self._pcm.append(c.string_at(samples, count * 2))
        return 1 if self._cancelled() else 0


def _load(callback: object) -> tuple[c.CDLL, int, Path]:
    """Load the library; return it with its rate in Hz and its data folder."""
    try:
        import espeakng_loader
    except ImportError:
        raise EngineUnavailable(
            f"espeak is not installed: {install_command('local')} (espeak-ng is GPL-3.0)", engine=NAME
        ) from None
    library = c.CDLL(espeakng_loader.get_library_path())
    library.espeak_Initialize.argtypes = (c.c_int, c.c_int, c.c_char_p, c.c_int)
    library.espeak_SetSynthCallback.argtypes = (_Callback,)
    library.espeak_SetSynthCallback.restype = None
    library.espeak_ListVoices.argtypes = (c.POINTER(_Voice),)
    library.espeak_ListVoices.restype = c.POINTER(c.POINTER(_Voice))
    library.espeak_SetVoiceByName.argtypes = (c.c_char_p,)
    library.espeak_SetParameter.argtypes = (c.c_int, c.c_int, c.c_int)
    library.espeak_Synth.argtypes = (
        c.c_char_p, c.c_size_t, c.c_uint, c.c_int, c.c_uint, c.c_uint, c.POINTER(c.c_uint), c.c_void_p,
    )  # fmt: skip
    data = _short_path(Path(espeakng_loader.get_data_path()))
    rate = library.espeak_Initialize(_SYNCHRONOUS, 0, os.fsencode(data), _DONT_EXIT)
    if rate <= 0:
        raise EngineUnavailable(f"espeak cannot read its data (status {rate}): reinstall espeakng-loader", engine=NAME)
    library.espeak_SetSynthCallback(callback)
    return library, rate, data


def _short_path(data: Path) -> Path:
    if len(os.fsencode(data)) <= _LONGEST_DATA_PATH:
        return data
    # The library opens its data for each language on first use, so the link stays as long as this process.
    folder = Path(tempfile.mkdtemp(prefix="espeak-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    link = folder / "data"
    link.symlink_to(data, target_is_directory=True)
    return link


def _has_dictionary(voice: ListedVoice, data: Path) -> bool:
    """Whether a voice has a dictionary: a few listed languages have none in the data."""
    file = data / "lang" / voice.identifier
    lines = [line.split() for line in file.read_text("utf-8", errors="replace").splitlines()] if file.exists() else []
    named = [line[1] for line in lines if len(line) > 1 and line[0] == "dictionary"]
    name = named[0] if named else voice.languages[0][1].partition("-")[0]
    return (data / f"{name}_dict").exists()


def _with_plain_digits(text: str) -> str:
    """Write the decimal digits of every script as 0 to 9; most voices skip other digits silently."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(letter)) if letter.isdecimal() else letter for letter in text)


def _tags(languages: int) -> Iterator[tuple[int, str]]:
    """Language tags of one voice with their priorities."""
    while priority := c.string_at(languages, 1)[0]:
        tag = c.string_at(languages + 1)
        yield priority, tag.decode()
        languages += len(tag) + 2


def _words(text: str, marks: list[tuple[int, int]], samples: int, rate: int) -> tuple[Word, ...]:
    """Words from word events, each lasting until the next begins.

    The library splits some words ("$12.50" gives three events) and merges others ("in the"): an event counts only where
    a word begins in the text, and a word's text reaches to the next such event.
    """
    starts: list[tuple[int, int]] = []
    for position, sample in marks:
        begins = 0 <= position < len(text) and (position == 0 or text[position - 1].isspace())
        if begins and (not starts or (position > starts[-1][0] and sample >= starts[-1][1])):
            starts.append((position, sample))
    bounds = [*starts, (len(text), samples)]
    return tuple(
        Word(text[position:until].strip(), sample / rate, end / rate)
        for (position, sample), (until, end) in itertools.pairwise(bounds)
    )

"""Ears on real recordings: word errors live and offline, when a final comes, and what noise and music are heard as.

A recogniser is fed 20 ms at a time on a clock of its own: a block is heard when it has come and the one before it is
done, and takes as long as the processor worked on it. So a loaded machine changes no figure, and nothing is waited for.
"""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from benchmarks import recordings
from benchmarks.case import Unfit
from dsp import Samples, encode_pcm16, mulaw_decode, mulaw_encode
from providers.engines.base import Transcript
from providers.models.catalogue import CATALOGUE
from providers.models.store import ModelStore

SPEAKERS = ("allison", "allison-gsm", "librivox-austen", "jfk", "arctic-bdl", "ps-cards", "ps-goforward")
"""English, with what was said."""
LINES = ("16 kHz", "8 kHz", "G.711")
BLOCK = 0.02
"""Seconds."""
BEFORE, AFTER = 0.5, 1.5
"""Seconds of the line alone around an utterance."""
_LINE_NOISE = 0.0005
"""RMS."""
_LOUD = 0.02
"""Of an utterance's peak: what is below at its end is no word any more."""


class Ear(Protocol):
    """Blocking recogniser of one speaker."""

    def feed(self, pcm: bytes, /) -> Any:
        """Hear the next audio."""

    def finish(self) -> Any:
        """End the audio."""


@dataclass(frozen=True)
class Contestant:
    """An engine with its model, in this process."""

    name: str
    live: Callable[[int], Ear]
    """A recogniser of one speaker, for a rate in Hz."""
    offline: Callable[[Samples, int], str]
    """A whole utterance at once, with its rate in Hz."""


@dataclass
class Tally:
    """What was found over some utterances."""

    words: int = 0
    errors: int = 0
    offline_errors: int = 0
    audio: float = 0.0
    """Seconds of utterances, without the line around them."""
    work: float = 0.0
    """Seconds of processor time, live."""
    late: list[float] = field(default_factory=list)
    """Seconds from the end of the last word to the last final, of each utterance."""
    gaps: list[float] = field(default_factory=list)
    """Seconds of speech between two partials of an utterance, and before the first."""


def contestants() -> Iterator[Contestant]:
    """pocketsphinx, and every recogniser of the catalogue that is pulled."""
    yield _sphinx()
    for model in CATALOGUE.values():
        if model.engine == "whisper" and ModelStore.at(None).has(model):
            yield _whisper(model.name, ModelStore.at(None).path(model))


def said(recording: recordings.Recording) -> str:
    """The words of a transcript, for counting errors; empty where they cannot be compared."""
    return "" if re.search(r"[\d\[\]()<>]", recording.transcript) else plain(recording.transcript)


def plain(text: str) -> str:
    """Words without case, punctuation and hyphens."""
    return " ".join(re.sub(r"[^a-z ]", " ", text.lower().replace("'", "")).split())


def utterances(count: int) -> list[tuple[str, Samples]]:
    """So many utterances of the test set, spread over all of it: what is said, and the audio at 16 kHz.

    Raises
    ------
    Unfit
        The recordings were not brought.
    """
    found = [one for one in recordings.listed(kind="speech", which="test") if one.speaker in SPEAKERS]
    fit = [one for one in found if len(said(one).split()) >= 3 and one.seconds < 12]
    if not fit:
        raise Unfit(recordings.ADVICE)
    chosen = fit[:: max(1, len(fit) // count)][:count]
    return [(said(one), recordings.load(one, 16000)) for one in chosen]


def over_line(voice: Samples, line: str) -> tuple[Samples, int]:
    """An utterance as it arrives over a line, and the rate it has there in Hz."""
    import soxr

    if line == "16 kHz":
        return voice, 16000
    narrow = np.asarray(soxr.resample(voice, 16000, 8000), dtype=np.float32)
    return (narrow, 8000) if line == "8 kHz" else (mulaw_decode(mulaw_encode(narrow)), 8000)


def edits(expected: str, found: str) -> int:
    """Words to insert, delete or replace."""
    want, have = expected.split(), found.split()
    row = list(range(len(have) + 1))
    for index, word in enumerate(want, 1):
        corner, row[0] = row[0], index
        for at, other in enumerate(have, 1):
            corner, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, corner + (word != other))
    return row[-1]


def compare(ear: Contestant, material: Sequence[tuple[str, Samples]], line: str) -> Tally:
    """One engine over one line, each utterance in a call of its own."""
    tally = Tally()
    for expected, voice in material:
        sent, rate = over_line(voice, line)
        tally.words += len(expected.split())
        tally.audio += len(voice) / 16000
        tally.offline_errors += edits(expected, plain(ear.offline(sent, rate)))
        begun, ended = _bounds(sent, rate)
        heard, work = timed(ear.live(rate), _in_line(sent, rate), rate)
        tally.work += work
        finals = [(at, told) for at, told in heard if told.final]
        tally.errors += edits(expected, plain(" ".join(told.text for _, told in finals)))
        if finals:
            tally.late.append(finals[-1][0] - ended)
            shown = [at for at, _ in heard if at <= ended]
            tally.gaps += [after - before for before, after in zip([begun, *shown], [*shown, ended], strict=True)]
    return tally


def timed(ear: Ear, samples: Samples, rate: int) -> tuple[list[tuple[float, Transcript]], float]:
    """Transcripts with the time at which a lone call has them, and the processor time of all; both in seconds."""
    pcm, step = encode_pcm16(samples), 2 * round(BLOCK * rate)
    heard: list[tuple[float, Transcript]] = []
    free = work = 0.0
    for at in [*range(0, len(pcm), step), len(pcm)]:
        block = pcm[at : at + step]
        begun = time.process_time()
        told = list(ear.feed(block)) if block else list(ear.finish())
        took = time.process_time() - begun
        work += took
        free = max(free, (at + len(block)) / 2 / rate) + took
        heard += [(free, one) for one in told]
    return heard, work


def invented(ear: Contestant, kind: str, *, each: float, count: int, rate: int = 8000) -> tuple[list[str], float]:
    """What an engine hears in noise or music: its finals, and the seconds that it heard."""
    listed = recordings.listed(kind=kind, which="test")
    chosen = listed[:: max(1, len(listed) // count)][:count]
    told: list[str] = []
    seconds = 0.0
    for one in chosen:
        samples = recordings.load(one, rate)[: round(each * rate)]
        seconds += len(samples) / rate
        told += [t.text for _, t in timed(ear.live(rate), samples, rate)[0] if t.final]
    return told, seconds


def median(values: Sequence[float]) -> float:
    """Middle value; 0 of none."""
    return statistics.median(values) if values else 0.0


def _in_line(voice: Samples, rate: int) -> Samples:
    padded = np.concatenate([np.zeros(round(BEFORE * rate)), voice, np.zeros(round(AFTER * rate))])
    noise = np.random.default_rng(len(voice)).standard_normal(len(padded))
    return (padded + _LINE_NOISE * noise).astype(np.float32)


def _bounds(voice: Samples, rate: int) -> tuple[float, float]:
    """Seconds in the line at which the words begin and end."""
    loud = np.flatnonzero(np.abs(voice) > _LOUD * np.max(np.abs(voice)))
    return BEFORE + loud[0] / rate, BEFORE + loud[-1] / rate


def _at_model_rate(samples: Samples, rate: int) -> Samples:
    import soxr

    return samples if rate == 16000 else np.asarray(soxr.resample(samples, rate, 16000), dtype=np.float32)


def _sphinx() -> Contestant:
    from providers.engines.pocketsphinx.hearing import TELEPHONE_RATE
    from providers.engines.pocketsphinx.recogniser import RecogniserOptions, SphinxRecogniser
    from providers.engines.pocketsphinx.worker import WorkerOptions, load_decoder

    options = WorkerOptions(recogniser=RecogniserOptions())
    decoder = load_decoder(options)
    fresh = decoder.get_cmn(False)

    def live(rate: int) -> Ear:
        decoder.set_cmn(fresh)
        return SphinxRecogniser(decoder, rate=rate, options=options.recogniser)

    def offline(samples: Samples, rate: int) -> str:
        decoder.set_cmn(fresh)
        decoder.start_utt()
        heard = np.repeat(samples, 2) if rate == TELEPHONE_RATE else samples  # as live: the model needs the upper band
        decoder.process_raw(encode_pcm16(heard), False, True)
        decoder.end_utt()
        found = decoder.hyp()
        return str(found.hypstr) if found else ""

    return Contestant("pocketsphinx", live, offline)


def _whisper(name: str, folder: Path) -> Contestant:
    import faster_whisper

    from providers.engines.local.whisper import WhisperOptions, WhisperRecogniser

    model = faster_whisper.WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)
    options = WhisperOptions(folder=folder, language="en")

    def offline(samples: Samples, rate: int) -> str:
        segments, _ = model.transcribe(_at_model_rate(samples, rate), language="en", beam_size=1, temperature=0.0)
        return " ".join(segment.text for segment in segments)

    def live(rate: int) -> Ear:
        return WhisperRecogniser(model, rate=rate, options=options, clock=time.process_time)

    return Contestant(name, live, offline)

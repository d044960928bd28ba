"""``call``: one call to the transcriber in real time, shown as it happens.

The JSON is stable: fields are added, never renamed or removed, while ``schema`` says ``vapi-providers/call/1``. Times
are in seconds; ``lag`` counts from the end of the utterance that a final is about, and is null where that cannot be
told::

    {"schema": "vapi-providers/call/1", "transcriber": "ws://…/api/custom-transcriber", "rate": 16000, "opened": 0.004,
     "transcripts": [{"at": 2.31, "channel": "customer", "text": "…", "final": true, "lag": 0.41}, …],
     "finals": 1, "partials": 3, "unmatched": 0, "closeCode": null, "closeReason": ""}
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from dsp import encode_pcm16
from providers.emulator.audio_device import microphone
from providers.emulator.audio_frames import Piece, awaited, frames, interleaved, odd_frames, paced
from providers.emulator.failures import EmulatorError, bare
from providers.emulator.formatting import count, percentile, seconds
from providers.emulator.output import save_json
from providers.emulator.protocol import start_message
from providers.emulator.say_command import SayRequest, speech
from providers.emulator.sound import Span, decoded, speech_spans
from providers.emulator.targets import Targets
from providers.emulator.transcriber_client import CallRecord, TranscriberCall
from providers.emulator.utterances import HeardUtterance, UtteranceMatcher, Wording
from providers.emulator.wav import mono, read_clip

SCHEMA = "vapi-providers/call/1"

_CLEAR_VOICES = {"espeak": "en-us+klatt4"}
"""The voice that speaks the customer's part, by the server's voice engine; any other uses its default. The embedded
recogniser hears the README's sentence right in this one, 12 times of 12, and 12 of 25 everyday sentences word by word;
in ``en-us+f5`` it hears 6 of them, in the default voice 1 of 30."""
_BETWEEN = 1.0
"""Seconds of silence between repetitions, long enough for any recogniser to end an utterance."""
_SETTLE = 0.8
"""Seconds without news after the last final before a call is over early."""


@dataclass(frozen=True, slots=True)
class CallRequest:
    """What goes over the line."""

    rate: int
    """Hz."""
    customer: Path | None = None
    say: str | None = None
    mic: bool = False
    assistant: Path | None = None
    repeat: int = 1
    odd: bool = False
    drop_after: float | None = None
    """Seconds until the line goes dead without a goodbye; None is a polite end."""
    tail: float = 4.0
    """Seconds of silence after the clip, at most, while the last final is awaited."""


@dataclass(frozen=True, slots=True)
class CallSpeech:
    """Both sides of a call as mono PCM of one rate."""

    customer: bytes
    assistant: bytes
    rate: int
    """Hz."""

    def spans(self, channel: str) -> list[Span]:
        """Where one side speaks."""
        return speech_spans(decoded(self.assistant if channel == "assistant" else self.customer), self.rate)


async def prepared(targets: Targets, calling: CallRequest) -> CallSpeech:
    """Read or synthesise both sides."""
    rate = calling.rate
    customer = b""
    if calling.say is not None:
        voice = _CLEAR_VOICES.get(targets.voice_engine)
        [said] = await speech(targets, SayRequest(calling.say, rate, voice))
        customer = said.answer.body
    elif calling.customer is not None:
        customer = encode_pcm16(mono(read_clip(calling.customer), rate))
    other = encode_pcm16(mono(read_clip(calling.assistant), rate)) if calling.assistant else b""
    gap = bytes(2 * round(_BETWEEN * rate))
    return CallSpeech(gap.join([customer] * calling.repeat), other, rate)


def scripted(speech: CallSpeech, calling: CallRequest, record: CallRecord) -> Iterator[Piece]:
    """The clip in frames, then silence until the last final is here and settled."""
    spoken = interleaved(speech.customer, speech.assistant)
    heard_until = max((span.end for side in ("customer", "assistant") for span in speech.spans(side)), default=0.0)
    over = len(spoken) / 4 / speech.rate

    def finished(now: float) -> bool:
        finals = record.finals
        return bool(finals) and finals[-1].at >= heard_until and now - record.lines[-1].at > _SETTLE

    silence = awaited(finished, speech.rate, begin=over, longest=calling.tail)
    pieces: Iterator[Piece] = itertools.chain(frames(spoken, speech.rate), silence)
    return odd_frames(pieces) if calling.odd else pieces


async def from_microphone(rate: int) -> AsyncGenerator[bytes | str, None]:
    """What the microphone hears on the customer's channel, silence on the other."""
    async with contextlib.aclosing(microphone(rate)) as blocks:
        async for block in blocks:
            yield interleaved(block)


def matcher_of(spans: list[Span]) -> UtteranceMatcher:
    """What tells which stretch of speech a final is about."""
    return UtteranceMatcher([HeardUtterance(span.start, span.end) for span in spans], Wording([]))


class Display:
    """Partials rewrite one line on a terminal; finals stay. Elsewhere every transcript is a line."""

    def __init__(self, console: Console, speech: CallSpeech) -> None:
        self._console = console
        self._matchers = {side: matcher_of(speech.spans(side)) for side in ("customer", "assistant")}
        self.lags: list[float | None] = []
        """One per transcript: seconds from the end of its utterance; None for partials and where it cannot be told."""

    def show(self, record: CallRecord) -> None:
        """Show the newest transcript."""
        line = record.lines[-1]
        head = f"{line.at:7.2f} s  {line.heard.channel:<9}  "
        matcher = self._matchers.get(line.heard.channel)
        final = line.heard.final and matcher is not None
        self.lags.append(matcher.final(line.heard.text, line.at) if final and matcher is not None else None)
        if not line.heard.final:
            self._rewrite(Text(head + line.heard.text + " …", style="dim"))
            return
        behind = self.lags[-1]
        note = "" if behind is None else f"  ({seconds(behind)} after the speech)"
        self.clear()
        self._console.print(Text.assemble(head, (line.heard.text, "bold"), (note, "cyan")), soft_wrap=True)

    @property
    def unmatched(self) -> int:
        """Finals that could not be matched with an utterance."""
        return sum(matcher.lags(0.0).unmatched for matcher in self._matchers.values())

    def clear(self) -> None:
        """Take the last partial away."""
        if self._console.is_terminal:
            self._console.file.write("\r\x1b[2K")

    def _rewrite(self, text: Text) -> None:
        if not self._console.is_terminal:
            self._console.print(text, soft_wrap=True)
            return
        self.clear()
        # The newest words matter; a line that wraps could not be rewritten.
        room = self._console.width - 1
        shown = text if text.cell_len <= room else Text("…" + text.plain[-(room - 1) :], style="dim")
        self._console.print(shown, end="", no_wrap=True, overflow="crop")


async def converse(
    targets: Targets, calling: CallRequest, record: CallRecord, on_ready: Callable[[CallSpeech], Display]
) -> Display:
    """Prepare the speech, make the call, and fill ``record``."""
    if targets.transcriber is None:
        raise EmulatorError("the server has no transcriber endpoint")
    speech = await prepared(targets, calling)
    display = on_ready(speech)
    pieces = scripted(speech, calling, record)
    if calling.drop_after is not None:
        pieces = itertools.islice(pieces, round(calling.drop_after * 50))
    stream = from_microphone(calling.rate) if calling.mic else paced(pieces)
    call = TranscriberCall(
        targets.transcriber,
        targets.credentials,
        start_message(calling.rate),
        hang_up_hard=calling.drop_after is not None,
    )
    await call.run(stream, record=record, on_line=display.show)
    return display


def call(targets: Targets, calling: CallRequest, console: Console, *, json_file: Path | None = None) -> bool:
    """Make the call and report; False when the server ended it."""
    record = CallRecord()
    displays: list[Display] = []

    def ready(speech: CallSpeech) -> Display:
        displays.append(Display(console, speech))
        where = "the microphone; Ctrl-C hangs up" if calling.mic else f"{len(speech.customer) / 2 / speech.rate:.1f} s"
        console.print(f"calling {targets.transcriber} at {calling.rate} Hz with {where}", markup=False, highlight=False)
        return displays[-1]

    try:
        asyncio.run(converse(targets, calling, record, ready))
    except KeyboardInterrupt:
        if not displays:
            raise
    displays[-1].clear()
    _summary(record, displays[-1], console)
    save_json(json_file, report(targets, calling, record, displays[-1]))
    return record.close_code is None


def _summary(record: CallRecord, display: Display, console: Console) -> None:
    finals = len(record.finals)
    parts = [
        count(finals, "final"),
        count(len(record.lines) - finals, "partial"),
        f"opened in {seconds(record.opened)}",
    ]
    told = [lag for lag in display.lags if lag is not None]
    if told:
        parts.append(f"text {seconds(percentile(told, 0.5))} behind the speech (median)")
    if display.unmatched:
        parts.append(f"{count(display.unmatched, 'final')} could not be matched with what was said")
    console.print(", ".join(parts), style="dim", highlight=False)
    if record.close_code is not None:
        reason = f": {record.close_reason}" if record.close_reason else ""
        ended = f"the server ended the call: {record.close_code}{reason}"
        console.print(ended, style="red", markup=False, highlight=False)


def report(targets: Targets, calling: CallRequest, record: CallRecord, display: Display) -> dict[str, Any]:
    """The call by the schema above."""
    return {
        "schema": SCHEMA,
        "transcriber": bare(targets.transcriber or ""),
        "rate": calling.rate,
        "opened": round(record.opened, 6),
        "transcripts": [
            {
                "at": round(line.at, 3),
                "channel": line.heard.channel,
                "text": line.heard.text,
                "final": line.heard.final,
                "lag": None if lag is None else round(lag, 3),
            }
            for line, lag in zip(record.lines, display.lags, strict=True)
        ],
        "finals": len(record.finals),
        "partials": len(record.lines) - len(record.finals),
        "unmatched": display.unmatched,
        "closeCode": record.close_code,
        "closeReason": record.close_reason,
    }

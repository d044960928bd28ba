"""``call``: one call to the transcriber in real time, shown as it happens."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from dsp import encode_pcm16
from providers.emulator.audio_device import microphone
from providers.emulator.audio_frames import Piece, awaited, frames, interleaved, odd_frames, paced
from providers.emulator.failures import EmulatorError
from providers.emulator.formatting import count, percentile, seconds
from providers.emulator.protocol import start_message
from providers.emulator.say_command import SayRequest, speech
from providers.emulator.sound import Span, decoded, speech_spans
from providers.emulator.targets import Targets
from providers.emulator.transcriber_client import CallRecord, TimedTranscript, TranscriberCall
from providers.emulator.wav import mono, read_clip

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
class Speech:
    """Both sides of a call as mono PCM of one rate."""

    customer: bytes
    assistant: bytes
    rate: int
    """Hz."""

    def spans(self, channel: str) -> list[Span]:
        """Where one side speaks."""
        return speech_spans(decoded(self.assistant if channel == "assistant" else self.customer), self.rate)


async def prepared(targets: Targets, calling: CallRequest) -> Speech:
    """Read or synthesise both sides."""
    rate = calling.rate
    customer = b""
    if calling.say is not None:
        [said] = await speech(targets, SayRequest(calling.say, rate))
        customer = said.answer.body
    elif calling.customer is not None:
        customer = encode_pcm16(mono(read_clip(calling.customer), rate))
    other = encode_pcm16(mono(read_clip(calling.assistant), rate)) if calling.assistant else b""
    gap = bytes(2 * round(_BETWEEN * rate))
    return Speech(gap.join([customer] * calling.repeat), other, rate)


def lag(line: TimedTranscript, spans: list[Span]) -> float | None:
    """Seconds from the end of the speech a final belongs to until it came; None when nobody had spoken."""
    ended = [span.end for span in spans if span.end <= line.at]
    return line.at - ended[-1] if ended else None


def scripted(speech: Speech, calling: CallRequest, record: CallRecord) -> Iterator[Piece]:
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


class Display:
    """Partials rewrite one line on a terminal; finals stay. Elsewhere every transcript is a line."""

    def __init__(self, console: Console, speech: Speech) -> None:
        self._console = console
        self._spans = {side: speech.spans(side) for side in ("customer", "assistant")}
        self.lags: list[float] = []

    def show(self, record: CallRecord) -> None:
        """Show the newest transcript."""
        line = record.lines[-1]
        head = f"{line.at:7.2f} s  {line.heard.channel:<9}  "
        if not line.heard.final:
            self._rewrite(Text(head + line.heard.text + " …", style="dim"))
            return
        behind = lag(line, self._spans.get(line.heard.channel, []))
        note = "" if behind is None else f"  ({seconds(behind)} after the speech)"
        if behind is not None:
            self.lags.append(behind)
        self.clear()
        self._console.print(Text.assemble(head, (line.heard.text, "bold"), (note, "cyan")), soft_wrap=True)

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
    targets: Targets, calling: CallRequest, record: CallRecord, on_ready: Callable[[Speech], Display]
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


def call(targets: Targets, calling: CallRequest, console: Console) -> bool:
    """Make the call and report; False when the server ended it."""
    record = CallRecord()
    displays: list[Display] = []

    def ready(speech: Speech) -> Display:
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
    return record.close_code is None


def _summary(record: CallRecord, display: Display, console: Console) -> None:
    finals = len(record.finals)
    parts = [
        count(finals, "final"),
        count(len(record.lines) - finals, "partial"),
        f"opened in {seconds(record.opened)}",
    ]
    if display.lags:
        parts.append(f"text {seconds(percentile(display.lags, 0.5))} behind the speech (median)")
    console.print(", ".join(parts), style="dim", highlight=False)
    if record.close_code is not None:
        reason = f": {record.close_reason}" if record.close_reason else ""
        ended = f"the server ended the call: {record.close_code}{reason}"
        console.print(ended, style="red", markup=False, highlight=False)

"""One call of a load: frames on time, an answer of the assistant per turn, a question about the end per transcript."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from websockets.exceptions import InvalidStatus

from providers.emulator.failures import NETWORK_ERRORS, EmulatorError
from providers.emulator.http_client import HttpClient, RecordedResponse, post
from providers.emulator.load.measures import Measures
from providers.emulator.load.plan import LoadPlan, Script
from providers.emulator.protocol import (
    ConversationTurn,
    endpointing_body,
    read_timeout,
    read_transcript,
    start_message,
    voice_body,
)
from providers.emulator.voice_client import played
from providers.emulator.websocket_client import CallSocket, open_socket

_FRAME = 0.02
"""Seconds."""
_WAITING = 10
"""Frames that may wait in this process; more is 200 ms of audio the server did not take in time."""
_FULL = 25
"""Frames after which no more are added: what would arrive half a second late helps nobody."""
_SAYINGS = (
    "Sure, I can move that to Thursday.",
    "Your table is booked for seven, and the kitchen stays open until eleven.",
    "One moment, please.",
    "The balance of your account is forty two dollars and fifty cents. Would you like to hear the last transactions?",
    "Could you spell your last name for me?",
)
_COUNTED = re.compile(r"second (\d+)\.?", re.IGNORECASE)
"""What a recogniser that only counts audio says: its text dates itself."""


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock of a run, and when the run is over by it."""

    now: Callable[[], float]
    end: float
    """Seconds of that clock."""


class SimulatedCall:
    """One call; `run` lives until the load is over or the call is lost."""

    def __init__(
        self,
        plan: LoadPlan,
        script: Script,
        measures: Measures,
        clock: Clock,
        *,
        index: int,
    ) -> None:
        self._plan = plan
        self._script = script
        self._measures = measures
        self._clock = clock
        self._dice = random.Random(plan.seed * 1_000_003 + index)
        self._began = 0.0
        self._line: CallSocket | None = None
        self._over = asyncio.Event()
        self._texts: asyncio.Queue[str] = asyncio.Queue(1)

    async def run(self) -> None:
        """Be on the line, speak and ask until the end."""
        async with asyncio.TaskGroup() as group:
            parts = [group.create_task(part) for part in self._parts()]
            await self._over_or_late()
            for part in parts:
                part.cancel()

    def _parts(self) -> list[Coroutine[Any, Any, None]]:
        plan = self._plan
        parts: list[Coroutine[Any, Any, None]] = []
        if plan.transcriber is not None:
            parts.append(self._on_the_line(plan.transcriber))
        if plan.voice is not None:
            parts.append(self._assistant(plan.voice))
        if plan.endpointing is not None and plan.transcriber is not None:
            parts.append(self._asking(plan.endpointing))
        return parts

    async def _over_or_late(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), max(0.0, self._clock.end - self._clock.now()))

    # The transcriber.

    async def _on_the_line(self, url: str) -> None:
        plan = self._plan
        try:
            line = await open_socket(
                url, plan.credentials, on_text=self._heard, on_end=self._ended, timeout=plan.timeout
            )
        except (*NETWORK_ERRORS, EmulatorError) as fault:
            self._measures.errors[f"call not opened: {_kind(fault)}"] += 1
            self._over.set()
            return
        self._line = line
        self._measures.calls += 1
        try:
            line.text(start_message(plan.rate))
            self._began = self._clock.now()
            await self._speak(line)
        finally:
            self._line = None
            await line.hang_up(1.0)

    async def _speak(self, line: CallSocket) -> None:
        """Write each frame when it is due; what is late is written at once, and counted."""
        clock, measures, messages = self._clock.now, self._measures, self._script.messages
        jitter, dice = self._plan.jitter / 1000, self._dice
        full, waiting = _FULL * len(messages[0]), _WAITING * len(messages[0])
        index = 0
        while not line.closed.done():
            due = self._began + index * _FRAME + dice.random() * jitter
            wait = due - clock()
            if wait > 0:
                await asyncio.sleep(wait)
            measures.lateness.add(clock() - due)
            measures.frames += 1
            buffered = line.waiting
            measures.not_accepted += buffered > waiting
            measures.dropped += buffered > full
            if buffered <= full:
                line.frame(messages[index % len(messages)])
            index += 1

    def _heard(self, text: bytes) -> None:
        now = self._clock.now()
        heard = read_transcript(text)
        if heard is None:
            return
        if heard.final:
            self._measures.finals += 1
            lag = self._lag(heard.text, now - self._began)
            if lag is not None:
                self._measures.lags.append(lag)
        else:
            self._measures.partials += 1
        if not self._texts.full():
            self._texts.put_nowait(heard.text)

    def _lag(self, text: str, at: float) -> float | None:
        """Seconds by which a final trails the audio it is about."""
        counted = _COUNTED.fullmatch(text.strip())
        if counted:
            # The last frame of that second went out one frame before the second was over.
            return max(0.0, at - int(counted[1]) + _FRAME)
        turns, place = divmod(at, self._script.duration)
        ended = [span.end for span in self._script.spans if span.end <= place]
        if ended:
            return place - ended[-1]
        return place + self._script.duration - self._script.spans[-1].end if turns and self._script.spans else None

    def _ended(self, code: int) -> None:
        if self._line is not None:
            self._measures.errors[f"call lost: closed with {code}"] += 1
            self._over.set()

    # The voice and the end of turns.

    async def _assistant(self, url: str) -> None:
        plan, dice = self._plan, self._dice
        poster = HttpClient(timeout=plan.timeout)
        try:
            while True:
                await asyncio.sleep(dice.uniform(0.5, 1.5) * plan.turn)
                cut = dice.random() < plan.barge_in
                body = voice_body(dice.choice(_SAYINGS), plan.voice_rate)
                answer = await self._posted("voice", poster, url, body, hang_up=cut)
                if answer is not None:
                    self._listen(answer, cut=cut)
        finally:
            poster.close()

    def _listen(self, answer: RecordedResponse, *, cut: bool) -> None:
        measures = self._measures
        playback = played(answer, self._plan.voice_rate)
        if answer.first_byte is not None:
            measures.first_byte.append(answer.first_byte)
        if cut:
            measures.interrupted += 1
            return
        if playback.first_audible is None:
            measures.errors["voice: nothing audible"] += 1
            return
        measures.first_audible.append(playback.first_audible)
        measures.sound += playback.duration
        measures.stalled += playback.stalled

    async def _asking(self, url: str) -> None:
        plan = self._plan
        poster = HttpClient(timeout=plan.timeout)
        try:
            while True:
                text = await self._texts.get()
                answer = await self._posted(
                    "endpointing", poster, url, endpointing_body((ConversationTurn("user", text),))
                )
                if answer is None:
                    continue
                if read_timeout(answer.body) is None:
                    self._measures.errors["endpointing: no timeoutSeconds"] += 1
                else:
                    self._measures.endpointing.append(answer.total)
        finally:
            poster.close()

    async def _posted(
        self, endpoint: str, poster: HttpClient, url: str, body: bytes, *, hang_up: bool = False
    ) -> RecordedResponse | None:
        after = 1 if hang_up else None
        try:
            answer = await post(poster, url, body, credentials=self._plan.credentials, hang_up_after=after)
        except EmulatorError as fault:
            self._measures.errors[f"{endpoint}: {_kind(fault.__cause__ or fault)}"] += 1
            return None
        if answer.status != 200:
            self._measures.errors[f"{endpoint}: HTTP {answer.status}"] += 1
            return None
        if not answer.complete:
            self._measures.errors[f"{endpoint}: broken off"] += 1
            return None
        return answer


def _kind(fault: BaseException) -> str:
    """An error's kind, the same for all of its kind."""
    if isinstance(fault, InvalidStatus):
        return f"HTTP {fault.response.status_code}"
    if isinstance(fault, TimeoutError):
        return "no answer in time"
    if isinstance(fault, ConnectionRefusedError):
        return "connection refused"
    return type(fault).__name__

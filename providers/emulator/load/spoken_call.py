"""The transcriber's part of one call: frames on time, transcripts matched with what was said."""

from __future__ import annotations

import asyncio
import re

from websockets.exceptions import InvalidStatus

from providers.emulator.audio_frames import FRAMES_PER_SECOND
from providers.emulator.failures import NETWORK_ERRORS, EmulatorError, sentence
from providers.emulator.load.environment import CallEnvironment
from providers.emulator.protocol import read_transcript, start_message
from providers.emulator.websocket_client import CallSocket, open_socket

_FRAME = 1 / FRAMES_PER_SECOND
"""Seconds."""
_WAITING = 10
"""Frames that may wait in this process; more is 200 ms of audio the server did not take in time."""
_FULL = 25
"""Frames after which no more are added: audio half a second late is of no use."""
_COUNTED = re.compile(r"second (\d+)\.?", re.IGNORECASE)
"""What a recogniser that only counts audio says: its text dates itself."""
_GOODBYE = 1.0
"""Seconds to wait for the server's close frame."""


class SpokenCall:
    """One socket; `run` speaks until the load is over, then waits for the finals that are still to come."""

    def __init__(self, environment: CallEnvironment, url: str) -> None:
        self._environment = environment
        self._url = url
        self._measures = environment.measures.transcriber
        self._matcher = environment.script.matcher()
        self._began = 0.0
        self._dates_itself = False
        self._hanging_up = False

    async def run(self) -> None:
        """Make the call."""
        plan, clock = self._environment.plan, self._environment.clock
        dialled = clock.now()
        try:
            socket = await open_socket(
                self._url, plan.credentials, on_text=self._heard, on_end=self._ended, timeout=plan.endurance.timeout
            )
        except (*NETWORK_ERRORS, EmulatorError) as error:
            self._environment.error(f"call not opened: {reason(error)}")
            self._environment.over.set()
            return
        self._began = clock.now()
        self._measures.opened.add(self._began - dialled, self._began)
        try:
            socket.text(start_message(plan.rate))
            await self._speak(socket)
        finally:
            self._hanging_up = True
            self._report()
            await socket.hang_up(_GOODBYE)

    async def _speak(self, socket: CallSocket) -> None:
        """Write each frame when it is due; what is late is written at once, and counted."""
        environment, measures = self._environment, self._measures
        messages, silence = environment.script.messages, environment.script.silence
        clock, dice, jitter = environment.clock, environment.dice, environment.plan.jitter / 1000
        full, waiting = _FULL * len(silence), _WAITING * len(silence)
        index = 0
        while not socket.closed.done():
            due = self._began + index * _FRAME + dice.random() * jitter
            wait = due - clock.now()
            if wait > 0:
                await asyncio.sleep(wait)
            over = clock.left <= 0
            if over and self._settled(index * _FRAME):
                return
            environment.measures.lateness.add(clock.now() - due)
            measures.frames += 1
            buffered = socket.waiting
            measures.not_accepted += buffered > waiting
            measures.dropped += buffered > full
            if buffered <= full:
                socket.frame(silence if over else messages[index % len(messages)])
            index += 1

    def _settled(self, spoken: float) -> bool:
        """True when nothing is awaited after the load any more."""
        environment = self._environment
        answered = self._dates_itself or not environment.script.speech or not self._matcher.waiting(spoken)
        return answered or environment.clock.patience <= 0

    def _heard(self, text: bytes) -> None:
        now = self._environment.clock.now()
        heard = read_transcript(text)
        if heard is None or heard.channel != "customer":
            return
        if heard.final:
            self._measures.finals += 1
            self._match(heard.text, now)
        else:
            self._measures.partials += 1
        if not self._environment.texts.full():
            self._environment.texts.put_nowait(heard.text)

    def _match(self, text: str, now: float) -> None:
        counted = _COUNTED.fullmatch(text.strip())
        if counted:
            self._dates_itself = True
            # The last frame of that second went out one frame before the second was over.
            self._measures.lags.add(max(0.0, now - self._began - int(counted[1]) + _FRAME), now)
        else:
            self._matcher.final(text, now - self._began)

    def _report(self) -> None:
        """Hand in what the finals showed."""
        if self._dates_itself:
            return
        lags = self._matcher.lags(min(self._environment.clock.now(), self._environment.clock.length) - self._began)
        measures = self._measures
        for at, value in lags.answered:
            measures.lags.add(value, self._began + at)
        measures.unmatched += lags.unmatched
        measures.in_speech += lags.in_speech
        if self._environment.script.speech:
            late = max(0.0, -self._environment.clock.left)
            measures.lags.open.extend(age + late for age in lags.unanswered)

    def _ended(self, code: int) -> None:
        if not self._hanging_up:
            self._environment.error(f"call lost: closed with {code}")
            self._environment.over.set()


def reason(error: BaseException) -> str:
    """An error's kind, the same for all of its kind; a refusal with the server's own sentence."""
    if isinstance(error, InvalidStatus):
        said = sentence(bytes(error.response.body or b""))
        return f"HTTP {error.response.status_code}{f': {said}' if said else ''}"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    return type(error).__name__

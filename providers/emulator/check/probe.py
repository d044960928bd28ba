"""What judges share: one client, one set of speech, and probes that several rules look at but only one makes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from providers.emulator.audio_frames import Piece, awaited, paced
from providers.emulator.check.limits import Limits
from providers.emulator.check.probe_texts import ProbeTexts
from providers.emulator.credentials import SentCredentials
from providers.emulator.failures import NETWORK_ERRORS, ServerRefused
from providers.emulator.http_client import HttpClient, RecordedResponse, post
from providers.emulator.protocol import Json, start_message, voice_body
from providers.emulator.speech import ProbeSpeech
from providers.emulator.targets import Targets
from providers.emulator.transcriber_client import CallRecord, TimedTranscript, TranscriberCall

RATE = 24000
"""Hz of voice probes: every example the platform prints has it."""
CALL_RATE = 16000
"""Hz of calls: likewise."""

_AGAIN = 0.5
"""Seconds between attempts at a server that is full."""

_FULL = 503
"""HTTP status of a server without a free place."""
_TRY_AGAIN_LATER = 1013
"""The close code that says the same after the upgrade."""

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class CallEnding:
    """What tells that a call's last final is here."""

    after: float
    """Seconds of audio at which the last speech ends."""
    utterances: int
    """At least 1. A recogniser may split them further, never join them: they are far apart."""


@dataclass(frozen=True, slots=True)
class CallShape:
    """What is unusual about a call."""

    rate: int = CALL_RATE
    """Hz, as the start message says."""
    channels: int = 2
    extra: Json | None = None
    """More fields of the start message."""
    hard: bool = False
    """True lets the line go dead instead of closing it."""
    credentials: SentCredentials | None = None
    """Other credentials than the right ones."""
    url: str | None = None
    """Another address than the endpoint's."""


_USUAL = CallShape()


class Probe:
    """Access to a server under test; made by `probing`."""

    def __init__(self, targets: Targets, limits: Limits, speech: ProbeSpeech | None, client: HttpClient) -> None:
        self.targets = targets
        self.texts = ProbeTexts(limits.seed, sentences=limits.sentences)
        self.limits = limits
        self.speech = speech
        self._client = client
        self._shared: dict[str, asyncio.Task[Any]] = {}
        self._lines = asyncio.Semaphore(limits.calls_at_once)

    async def once(self, name: str, make: Callable[[], Awaitable[_Value]]) -> _Value:
        """The result of a probe that several rules look at; made when the first asks."""

        async def made() -> _Value:
            return await make()

        if name not in self._shared:
            self._shared[name] = asyncio.create_task(made())
        # A rule that is given up must not take the probe away from the others that wait for it.
        result: _Value = await asyncio.shield(self._shared[name])
        return result

    def one_call_at_a_time(self) -> None:
        """From now on calls wait for each other: they were found to disturb each other."""
        self._lines = asyncio.Semaphore(1)

    async def aclose(self) -> None:
        """End the probes that are still running."""
        for task in self._shared.values():
            task.cancel()
        await asyncio.gather(*self._shared.values(), return_exceptions=True)

    # The voice endpoint.

    async def say(
        self, text: str, rate: int = RATE, *, voice: str | None = None, hang_up: bool = False
    ) -> RecordedResponse:
        """One voice request; ``hang_up`` ends it at the first piece."""
        return await self.ask("voice", voice_body(text, rate, voice=voice), hang_up_after=1 if hang_up else None)

    async def ask(
        self,
        endpoint: str,
        body: bytes,
        *,
        credentials: SentCredentials | None = None,
        url: str | None = None,
        hang_up_after: int | None = None,
    ) -> RecordedResponse:
        """POST to an endpoint that is known to be there, or to ``url`` in its place."""
        known = self.targets.credentials if credentials is None else credentials
        address = url or self.endpoint(endpoint)
        return await post(self._client, address, body, credentials=known, hang_up_after=hang_up_after)

    async def pour(self, endpoint: str, parts: AsyncIterator[bytes]) -> RecordedResponse | None:
        """POST a body of unknown length; the answer, or None when the server broke off."""
        headers = {"Content-Type": "application/json", **self.targets.credentials.headers(b"")}
        url = self.targets.credentials.address(self.endpoint(endpoint))
        try:
            return await self._client.post(url, parts, headers=headers)
        except NETWORK_ERRORS:
            return None

    def endpoint(self, name: str) -> str:
        """An endpoint's address."""
        url: str | None = getattr(self.targets, name)
        if url is None:
            raise LookupError(name)
        return url

    # The transcriber endpoint.

    async def call(
        self, pieces: Iterable[Piece], shape: CallShape = _USUAL, *, ending: CallEnding | None = None
    ) -> CallRecord:
        """One call, times in seconds of audio; with an ``ending`` it goes on until its last final settled."""
        limits = self.limits
        rate, channels = shape.rate, shape.channels
        call = TranscriberCall(
            shape.url or self.endpoint("transcriber"),
            self.targets.credentials if shape.credentials is None else shape.credentials,
            start_message(rate, channels=channels, extra=shape.extra),
            open_timeout=limits.timeout,
            hang_up_hard=shape.hard,
        )
        until = time.monotonic() + limits.place_within
        async with self._lines:
            while True:
                record = CallRecord()
                said = pieces if ending is None else self._to_the_end(pieces, record, rate, channels, ending)
                if await _answered(call, said, record, limits, until) or not isinstance(pieces, list):
                    break
        record.lines = [replace(line, at=line.at * limits.speed) for line in record.lines]
        return record

    def _to_the_end(
        self, pieces: Iterable[Piece], record: CallRecord, rate: int, channels: int, ending: CallEnding
    ) -> Iterator[Piece]:
        spent = 0.0
        for piece in pieces:
            spent += piece.lasts
            yield piece
        limits = self.limits

        def finished(now: float) -> bool:
            return _settled(record.lines, ending, now, limits)

        yield from awaited(finished, rate, channels, begin=spent, longest=limits.tail * limits.speed)


def _settled(lines: list[TimedTranscript], ending: CallEnding, now: float, limits: Limits) -> bool:
    """True once there are as many finals as utterances, the last after the speech, and nothing since."""
    finals = [line.at for line in lines if line.heard.final]
    if len(finals) < ending.utterances or finals[-1] < ending.after / limits.speed:
        return False
    return now / limits.speed - lines[-1].at > limits.settle


async def _answered(
    call: TranscriberCall, pieces: Iterable[Piece], record: CallRecord, limits: Limits, until: float
) -> bool:
    """Make the call; False when the server is full (503, or 1013) and has time left to free the place of another."""
    try:
        await call.run(paced(pieces, speed=limits.speed), record=record)
    except ServerRefused as refused:
        if refused.status != _FULL or time.monotonic() > until:
            raise
    else:
        if record.close_code != _TRY_AGAIN_LATER or time.monotonic() > until:
            return True
    await asyncio.sleep(_AGAIN)
    return False


@asynccontextmanager
async def probing(targets: Targets, limits: Limits, speech: ProbeSpeech | None) -> AsyncIterator[Probe]:
    """A probe, ended with all its connections."""
    async with HttpClient(timeout=limits.timeout) as client:
        probe = Probe(targets, limits, speech, client)
        try:
            yield probe
        finally:
            await probe.aclose()

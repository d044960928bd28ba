"""The POSTs of one call: the assistant's answers, and a question about the end of the turn per transcript."""

from __future__ import annotations

import asyncio

from providers.emulator.failures import NETWORK_ERRORS, EmulatorError, sentence
from providers.emulator.http_client import HttpClient, RecordedResponse
from providers.emulator.load.environment import CallEnvironment
from providers.emulator.load.measures import Times
from providers.emulator.load.plan import VOICE_RATE
from providers.emulator.load.spoken_call import reason
from providers.emulator.protocol import ConversationTurn, endpointing_body, read_timeout, voice_body
from providers.emulator.voice_client import played

_SAYINGS = (
    "Sure, I can move that to Thursday.",
    "Your table is booked for seven, and the kitchen stays open until eleven.",
    "One moment, please.",
    "The balance of your account is forty two dollars and fifty cents. Would you like to hear the last transactions?",
    "Could you spell your last name for me?",
)


class _Requests:
    """POSTs to one endpoint over one kept connection."""

    def __init__(self, environment: CallEnvironment, url: str, endpoint: str, unanswered: list[Times]) -> None:
        self._environment = environment
        self._url = environment.plan.credentials.address(url)
        self._endpoint = endpoint
        self._unanswered = unanswered
        """What an answer that never comes counts in, with its age."""
        self._client = HttpClient(timeout=environment.plan.endurance.timeout)

    async def _post(self, body: bytes, *, hang_up: bool = False) -> RecordedResponse | None:
        """The answer, or None, counted as an error."""
        environment, plan = self._environment, self._environment.plan
        headers = {"Content-Type": "application/json", **plan.credentials.headers(body)}
        patience = min(plan.endurance.timeout, environment.clock.patience)
        begin = environment.clock.now()
        answered = False
        try:
            answer = await self._client.post(
                self._url, body, headers=headers, hang_up_after=1 if hang_up else None, timeout=patience
            )
            answered = answer.status != 200 or answer.first_byte is not None
        except TimeoutError as error:
            environment.error(f"{self._endpoint}: {reason(error)}")
            return None
        except (*NETWORK_ERRORS, EmulatorError) as error:
            answered = True  # refused or broken off: an error, and nothing that is awaited
            environment.error(f"{self._endpoint}: {reason(error)}")
            return None
        finally:  # an answer that is awaited when the load is interrupted counts too
            if not answered:
                for times in self._unanswered:
                    times.open.append(environment.clock.now() - begin)
        fault = _fault(answer)
        if fault is not None:
            environment.error(f"{self._endpoint}: {fault}")
            return None
        return answer


def _fault(answer: RecordedResponse) -> str | None:
    """What is wrong with an answer; None for a whole 200."""
    if answer.status != 200:
        said = sentence(answer.body)
        return f"HTTP {answer.status}{f': {said}' if said else ''}"
    return None if answer.complete else "broken off"


class VoiceRequests(_Requests):
    """The assistant's answers, some of them cut off."""

    def __init__(self, environment: CallEnvironment, url: str) -> None:
        self._measures = environment.measures.voice
        super().__init__(environment, url, "voice", [self._measures.first_byte, self._measures.first_audible])

    async def run(self) -> None:
        """Ask now and then until the load is over."""
        clock, dice, plan = self._environment.clock, self._environment.dice, self._environment.plan
        wait = dice.random() * min(plan.turn, 0.8 * max(0.0, clock.left))
        try:
            while clock.left > wait:
                await asyncio.sleep(wait)
                if self._environment.over.is_set():
                    return
                cut = dice.random() < plan.barge_in
                answer = await self._post(voice_body(dice.choice(_SAYINGS), VOICE_RATE), hang_up=cut)
                if answer is not None:
                    self._measure(answer, cut=cut)
                wait = dice.uniform(0.5, 1.5) * plan.turn
        finally:
            self._client.close()

    def _measure(self, answer: RecordedResponse, *, cut: bool) -> None:
        measures, at = self._measures, self._environment.clock.now()
        if answer.connect is not None:
            measures.connect.add(answer.connect, at)
        if answer.first_byte is not None:
            measures.first_byte.add(answer.first_byte, at)
        if cut:
            measures.interrupted += 1
            return
        playback = played(answer, VOICE_RATE)
        if playback.first_audible is None:
            self._environment.error("voice: nothing audible")
            return
        measures.first_audible.add(playback.first_audible, at)
        measures.sound += playback.duration
        measures.stalled += playback.stalled


class EndpointingRequests(_Requests):
    """One question per transcript, the newest only while one is open."""

    def __init__(self, environment: CallEnvironment, url: str) -> None:
        super().__init__(environment, url, "endpointing", [environment.measures.endpointing])

    async def run(self) -> None:
        """Ask until the load is over."""
        environment = self._environment
        try:
            while environment.clock.left > 0 and not environment.over.is_set():
                text = await self._text()
                if text is not None:
                    await self._ask(text)
        finally:
            self._client.close()

    async def _text(self) -> str | None:
        """The next transcript, or None when the load is over before it."""
        try:
            return await asyncio.wait_for(self._environment.texts.get(), max(0.0, self._environment.clock.left))
        except TimeoutError:
            return None

    async def _ask(self, text: str) -> None:
        answer = await self._post(endpointing_body((ConversationTurn("user", text),)))
        if answer is None:
            return
        if read_timeout(answer.body) is None:
            self._environment.error("endpointing: no timeoutSeconds")
        else:
            self._environment.measures.endpointing.add(answer.total, self._environment.clock.now())

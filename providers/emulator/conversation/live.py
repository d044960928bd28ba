"""The driver in real time: frames of 20 ms, real clients, the event loop's clock.

::

    hear(pcm) ─▶ caller's frames ─┬─▶ voice detector ─▶ Conversation ─▶ requests through the ports
                                  ├─▶ channel 0 ┐
                                  │             ├─▶ transcriber
    on_audio ◀─ what was heard ───┴─▶ channel 1 ┘

A frame is made at its end, so that it holds exactly what the play-out clock says was heard in it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from providers.emulator.conversation import commands, inputs
from providers.emulator.conversation.assistant import Assistant
from providers.emulator.conversation.behaviour import Behaviour
from providers.emulator.conversation.conversation import Conversation
from providers.emulator.conversation.history import History
from providers.emulator.conversation.live_audio import FRAME, CallerSound, PlayedSound, VoiceDetector
from providers.emulator.conversation.live_requests import LiveRequests
from providers.emulator.conversation.ports import Ports


@dataclass(frozen=True, slots=True)
class Listeners:
    """What a call tells the outside; each is called on the event loop and must not wait."""

    on_event: Callable[[commands.ConversationEvent], None] = lambda event: None
    """Each entry of the log."""
    on_message: Callable[[commands.Send], None] = lambda send: None
    """Each message of the platform's, for the Server URL or the client."""
    on_audio: Callable[[bytes], None] = lambda frame: None
    """The assistant's sound as it was heard: a frame of mono PCM every 20 ms, silence included."""
    on_stop: Callable[[], None] = lambda: None
    """The assistant fell silent: sound that a client has buffered is to be dropped."""
    on_stereo: Callable[[bytes], None] = lambda frame: None
    """Both sides: the frames that the transcriber gets."""


class LiveCall:
    """One call in real time.

    Parameters
    ----------
    assistant : Assistant
        Who answers.
    ports : Ports
        Clients for the endpoints, the model and the tools.
    call_id : str
        Identity of the call.
    rate : int
        Hz of all sound, 8000 … 48000.
    detector : VoiceDetector | None
        The platform's voice detector; None is the usual one.
    variables : dict | None
        Values for the assistant's texts, such as ``customer``.
    """

    def __init__(
        self,
        assistant: Assistant,
        ports: Ports,
        *,
        call_id: str,
        rate: int = 16000,
        listeners: Listeners | None = None,
        behaviour: Behaviour | None = None,
        detector: VoiceDetector | None = None,
        variables: dict[str, Any] | None = None,
    ) -> None:
        self._conversation = Conversation(assistant, call_id, behaviour=behaviour, variables=variables)
        self._listeners = listeners or Listeners()
        self._caller = CallerSound(rate)
        self._played = PlayedSound(rate)
        self._detector = detector or VoiceDetector(rate)
        self._requests = LiveRequests(ports, self._give, self._played)
        self._began = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._ended = asyncio.Event()
        self._told: set[str] = set()
        self._reporting = False

    # What the outside does.

    async def run(self) -> str:
        """Answer the call and hold it to its end; returns the platform's reason for the end.

        Cancelling it hangs up.
        """
        loop = asyncio.get_running_loop()
        self._began = loop.time()
        try:
            async with asyncio.TaskGroup() as group:
                self._requests.begin(group)
                self._give(inputs.Answered())
                await self._frames(loop)
                await self._requests.finish()
        finally:
            if self._timer is not None:
                self._timer.cancel()
            self._conversation.receive(inputs.HungUp(), self._now())
            self._report()
            await self._requests.close()
        return self._conversation.ended_reason or "customer-ended-call"

    def hear(self, pcm: bytes) -> None:
        """Take in the caller's sound: mono PCM in pieces of any length; what is too early waits, up to a second."""
        self._caller.push(pcm)

    def client_message(self, message: dict[str, Any]) -> None:
        """Take in a message of the client's: say, add-message, control, end-call, hangup, transfer."""
        self._give(inputs.ClientMessage(message))

    def hang_up(self, reason: str = "customer-ended-call") -> None:
        """End the call from outside."""
        self._give(inputs.HungUp(reason))

    @property
    def status(self) -> str:
        """``created``, ``ringing``, ``in-progress``, ``forwarding`` or ``ended``."""
        return self._conversation.status

    @property
    def ended_reason(self) -> str | None:
        """Why the call ended; None while it goes on."""
        return self._conversation.ended_reason

    @property
    def history(self) -> History:
        """What was said."""
        return self._conversation.history

    # The clock.

    def _now(self) -> float:
        return asyncio.get_running_loop().time() - self._began

    async def _frames(self, loop: asyncio.AbstractEventLoop) -> None:
        """Make a frame at the end of every 20 ms, until the call has ended."""
        index = 0
        while not self._ended.is_set():
            index += 1
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(self._began + index * FRAME):
                    await self._ended.wait()
            self._frame(index * FRAME)

    def _frame(self, end: float) -> None:
        self._conversation.advance(min(end, self._now()))
        played = self._played.frame(self._conversation.heard())
        caller = self._caller.frame(muted=self._conversation.customer_muted)
        speaking = self._detector.feed(caller)
        if speaking is not None:
            self._conversation.receive(inputs.CallerSpeech(speaking), self._now())
        self._listeners.on_audio(played)
        self._listeners.on_stereo(self._requests.listen(caller, played))
        self._tell_dropped("caller", self._caller.dropped > 0)
        self._tell_dropped("transcriber", self._requests.dropped > 0)
        self._pump()

    def _tell_dropped(self, side: str, dropped: bool) -> None:  # noqa: FBT001 - said of the side before it
        """Write to the log, once, that sound was lost."""
        if dropped and side not in self._told:
            self._told.add(side)
            self._listeners.on_event(commands.ConversationEvent(self._now(), "sound-dropped", {"side": side}))

    def _give(self, given: inputs.Input) -> None:
        self._conversation.receive(given, self._now())
        self._pump()

    def _pump(self) -> None:
        """Do what the conversation asks for, and be called again when it wants to."""
        self._report()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self._conversation.next_timer()
        if self._conversation.ended_reason is not None:
            self._ended.set()
        elif due is not None:
            self._timer = asyncio.get_running_loop().call_at(self._began + due, self._due)

    def _due(self) -> None:
        self._conversation.advance(self._now())
        self._pump()

    def _report(self) -> None:
        """Hand out what the conversation has to tell; what a listener gives back meanwhile comes after it."""
        if self._reporting:
            return
        self._reporting = True
        try:
            while (events := self._conversation.events()) + (asked := self._conversation.commands()):
                for event in events:
                    self._listeners.on_event(event)
                for command in asked:
                    self._do(command)
        finally:
            self._reporting = False

    def _do(self, command: commands.Command) -> None:
        if isinstance(command, commands.Send):
            self._listeners.on_message(command)
        elif isinstance(command, commands.StopPlaying):
            self._listeners.on_stop()
        else:
            self._requests.do(command)


async def hold(call: LiveCall, caller: Coroutine[Any, Any, None]) -> str:
    """Hold a call while ``caller`` speaks and listens; the call's end cancels it."""
    speaking = asyncio.ensure_future(caller)
    try:
        return await call.run()
    finally:
        speaking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await speaking

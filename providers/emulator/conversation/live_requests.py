"""The requests of a live call: a task for each, whose results go back as inputs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any

from dsp import join_channels
from providers.emulator.conversation import commands, inputs
from providers.emulator.conversation.live_audio import PlayedSound
from providers.emulator.conversation.ports import PortError, Ports, ToolWish, TranscriberSocket

_LAST_TOOLS = 5.0
"""Seconds."""
_MOST_FRAMES = 250
"""Frames, five seconds, that wait for a transcriber's socket; the oldest are dropped beyond."""


class LiveRequests:
    """What one call has asked for and not got yet."""

    def __init__(self, ports: Ports, give: Callable[[inputs.Input], None], sound: PlayedSound) -> None:
        self._ports = ports
        self._give = give
        self._sound = sound
        self._group: asyncio.TaskGroup | None = None
        self._tasks: dict[tuple[str, int], asyncio.Task[None]] = {}
        self._others: set[asyncio.Task[None]] = set()
        self._frames: asyncio.Queue[bytes] = asyncio.Queue(_MOST_FRAMES)
        self._socket: TranscriberSocket | None = None
        self.dropped = 0
        """Frames that the transcriber did not take."""

    def begin(self, group: asyncio.TaskGroup) -> None:
        """Run all tasks in a group."""
        self._group = group

    async def finish(self) -> None:
        """Drop everything that runs; tools that the end of the call still wanted get a moment."""
        for task in list(self._tasks.values()):
            task.cancel()
        if self._others:
            await asyncio.wait(self._others, timeout=_LAST_TOOLS)
        for task in self._others:
            task.cancel()

    async def close(self) -> None:
        """Close the transcriber's socket."""
        if self._socket is not None:
            socket, self._socket = self._socket, None
            with contextlib.suppress(PortError, OSError):
                await socket.close()

    def do(self, command: commands.Command) -> None:
        """Do what a conversation asks for."""
        match command:
            case commands.OpenTranscriber(transcriber):
                self._cancel("transcriber", transcriber - 1)
                self._start("transcriber", transcriber, self._transcribe(transcriber))
            case commands.AskVoice(request, text, voice):
                self._start("voice", request, self._speak(request, text, voice))
            case commands.CancelVoice(request):
                self._cancel("voice", request)
            case commands.AskModel(request, messages):
                self._start("model", request, self._think(request, messages))
            case commands.CancelModel(request):
                self._cancel("model", request)
            case commands.AskEndpointing(request, messages):
                self._start("endpointing", request, self._wait(request, messages))
            case commands.CallTool():
                self._aside(self._call(command))
            case commands.AskDestination():
                self._aside(self._destination(command))

    def listen(self, caller: bytes, played: bytes) -> bytes:
        """Queue a stereo frame for the transcriber; returns it."""
        frame = join_channels([caller, played])
        if self._frames.full():
            self._frames.get_nowait()
            self.dropped += 1
        self._frames.put_nowait(frame)
        return frame

    def _start(self, part: str, number: int, work: Coroutine[Any, Any, None]) -> None:
        task = self._task(work)
        if task is not None:
            self._tasks[part, number] = task
            task.add_done_callback(lambda _: self._tasks.pop((part, number), None))

    def _aside(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._task(work)
        if task is not None:
            self._others.add(task)
            task.add_done_callback(self._others.discard)

    def _task(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
        if self._group is None:
            work.close()
            return None
        return self._group.create_task(work)

    def _cancel(self, part: str, number: int) -> None:
        task = self._tasks.pop((part, number), None)
        if task is not None:
            task.cancel()

    async def _speak(self, request: int, text: str, voice: int) -> None:
        error: str | None = None
        try:
            async with contextlib.aclosing(self._ports.voice.speak(text, voice)) as body:
                async for piece in body:
                    self._give(inputs.VoiceAudio(request, self._sound.receive(request, piece)))
        except PortError as fault:
            error = str(fault)
        self._give(inputs.VoiceDone(request, error))

    async def _think(self, request: int, messages: tuple[dict[str, Any], ...]) -> None:
        error: str | None = None
        try:
            async with contextlib.aclosing(self._ports.model.answer(messages)) as answer:
                async for piece in answer:
                    if isinstance(piece, ToolWish):
                        wish = inputs.ModelToolCall(request, piece.tool_call_id, piece.name, piece.parameters)
                        self._give(wish)
                    else:
                        self._give(inputs.ModelText(request, piece))
        except PortError as fault:
            error = str(fault)
        self._give(inputs.ModelDone(request, error))

    async def _wait(self, request: int, messages: tuple[dict[str, Any], ...]) -> None:
        port, seconds = self._ports.endpointing, None
        if port is not None:
            with contextlib.suppress(PortError):
                seconds = await port.seconds(messages)
        self._give(inputs.EndpointingAnswered(request, seconds))

    async def _call(self, wanted: commands.CallTool) -> None:
        tools = self._ports.tools
        try:
            result = await tools.call(wanted) if tools is not None else ""
            error = tools is None
        except PortError as fault:
            result, error = str(fault), True
        self._give(inputs.ToolAnswered(wanted.tool_call_id, result or "No result returned.", error))

    async def _destination(self, wanted: commands.AskDestination) -> None:
        found: dict[str, Any] | None = None
        message: str | None = None
        if self._ports.tools is not None:
            with contextlib.suppress(PortError):
                found, message = await self._ports.tools.destination(wanted)
        self._give(inputs.DestinationAnswered(wanted.tool_call_id, found, message))

    async def _transcribe(self, transcriber: int) -> None:
        """Hold a transcriber's socket: send frames until it is lost."""
        lost: list[int] = []

        def heard(text: str, final: bool) -> None:  # noqa: FBT001 - as the port calls it
            self._give(inputs.TranscriptHeard(text, final))

        try:
            self._socket = await self._ports.transcriber.open(transcriber, on_transcript=heard, on_closed=lost.append)
        except PortError as fault:
            self._give(inputs.TranscriberLost(transcriber, str(fault)))
            return
        while not lost:
            frame = await self._frames.get()
            try:
                await self._socket.send(frame)
            except (PortError, OSError):
                break
        code = lost[0] if lost else 1006
        self._give(inputs.TranscriberLost(transcriber, f"closed with {code}", code))

"""One conversation at the terminal: everything it needs is opened, and closed however it ends."""

from __future__ import annotations

import asyncio
import signal
import uuid
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from providers.emulator.conversation.assistant import Assistant
from providers.emulator.conversation.clients import CallIdentity, endpoints_of
from providers.emulator.conversation.commands import ConversationEvent
from providers.emulator.conversation.live import Listeners, LiveCall, hold
from providers.emulator.conversation.ports import ModelPort, Ports
from providers.emulator.failures import EmulatorError, bare
from providers.emulator.loudspeaker import Loudspeaker, open_loudspeaker
from providers.emulator.output import save, save_json
from providers.emulator.talk.assistants import servers_of, with_servers
from providers.emulator.talk.callers import Caller, Floor
from providers.emulator.talk.display import Display
from providers.emulator.talk.own_server import own_server
from providers.emulator.targets import Targets
from providers.emulator.wav import wav_bytes

SCHEMA = "vapi-providers/talk/1"
_LONGEST_RECORDING = 3600
"""Seconds of sound that are kept for ``--out``."""
_LITTLE_UNDERSTOOD = (
    "pocketsphinx understands little; extra whisper and `vapi-providers models pull whisper-base` make it better"
)

MakeCaller = Callable[[Floor], Caller]


@dataclass(frozen=True, slots=True)
class TalkRequest:
    """What a conversation is to be."""

    targets: Targets
    """Endpoints that are named; those that are None are those of a server of our own."""
    needs_own: bool
    assistant: Assistant
    model: ModelPort
    caller: MakeCaller
    rate: int
    """Hz."""
    hint: str
    """What the person can do."""
    plays: bool = True
    shows_partials: bool = True
    out: Path | None = None
    json_file: Path | None = None


@dataclass(slots=True)
class TalkRecord:
    """What a conversation showed."""

    events: list[ConversationEvent] = field(default_factory=list)
    stereo: bytearray = field(default_factory=bytearray)
    reason: str = "customer-ended-call"
    rate: int = 16000

    def keep(self, frame: bytes) -> None:
        """Keep a frame of both sides."""
        if len(self.stereo) < 4 * self.rate * _LONGEST_RECORDING:
            self.stereo += frame

    @property
    def seconds(self) -> float:
        """Length of the conversation."""
        return self.events[-1].at if self.events else 0.0


def talk(wanted: TalkRequest, console: Console) -> bool:
    """Hold a conversation until the caller hangs up, the assistant ends it, or Ctrl-C does; show and save it.

    False when the platform ended it because of an error.
    """
    record = TalkRecord(rate=wanted.rate)
    display = Display(console, shows_partials=wanted.shows_partials)
    try:
        asyncio.run(_conversation(wanted, console, display, record))
    except KeyboardInterrupt:
        if not record.events:
            raise
    display.end(record.reason, record.seconds)
    if wanted.out is not None:
        save(wanted.out, wav_bytes(bytes(record.stereo), wanted.rate, channels=2))
        console.print(
            f"saved to {wanted.out}: left the caller, right the assistant",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    save_json(wanted.json_file, report(record, display))
    return not any(word in record.reason for word in ("error", "failed"))


async def _conversation(wanted: TalkRequest, console: Console, display: Display, record: TalkRecord) -> None:
    loop, own_task = asyncio.get_running_loop(), asyncio.current_task()
    assert own_task is not None
    loop.add_signal_handler(signal.SIGTERM, own_task.cancel)
    async with AsyncExitStack() as stack:
        targets = wanted.targets
        if wanted.needs_own:
            targets = _completed(targets, (await stack.enter_async_context(_starting(console))).targets, console)
        speaker = await stack.enter_async_context(open_loudspeaker(wanted.rate)) if wanted.plays else None
        _announce(wanted, targets, speaker, console)
        await _hold(wanted, targets, speaker, display, record)


def _starting(console: Console) -> Any:
    console.print("starting a server of your own …", style="dim", highlight=False, soft_wrap=True)
    return own_server()


def _completed(named: Targets, own: Targets, console: Console) -> Targets:
    """The endpoints that are named, the others from a server of our own."""
    console.print(f"  {own.name}", style="dim", markup=False, highlight=False, soft_wrap=True)
    if "pocketsphinx" in (own.name or ""):
        console.print(f"  {_LITTLE_UNDERSTOOD}", style="yellow", markup=False, highlight=False, soft_wrap=True)
    if not (named.voice or named.transcriber or named.endpointing):
        return own
    if named.credentials:
        raise EmulatorError(
            "credentials go to every endpoint that is named: expected --voice-url, --transcriber-url and"
            " --endpointing-url with them, or --url"
        )
    return replace(
        own,
        voice=named.voice or own.voice,
        transcriber=named.transcriber or own.transcriber,
        endpointing=named.endpointing or own.endpointing,
    )


def _announce(wanted: TalkRequest, targets: Targets, speaker: Loudspeaker | None, console: Console) -> None:
    for name in ("voice", "transcriber", "endpointing"):
        url = getattr(targets, name)
        console.print(
            f"  {name:<12} {bare(url) if url else 'none'}", style="dim", markup=False, highlight=False, soft_wrap=True
        )
    if speaker is not None:
        heard = f"played by {speaker.name}"
    elif wanted.plays:
        heard = "no player was found on this machine: you see the conversation; --out call.wav saves its sound"
    else:
        heard = "not played"
    console.print(f"  {'sound':<12} {heard}", style="dim", markup=False, highlight=False, soft_wrap=True)
    console.print(wanted.hint, markup=False, highlight=False, soft_wrap=True)


async def _hold(
    wanted: TalkRequest, targets: Targets, speaker: Loudspeaker | None, display: Display, record: TalkRecord
) -> None:
    assistant = with_servers(wanted.assistant, servers_of(targets))
    floor = Floor(greets=bool(assistant.first_message))
    caller = wanted.caller(floor)
    identity = CallIdentity(str(uuid.uuid4()), wanted.rate, targets.credentials)
    endpoints = endpoints_of(assistant, identity)

    def happened(event: ConversationEvent) -> None:
        record.events.append(event)
        floor.take(event)
        display.show(event)

    def heard(frame: bytes) -> None:
        caller.heard(frame)
        if speaker is not None:
            speaker.play(frame)

    listeners = Listeners(
        on_event=happened, on_audio=heard, on_stop=speaker.silence if speaker else lambda: None, on_stereo=record.keep
    )
    ports = Ports(endpoints.voice, endpoints.transcriber, wanted.model, endpoints.endpointing)
    call = LiveCall(assistant, ports, call_id=identity.call_id, rate=wanted.rate, listeners=listeners)

    async def speaking() -> None:
        try:
            await caller.speak(call.hear)
        finally:
            call.hang_up()

    try:
        await hold(call, speaking())
    finally:
        record.reason = call.ended_reason or record.reason
        endpoints.close()


def report(record: TalkRecord, display: Display) -> dict[str, Any]:
    """The conversation as JSON; fields are added, never renamed, while ``schema`` says ``vapi-providers/talk/1``."""
    return {
        "schema": SCHEMA,
        "endedReason": record.reason,
        "seconds": round(record.seconds, 3),
        "waits": [
            {"total": round(wait.total, 3), **{name: round(value, 3) for name, value in wait.parts()}}
            for wait in display.waits
        ],
        "interruptions": display.interruptions,
        "events": [{"at": round(event.at, 3), "kind": event.kind, **event.detail} for event in record.events],
    }

"""One conversation at the terminal: everything it needs is opened, and closed however it ends."""

from __future__ import annotations

import asyncio
import signal
import uuid
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console

from providers.emulator.conversation.assistant import Assistant, Server
from providers.emulator.conversation.clients import CallIdentity, endpoints_of
from providers.emulator.conversation.commands import ConversationEvent
from providers.emulator.conversation.live import Listeners, LiveCall, hold
from providers.emulator.conversation.ports import Ports
from providers.emulator.failures import bare
from providers.emulator.loudspeaker import Loudspeaker, open_loudspeaker
from providers.emulator.output import save, save_json
from providers.emulator.platform.tools import ServerTools
from providers.emulator.platform.words import Words
from providers.emulator.talk.assistants import servers_of, with_servers
from providers.emulator.talk.callers import Caller, Floor
from providers.emulator.talk.customer_side import server_side, talking_model
from providers.emulator.talk.display import Display
from providers.emulator.talk.own_server import own_server
from providers.emulator.targets import Targets
from providers.emulator.wav import wav_bytes

_T = TypeVar("_T")

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
    words: Words
    caller: MakeCaller
    rate: int
    """Hz."""
    hint: str
    """What the person can do."""
    plays: bool = True
    shows_partials: bool = True
    out: Path | None = None
    json_file: Path | None = None
    server_url: str | None = None
    """Gets the platform's messages; credentials go there too."""


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
    except (KeyboardInterrupt, asyncio.CancelledError):  # SIGINT, SIGTERM
        if not record.events:
            raise KeyboardInterrupt from None
    display.end(record.reason, record.seconds)
    if wanted.out is not None:
        save(wanted.out, wav_bytes(bytes(record.stereo), wanted.rate, channels=2))
        told = f"saved to {wanted.out}: left the caller, right the assistant"
        console.print(told, markup=False, highlight=False, soft_wrap=True)
    save_json(wanted.json_file, report(record, display))
    return not any(word in record.reason for word in ("error", "failed"))


async def _conversation(wanted: TalkRequest, console: Console, display: Display, record: TalkRecord) -> None:
    loop, own_task = asyncio.get_running_loop(), asyncio.current_task()
    assert own_task is not None
    loop.add_signal_handler(signal.SIGTERM, own_task.cancel)
    async with AsyncExitStack() as stack:
        servers = servers_of(wanted.targets)
        if wanted.needs_own:
            console.print("starting a server of your own …", style="dim", highlight=False)
            own = (await stack.enter_async_context(own_server())).targets
            _introduce(own, console)
            servers = servers_of(own) | servers
        speaker = await stack.enter_async_context(open_loudspeaker(wanted.rate)) if wanted.plays else None
        _announce(wanted, servers, speaker, console)
        await _hold(wanted, servers, speaker, display, record)


def _introduce(own: Targets, console: Console) -> None:
    console.print(f"  {own.name}", style="dim", markup=False, highlight=False, soft_wrap=True)
    if "pocketsphinx" in (own.name or ""):
        console.print(f"  {_LITTLE_UNDERSTOOD}", style="yellow", markup=False, highlight=False, soft_wrap=True)


def _announce(wanted: TalkRequest, servers: dict[str, Server], speaker: Loudspeaker | None, console: Console) -> None:
    for name in ("voice", "transcriber", "endpointing"):
        where = bare(servers[name].url) if name in servers else "none"
        console.print(f"  {name:<12} {where}", style="dim", markup=False, highlight=False, soft_wrap=True)
    if speaker is not None:
        heard = f"played by {speaker.name}"
    elif wanted.plays:
        heard = "no player was found on this machine: you see the conversation; --out call.wav saves its sound"
    else:
        heard = "not played"
    console.print(f"  {'sound':<12} {heard}", style="dim", markup=False, highlight=False, soft_wrap=True)
    console.print(wanted.hint, markup=False, highlight=False, soft_wrap=True)


async def _hold(
    wanted: TalkRequest,
    servers: dict[str, Server],
    speaker: Loudspeaker | None,
    display: Display,
    record: TalkRecord,
) -> None:
    assistant = with_servers(wanted.assistant, servers)
    floor = Floor(greets=bool(assistant.first_message))
    caller = wanted.caller(floor)
    credentials = wanted.targets.credentials
    identity = CallIdentity(str(uuid.uuid4()), wanted.rate, credentials)

    async with (
        talking_model(assistant.model, wanted.words) as model,
        server_side(
            assistant.server, identity.call_id, credentials=credentials, trusted=wanted.server_url
        ) as server_url,
    ):
        listeners = Listeners(
            on_event=_each(record.events.append, floor.take, display.show),
            on_message=lambda send: server_url.tell(send.message) if send.to_server else None,
            on_audio=_each(caller.heard, speaker.play) if speaker else caller.heard,
            on_stop=speaker.silence if speaker else lambda: None,
            on_stereo=record.keep if wanted.out is not None else lambda frame: None,
        )
        endpoints = endpoints_of(assistant, identity)
        ports = Ports(endpoints.voice, endpoints.transcriber, model, endpoints.endpointing, ServerTools(server_url))
        call = LiveCall(assistant, ports, call_id=identity.call_id, rate=wanted.rate, listeners=listeners)
        try:
            await hold(call, _speaking(caller, call))
        finally:
            record.reason = call.ended_reason or record.reason
            endpoints.close()


def _each(*takers: Callable[[_T], None]) -> Callable[[_T], None]:
    """Several that take the same, as one."""

    def take(given: _T) -> None:
        for taker in takers:
            taker(given)

    return take


async def _speaking(caller: Caller, call: LiveCall) -> None:
    try:
        await caller.speak(call.hear)
    finally:
        call.hang_up()


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

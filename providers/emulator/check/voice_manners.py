"""Rules V9 … V17: how the voice endpoint behaves."""

from __future__ import annotations

import asyncio

from providers.emulator.check.cancellation import hang_ups
from providers.emulator.check.probe import RATE, Probe
from providers.emulator.check.response_faults import fault_of, status_line
from providers.emulator.check.rule import CheckRule, NotJudged, Verdict, advice, best_of, verdict
from providers.emulator.check.voice_probes import need_audio
from providers.emulator.check.voice_timing import SLOWER, begun, quickest, too_slow
from providers.emulator.failures import EmulatorError, Unreachable
from providers.emulator.formatting import seconds
from providers.emulator.http_client import RecordedResponse
from providers.emulator.protocol import Json, encoded, voice_request
from providers.emulator.voice_client import played

_AT_ONCE = 3
_SOON = 0.3
"""Seconds: an answer that begins within these need not prove that it is streamed."""
_STREAMED = 0.5
"""Share of the whole time at which a streamed answer has begun."""
_ISO_TIME = "2026-01-31T12:00:00.000Z"
"""The platform's own spelling of ``timestamp`` until 2025."""


def _first_byte(response: RecordedResponse) -> str:
    return f"first byte after {seconds(response.first_byte)}"


async def _streamed(probe: Probe) -> Verdict:
    short = await need_audio(probe)
    response = await probe.say(probe.texts.long())
    fault = fault_of(response)
    if fault or response.first_byte is None:
        return verdict(fault)
    shown = f"{_first_byte(response)}, last after {seconds(response.total)}"
    # A slow engine begins a long text as late as a short one; a buffer begins it when all of it is made.
    usual = SLOWER * begun(short) + probe.limits.noise_room
    late = response.first_byte > max(_SOON, _STREAMED * response.total) and response.first_byte > usual
    return verdict(shown if late else None, shown)


async def _first_audio(probe: Probe) -> Verdict:
    await need_audio(probe)
    late = []
    for name, text in (("short", probe.texts.short()), ("long", probe.texts.long())):
        response = await probe.say(text)
        fault = fault_of(response)
        if fault:
            return verdict(fault)
        heard = played(response, RATE).first_audible or 0.0
        late.append((heard, f"{name} text {seconds(heard)}"))
    shown = "first audible sample: " + ", ".join(text for _, text in late)
    return verdict(shown if max(late)[0] > probe.limits.first_audio else None, shown)


async def _several_at_once(probe: Probe) -> Verdict:
    await need_audio(probe)
    alone = await quickest(probe)
    together = await asyncio.gather(*(probe.say(probe.texts.short()) for _ in range(_AT_ONCE)))
    for response in (alone, *together):
        fault = fault_of(response)
        if fault:
            return verdict(fault)
    slowest = max(together, key=begun)
    shown = f"{_first_byte(alone)} alone, {seconds(slowest.first_byte)} the slowest of {_AT_ONCE} at once"
    return verdict(shown if too_slow(probe, alone, slowest) else None, shown)


async def _same_as_plain(probe: Probe, body: Json) -> str | None:
    """Why a differently wrapped request is not answered like the plain one; None when it is."""
    await need_audio(probe)
    return fault_of(await probe.ask("voice", encoded(body)))


async def _unknown_fields(probe: Probe) -> Verdict:
    more = {"somethingNew": {"nested": [1, None, "x"]}, "chat": None, "timestamp": _ISO_TIME}
    message = voice_request(probe.texts.short(), RATE) | more
    return verdict(await _same_as_plain(probe, {"message": message, "alsoNew": 1}))


async def _wrappers(probe: Probe) -> Verdict:
    await need_audio(probe)
    response = await _unusual(probe, {"messsage": voice_request(probe.texts.short(), RATE)})
    fault = fault_of(response) if isinstance(response, RecordedResponse) else response
    return advice(f"wrapper 'messsage': {fault}" if fault else None)


async def _unusual(probe: Probe, body: Json) -> RecordedResponse | str:
    """The answer to a request that need not be served, or why there was none from a server that is still there."""
    try:
        return await probe.ask("voice", encoded(body))
    except Unreachable as fault:
        await probe.say(probe.texts.short())
        return str(fault)


async def _other_types(probe: Probe) -> Verdict:
    await need_audio(probe)
    response = await _unusual(probe, {"message": {"type": "status-update", "status": "in-progress"}})
    if isinstance(response, str):
        return advice(f"to a status-update: {response}")
    shown = f"{status_line(response)} to a status-update"
    return advice(shown if response.status >= 300 else None, shown)


async def _no_silent_failure(probe: Probe) -> Verdict:
    await need_audio(probe)
    notes: tuple[str, ...] = ()
    unknown = await probe.say(probe.texts.short(), voice="no-such-voice-9f2")
    fault = fault_of(unknown)
    if unknown.status < 300:
        if fault:
            return verdict(f"an unknown voice: {fault}")
        notes = ("an unknown voice is spoken by another one",)
    seen = [f"an unknown voice gets HTTP {unknown.status}"]
    for what, change in (("sampleRate 1", {"sampleRate": 1}), ("a text that is an object", {"text": {"not": "text"}})):
        message = voice_request(probe.texts.short(), RATE) | change
        response = await probe.ask("voice", encoded({"message": message}))
        if response.status < 300:
            return verdict(f"{what} gets HTTP {response.status} and {len(response.body)} bytes", notes=notes)
        seen.append(f"{what} gets HTTP {response.status}")
    return verdict(None, ", ".join(seen), notes=notes)


async def _broken_body(probe: Probe) -> Verdict:
    await need_audio(probe)
    for body in (b"", b"{", b"[]", b'{"message": 3}', b"\xff\xfe"):
        try:
            response = await probe.ask("voice", body)
        except Unreachable as fault:
            raise Unreachable(f"the body {body!r}: {fault}") from fault
        if not 400 <= response.status < 500:
            return verdict(f"{status_line(response)} to the body {body!r}")
    return verdict(None)


async def _hang_up(probe: Probe) -> Verdict:
    await need_audio(probe)
    try:
        return await hang_ups(probe)
    except EmulatorError as fault:
        raise NotJudged(f"a request during the hang-ups was not answered: {fault}") from fault


RULES = (
    CheckRule(
        "V9", "voice", "A long answer is streamed while it is made.",
        "A buffered answer costs the caller a second of silence per sentence.", best_of(2, _streamed), alone=True,
    ),
    CheckRule(
        "V10", "voice", "The first audible sample comes soon, for short and for long text.",
        "A pause of more than a second sounds like a lost line; people begin to speak again.",
        best_of(3, _first_audio), alone=True,
    ),
    CheckRule(
        "V11", "voice", "Requests at once do not wait for each other.",
        "A blocked event loop or one lock for all makes each caller wait for every other caller.",
        best_of(3, _several_at_once), alone=True,
    ),
    CheckRule(
        "V12", "voice", "A hang-up frees the server.",
        "Each interruption leaves abandoned work behind, until live callers wait for it.",
        _hang_up, alone=True,
    ),
    CheckRule(
        "V13", "voice", "Unknown fields are ignored.",
        "The platform adds fields without notice; a strict parser fails on that day.", _unknown_fields,
    ),
    CheckRule(
        "V14", "voice", "The wrapper is read in the misspelling of the published schema too.",
        "The wire says 'message'; clients generated from the schema say 'messsage'.", _wrappers,
    ),
    CheckRule(
        "V15", "voice", "Other message types get a 2xx.",
        "They do arrive at this address where one server has all roles; an error is logged as a failure.",
        _other_types,
    ),
    CheckRule(
        "V16", "voice", "A request that cannot be served is refused, not answered with 200.",
        "200 hides the failure: the fallback voice never starts, and the caller hears nothing.",
        _no_silent_failure,
    ),
    CheckRule(
        "V17", "voice", "A broken body is a 4xx.",
        "A 5xx, or a 200, hides whose fault it is.", _broken_body,
    ),
)  # fmt: skip

"""Rules V9 … V17: how the voice endpoint behaves."""

from __future__ import annotations

import asyncio

from providers.emulator.check.probe import RATE, Probe
from providers.emulator.check.rule import Rule, Verdict, best_of, verdict
from providers.emulator.check.voice_audio import LONG, SHORT, fault_of, first_byte, short_answer
from providers.emulator.formatting import seconds
from providers.emulator.http_client import RecordedResponse
from providers.emulator.protocol import Json, encoded, voice_request
from providers.emulator.voice_client import played

_AT_ONCE = 3
_SOON = 0.3
"""Seconds: an answer that begins within these need not prove that it is streamed."""
_STREAMED = 0.5
"""Share of the whole time at which a streamed answer has begun."""
_SLOWER = 1.5
"""How much longer than alone the first byte may take under company."""
_ROOM = 0.25
"""Seconds on top, for the noise of any network and machine."""


async def _streamed(probe: Probe) -> Verdict:
    answer = await probe.say(LONG)
    fault = fault_of(answer)
    if fault or answer.first_byte is None:
        return verdict(fault)
    shown = f"{first_byte(answer)}, last after {seconds(answer.total)}"
    # A slow engine begins a long text as late as a short one; a buffer begins it when all of it is made.
    short = _SLOWER * _begun(await short_answer(probe)) + _ROOM
    late = answer.first_byte > max(_SOON, _STREAMED * answer.total) and answer.first_byte > short
    return verdict(shown if late else None, shown)


async def _first_audio(probe: Probe) -> Verdict:
    late = []
    for name, answer in (("short", await probe.say(SHORT)), ("long", await probe.say(LONG))):
        fault = fault_of(answer)
        if fault:
            return verdict(fault)
        heard = played(answer, RATE).first_audible or 0.0
        late.append((heard, f"{name} text {seconds(heard)}"))
    shown = "first audible sample: " + ", ".join(text for _, text in late)
    return verdict(shown if max(late)[0] > probe.limits.first_audio else None, shown)


async def _alone(probe: Probe) -> RecordedResponse:
    """The quickest of three short answers with nothing else going on."""
    return min([await probe.say(SHORT) for _ in range(3)], key=_begun)


def _begun(answer: RecordedResponse) -> float:
    return answer.first_byte if answer.first_byte is not None else float("inf")


def _too_slow(alone: RecordedResponse, slowest: RecordedResponse) -> bool:
    return _begun(slowest) > _SLOWER * _begun(alone) + _ROOM


async def _several_at_once(probe: Probe) -> Verdict:
    alone = await probe.once("alone", lambda: _alone(probe))
    together = await asyncio.gather(*(probe.say(SHORT) for _ in range(_AT_ONCE)))
    for answer in (alone, *together):
        fault = fault_of(answer)
        if fault:
            return verdict(fault)
    slowest = max(together, key=_begun)
    shown = f"{first_byte(alone)} alone, {seconds(slowest.first_byte)} the slowest of {_AT_ONCE} at once"
    return verdict(shown if _too_slow(alone, slowest) else None, shown)


async def _hang_up(probe: Probe) -> Verdict:
    alone = await probe.once("alone", lambda: _alone(probe))
    count = probe.limits.hang_ups
    await asyncio.gather(*(probe.say(LONG, hang_up=True) for _ in range(count)))
    after = await probe.say(SHORT)
    fault = fault_of(after)
    if fault:
        return verdict(f"after {count} hang-ups: {fault}")
    shown = f"{first_byte(alone)} alone, {seconds(after.first_byte)} after {count} hang-ups"
    return verdict(shown if _too_slow(alone, after) else None, shown)


async def _same_as_short(probe: Probe, body: Json) -> str | None:
    """Why a differently wrapped request is not answered like the plain one; None when it is."""
    return fault_of(await probe.ask("voice", encoded(body)))


async def _unknown_fields(probe: Probe) -> Verdict:
    message = voice_request(SHORT, RATE) | {"somethingNew": {"nested": [1, None, "x"]}, "chat": None, "timestamp": "x"}
    return verdict(await _same_as_short(probe, {"message": message, "alsoNew": 1}))


async def _wrappers(probe: Probe) -> Verdict:
    fault = await _same_as_short(probe, {"messsage": voice_request(SHORT, RATE)})
    return verdict(f"wrapper 'messsage': {fault}" if fault else None)


async def _other_types(probe: Probe) -> Verdict:
    body = encoded({"message": {"type": "status-update", "status": "in-progress"}})
    status = (await probe.ask("voice", body)).status
    return verdict(f"HTTP {status} to a status-update" if status >= 300 else None, f"HTTP {status}")


async def _no_silent_failure(probe: Probe) -> Verdict:
    unknown = await probe.say(SHORT, voice="no-such-voice-9f2")
    nonsense = await probe.ask("voice", encoded({"message": voice_request(SHORT, 1)}))
    typed = await probe.ask("voice", encoded({"message": voice_request(SHORT, RATE) | {"text": 7}}))
    for what, answer in (("an unknown voice", unknown), ("sampleRate 1", nonsense), ("a text that is no text", typed)):
        fault = fault_of(answer)
        if answer.status < 300 and fault:
            return verdict(f"{what}: {fault}")
    return verdict(None, f"an unknown voice gets HTTP {unknown.status}, sampleRate 1 gets HTTP {nonsense.status}")


async def _broken_body(probe: Probe) -> Verdict:
    for body in (b"", b"{", b"[]", b'{"message": 3}', b"\xff\xfe"):
        status = (await probe.ask("voice", body)).status
        if not 400 <= status < 500:
            return verdict(f"HTTP {status} to the body {body!r}")
    return verdict(None)


RULES = (
    Rule(
        "V9", "voice", "A long answer is streamed while it is made.",
        "A buffered answer costs the caller a second of silence per sentence.", best_of(2, _streamed), alone=True,
    ),
    Rule(
        "V10", "voice", "The first audible sample comes soon, for short and for long text.",
        "A pause of more than a second sounds like a lost line; people begin to speak again.",
        best_of(3, _first_audio), alone=True,
    ),
    Rule(
        "V11", "voice", "Requests at once do not wait for each other.",
        "A blocked event loop or one lock for all makes each caller wait for every other caller.",
        best_of(3, _several_at_once), alone=True,
    ),
    Rule(
        "V12", "voice", "A hang-up frees the server.",
        "Each interruption leaves work behind that nobody hears, until live callers wait for it.",
        best_of(3, _hang_up), alone=True,
    ),
    Rule(
        "V13", "voice", "Unknown fields are ignored.",
        "The platform adds fields without notice; a strict parser fails on that day.", _unknown_fields,
    ),
    Rule(
        "V14", "voice", "The wrapper is read in the misspelling of the published schema too.",
        "Generated clients follow the schema, which says 'messsage'.", _wrappers,
    ),
    Rule(
        "V15", "voice", "Other message types are taken note of.",
        "They do arrive at this address; an error makes the platform retry or give up.", _other_types,
    ),
    Rule(
        "V16", "voice", "A request that cannot be served is refused, not answered with silence.",
        "200 with silence hides the failure: the fallback voice never starts, and the caller hears nothing.",
        _no_silent_failure,
    ),
    Rule(
        "V17", "voice", "A broken body is a 4xx.",
        "A 5xx, or a 200, hides whose fault it is.", _broken_body,
    ),
)  # fmt: skip

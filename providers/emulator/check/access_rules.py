"""Rules A1 … A9: every endpoint with no credential, a wrong one and the right one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from providers.emulator.audio_frames import quiet
from providers.emulator.check.probe import Probe
from providers.emulator.check.rule import NotJudged, Rule, Verdict, verdict
from providers.emulator.check.voice_audio import SHORT
from providers.emulator.credentials import Credentials
from providers.emulator.failures import Refused
from providers.emulator.protocol import ConversationTurn, endpointing_body, voice_body

_DOORS = ("voice", "transcriber", "endpointing")
_REFUSALS = (401, 403)
_CLOSED = (1008, 3000, 3003, 4001, 4003, 4400, 4401, 4403)
"""Close codes by which servers turn a caller away after the upgrade."""
_LISTENING = 1.0
"""Seconds of audio in which a server must have turned a stranger away."""


async def _status(probe: Probe, endpoint: str, credentials: Credentials) -> int:
    """The HTTP status an endpoint answers; for a socket that closes right after the upgrade, the status it meant."""
    if endpoint == "transcriber":
        try:
            record = await probe.call(quiet(_LISTENING, 16000), credentials=credentials)
        except Refused as refused:
            return refused.status
        return 401 if record.close_code in _CLOSED else 101
    body = voice_body(SHORT, 24000) if endpoint == "voice" else endpointing_body((ConversationTurn("user", "Yes."),))
    return (await probe.ask(endpoint, body, credentials=credentials, hang_up_after=1)).status


def _stranger(endpoint: str) -> Callable[[Probe], Awaitable[Verdict]]:
    async def judge(probe: Probe) -> Verdict:
        status = await _status(probe, endpoint, Credentials())
        return verdict(None if status in _REFUSALS else f"HTTP {status} to a caller without any credential")

    return judge


def _impostor(endpoint: str) -> Callable[[Probe], Awaitable[Verdict]]:
    async def judge(probe: Probe) -> Verdict:
        # Without a credential to be wrong about, a made-up one must not open the endpoint either.
        wrong = (probe.targets.credentials or Credentials(secret="made-up", bearer="made-up")).falsified()
        status = await _status(probe, endpoint, wrong)
        return verdict(None if status in _REFUSALS else f"HTTP {status} to a caller with a wrong credential")

    return judge


def _guest(endpoint: str) -> Callable[[Probe], Awaitable[Verdict]]:
    async def judge(probe: Probe) -> Verdict:
        if not probe.targets.credentials:
            raise NotJudged("no credential was given: --secret, --bearer, --hmac or --token")
        status = await _status(probe, endpoint, probe.targets.credentials)
        return verdict(None if status in (101, 200) else f"HTTP {status} to a caller with the right credential")

    return judge


def _rules() -> tuple[Rule, ...]:
    made = []
    for index, endpoint in enumerate(_DOORS):
        first = 3 * index + 1
        made += [
            Rule(
                f"A{first}", "authentication", f"The {endpoint} endpoint is closed to a caller without a credential.",
                "Whoever finds the address can use your engines at your expense.", _stranger(endpoint),
            ),
            Rule(
                f"A{first + 1}", "authentication", f"The {endpoint} endpoint is closed to a wrong credential.",
                "A credential that is not compared protects nothing.", _impostor(endpoint),
            ),
            Rule(
                f"A{first + 2}", "authentication", f"The {endpoint} endpoint opens to the right credential.",
                "Otherwise every call falls back, or ends.", _guest(endpoint),
            ),
        ]  # fmt: skip
    return tuple(made)


RULES = _rules()
DOOR_OF = {rule.id: _DOORS[index // 3] for index, rule in enumerate(RULES)}
"""The endpoint each rule of access knocks at."""

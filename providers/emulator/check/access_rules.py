"""Rules A1 … A9: every endpoint with no credential, a wrong one and the right one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from providers.emulator.audio_frames import quiet
from providers.emulator.check.probe import CallShape, Probe
from providers.emulator.check.response_faults import document, status_line
from providers.emulator.check.rule import CheckRule, NotJudged, Verdict, noted, verdict
from providers.emulator.credentials import SentCredentials
from providers.emulator.failures import ServerRefused
from providers.emulator.protocol import ConversationTurn, endpointing_body, voice_body

_ENDPOINTS = ("voice", "transcriber", "endpointing")
_REFUSALS = (401, 403)
_CLOSED = (1008, 3000, 3003, 4001, 4003, 4400, 4401, 4403)
"""Close codes by which servers refuse a caller after the upgrade."""
_LISTENING = 1.0
"""Seconds of audio in which a server must have refused a caller."""
_MADE_UP = SentCredentials("made-up-0000", "made-up-0000")


@dataclass(frozen=True, slots=True)
class _Reaction:
    """What a server did with a caller."""

    status: int
    """HTTP status; 101 for a call that goes on, 401 for one that is closed as unauthorised, 400 for any other end."""
    shown: str
    page: bool = False
    """True for an HTML page in the place of an answer: a tunnel's or a proxy's, not the server's."""


async def _reaction(probe: Probe, endpoint: str, credentials: SentCredentials, url: str | None = None) -> _Reaction:
    if endpoint == "transcriber":
        return await _call_reaction(probe, credentials, url)
    turn = ConversationTurn("user", probe.texts.short())
    body = voice_body(turn.text, 24000) if endpoint == "voice" else endpointing_body((turn,))
    response = await probe.ask(endpoint, body, credentials=credentials, url=url, hang_up_after=1)
    what = document(response)
    page = what is not None and what.startswith("an HTML page")
    named = f" with {what}" if what and not page and endpoint == "voice" else ""
    return _Reaction(response.status, f"{status_line(response)}{named}", page)


async def _call_reaction(probe: Probe, credentials: SentCredentials, url: str | None) -> _Reaction:
    try:
        record = await probe.call(quiet(_LISTENING, 16000), CallShape(credentials=credentials, url=url))
    except ServerRefused as refused:
        return _Reaction(refused.status, f"HTTP {refused.status}")
    if record.finished:
        return _Reaction(101, "an open call")
    return _Reaction(401 if record.close_code in _CLOSED else 400, f"close code {record.close_code}")


async def _welcome(probe: Probe, endpoint: str) -> _Reaction:
    """What the right credential gets, asked for once."""
    return await probe.once(f"welcome:{endpoint}", lambda: _reaction(probe, endpoint, probe.targets.credentials))


async def _closed(probe: Probe, endpoint: str, found: _Reaction, who: str) -> Verdict:
    """Passed for any refusal; a status that could mean anything counts when the right credential gets another."""
    if found.status < 300 and not found.page:
        return verdict(f"{found.shown} to a caller {who}")
    if found.status in _REFUSALS:
        return verdict(None, found.shown)
    welcome = await _welcome(probe, endpoint)
    if welcome.status not in (101, 200) or welcome.page:
        raise NotJudged(f"{found.shown} to a caller {who}, and {welcome.shown} to every other")
    passed = verdict(None, found.shown)
    clear = 400 <= found.status < 500
    return passed if clear else noted(passed, f"{found.shown} to a caller {who}: 401 would say what is wrong")


def _stranger(endpoint: str) -> Callable[[Probe], Awaitable[Verdict]]:
    async def judge(probe: Probe) -> Verdict:
        found = await _reaction(probe, endpoint, SentCredentials())
        bare = _without_query(probe.endpoint(endpoint))
        if found.status < 300 and bare is not None:
            without = await _reaction(probe, endpoint, SentCredentials(), bare)
            if without.status >= 300:
                return noted(verdict(None, without.shown), "the query of the address is the credential")
        return await _closed(probe, endpoint, found, "without any credential")

    return judge


def _impostor(endpoint: str) -> Callable[[Probe], Awaitable[Verdict]]:
    async def judge(probe: Probe) -> Verdict:
        known = probe.targets.credentials
        # Without a credential to be wrong about, a made-up one must not open the endpoint either.
        url = None if known else _wrong_query(probe.endpoint(endpoint))
        found = await _reaction(probe, endpoint, (known or _MADE_UP).falsified(), url)
        return await _closed(probe, endpoint, found, "with a wrong credential")

    return judge


def _guest(endpoint: str) -> Callable[[Probe], Awaitable[Verdict]]:
    async def judge(probe: Probe) -> Verdict:
        if not probe.targets.credentials and _without_query(probe.endpoint(endpoint)) is None:
            raise NotJudged("no credential was given: --secret, --bearer, --hmac or --token")
        found = await _welcome(probe, endpoint)
        opened = found.status in (101, 200) and not found.page
        return verdict(None if opened else f"{found.shown} to a caller with the right credential", found.shown)

    return judge


def _without_query(url: str) -> str | None:
    """The address without its query; None when it has none."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query="")) if parts.query else None


def _wrong_query(url: str) -> str | None:
    """The address with another value for each field of its query; None when it has none."""
    parts = urlsplit(url)
    fields = [(name, f"x{value[::-1]}x") for name, value in parse_qsl(parts.query, keep_blank_values=True)]
    return urlunsplit(parts._replace(query=urlencode(fields))) if fields else None


def _rules() -> tuple[CheckRule, ...]:
    made = []
    for index, endpoint in enumerate(_ENDPOINTS):
        first = 3 * index + 1
        made += [
            CheckRule(
                f"A{first}", "authentication", f"The {endpoint} endpoint is closed to a caller without a credential.",
                "Anybody who finds the address can use your engines at your expense.", _stranger(endpoint),
            ),
            CheckRule(
                f"A{first + 1}", "authentication", f"The {endpoint} endpoint is closed to a wrong credential.",
                "A credential that is not compared protects nothing.", _impostor(endpoint),
            ),
            CheckRule(
                f"A{first + 2}", "authentication", f"The {endpoint} endpoint opens to the right credential.",
                "Otherwise every call falls back, or ends.", _guest(endpoint),
            ),
        ]  # fmt: skip
    return tuple(made)


RULES = _rules()
ENDPOINT_OF = {rule.id: _ENDPOINTS[index // 3] for index, rule in enumerate(RULES)}
"""The endpoint each rule of access asks."""

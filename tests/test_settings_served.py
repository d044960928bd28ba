"""Settings that are accepted can be served with: one voice request and one short call under random ones."""

from __future__ import annotations

import contextlib
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from providers import assembly, settings
from providers.cache.cached import Cached
from providers.cache.stores import MemoryStore
from providers.engines.base import SpeechToText, TextToSpeech
from providers.engines.null import Null
from providers.engines.tone import Tone
from providers.errors import SettingsError
from providers.settings import Option, Settings
from providers.settings.option import choices_of
from tests.live import SECRET, Live, serving, start

GROUPS = {"server", "voice", "transcriber", "endpointing", "failover", "reconnect", "cache"}
ELSEWHERE = {
    "host",
    "port",
    "fd",
    "takeover",
    "workers",
    "ssl_certfile",
    "ssl_keyfile",
    "cache_folder",
    "cache_redis_url",
    "prewarm",
}
"""Settings of this machine, not of how a request is served."""
OPTIONS = [
    each for each in settings.options() if each.group in GROUPS and each.name not in ELSEWHERE and not each.is_file
]

CLIENTS_OWN = {"header_seconds", "body_seconds"}
"""Time-outs of what the client does: on a busy machine a short one ends in the middle of the client's own work."""
HANG = 30.0
"""Seconds after which a request counts as hanging; the largest wait that is accepted is longer than anybody's test."""
AMPLE = 0.5
"""Seconds that every wait leaves for a request that must succeed."""
_CONNECTIONS = 10
"""More than a test opens, those that are just closing included."""
TEXT = "One two three. Four five six."


def bounds(hint: Any) -> tuple[float | None, float | None, bool]:
    """Least and largest value, and whether only whole numbers count."""
    found = msgspec.inspect.type_info(hint)
    while isinstance(found, msgspec.inspect.Metadata | msgspec.inspect.UnionType):
        found = found.type if isinstance(found, msgspec.inspect.Metadata) else found.types[0]
    assert isinstance(found, msgspec.inspect.IntType | msgspec.inspect.FloatType), found
    return found.ge, found.le, isinstance(found, msgspec.inspect.IntType)


def edges(option: Option) -> tuple[float | None, float | None]:
    """Least and largest value that are served with."""
    least, most, _ = bounds(option.type)
    return (1.0 if option.name in CLIENTS_OWN else least), most


def values(option: Option) -> st.SearchStrategy[str]:
    """Values of one setting as a flag holds them: its least, its largest, its own, and others in between."""
    if option.is_switch:
        return st.sampled_from(["true", "false"])
    if choices := choices_of(option.type):
        return st.sampled_from(choices)
    least, most = edges(option)
    whole = bounds(option.type)[2]
    low, high = (0 if least is None else least), (10_000 if most is None else most)
    between = st.integers(int(low), int(high)) if whole else st.floats(low, high)
    special = [value for value in (least, most, option.default) if value is not None]
    return st.one_of(st.sampled_from(special), between).map(str)


CHOSEN = st.dictionaries(st.sampled_from(range(len(OPTIONS))), st.integers(0), max_size=8).flatmap(
    lambda picked: st.fixed_dictionaries({OPTIONS[index].name: values(OPTIONS[index]) for index in picked})
)


def accepted(flags: dict[str, str]) -> Settings:
    """The settings as `serve` would read them."""
    return settings.load({**flags, "secret": SECRET, "allow_weak_secret": True}, {}, folder=Path(tempfile.gettempdir()))


def stacks(chosen: Settings) -> tuple[TextToSpeech, SpeechToText]:
    """Engines that answer at once, behind everything that the settings change: failover, cache, reconnecting."""
    voice = assembly.speaking_stack([Tone(), Tone()], chosen)
    if chosen.cache.cache_bytes:
        voice = Cached(voice, MemoryStore(chosen.cache.cache_bytes))
    return voice, assembly.listening_stack([Null()], chosen)


def ample(chosen: Settings, flags: dict[str, str]) -> bool:
    """Whether nothing is so tight that a request may be refused or a call be closed."""
    waits = [value for name in flags if name.endswith("_seconds") and (value := chosen.get(name)) is not None]
    enough = chosen.server.max_body_bytes >= 10_000 and chosen.voice.max_text_chars >= len(TEXT)
    enough &= chosen.server.max_waiting_connections >= _CONNECTIONS
    return enough and min(waits, default=AMPLE) >= AMPLE


def spoken(live: Live) -> int | str:
    """The status of one voice request, or that it was cut; never that nothing came."""
    try:
        return live.say(TEXT, 8000).status_code
    except httpx.TimeoutException:
        raise
    except httpx.TransportError:
        return "cut"


def transcribed(live: Live) -> str:
    """How one short call ended: with a final, or how it was refused or closed."""
    try:
        with live.call() as call:
            call.send(start(8000))
            for _ in range(60):
                call.send(bytes(4 * 160))
            return "final" if "second 1" in str(call.recv(timeout=HANG)) else "other"
    except InvalidStatus as refused:
        return str(refused.response.status_code)
    except ConnectionClosed as closed:
        return str(closed.rcvd.code if closed.rcvd else 1006)
    except (ConnectionError, InvalidHandshake):
        return "cut"


def alive(live: Live) -> None:
    """The loop answers, if only by closing a connection that was too slow for it."""
    with contextlib.suppress(httpx.NetworkError, httpx.RemoteProtocolError):
        httpx.get(live.base + "/healthz", timeout=HANG)


def serve(flags: dict[str, str]) -> None:
    chosen = accepted(flags).replacing(drain_seconds=1, port=0)
    voice, transcriber = stacks(chosen)
    with serving(voice=voice, transcriber=transcriber, chosen=chosen) as live:
        begun = time.monotonic()
        outcomes = spoken(live), transcribed(live)
        alive(live)
        assert time.monotonic() - begun < HANG, f"{flags} hang"
    if ample(chosen, flags):
        assert outcomes == (200, "final"), f"{flags}: {outcomes}"
    assert outcomes[0] in (200, 408, 413, 502, 503, "cut"), f"{flags}: {outcomes}"
    assert outcomes[1] in ("final", "408", "503", "1011", "1006", "cut"), f"{flags}: {outcomes}"


@pytest.mark.timeout(300)
@hypothesis_settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(flags=CHOSEN)
def test_a_request_and_a_call_are_served_under_random_accepted_settings(flags: dict[str, str]) -> None:
    serve(flags)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("edge", ["least", "largest"])
def test_a_request_and_a_call_are_served_with_every_setting_at_its_edge(edge: str) -> None:
    flags = {}
    for option in OPTIONS:
        if option.is_switch or choices_of(option.type):
            continue
        least, most = edges(option)
        value = least if edge == "least" else most
        if value is not None:
            flags[option.name] = str(value)
    serve(flags)


ZERO = [option.name for option in OPTIONS if option.name.endswith("_seconds")]


@pytest.mark.parametrize("name", ZERO)
def test_a_zero_is_refused_or_is_served(name: str) -> None:
    try:
        serve({name: "0"})
    except SettingsError as error:
        assert error.faults == (f"--{name.replace('_', '-')}: expected a number from 0.001 to 3600, found '0'",)

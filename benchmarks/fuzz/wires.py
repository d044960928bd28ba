"""The wires under mutated input, in this process: they answer with values or with this project's own errors."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Mapping

import msgspec

from benchmarks.fuzz.material import DIALECTS, ENDPOINTING, SERVER_URL, START, VOICE, mutated
from providers.dialects.audio.wav import stream_header, wav_sound
from providers.dialects.deepgram import queries as deepgram_queries
from providers.dialects.deepgram import wire as deepgram
from providers.dialects.jambonz import wire as jambonz
from providers.dialects.openai import realtime_wire as realtime
from providers.dialects.openai import wire as openai
from providers.endpointing import wire as endpointing
from providers.errors import ProvidersError
from providers.server_url import wire as server_url
from providers.server_url.messages import ToolCalls
from providers.text.sentences import units
from providers.text.tags import Speak, parts
from providers.transcriber import wire as transcriber
from providers.voice import wire as voice

__all__ = ["TARGETS", "fuzz_wires", "one_call"]


def one_voice_request(body: bytes) -> None:
    """Parse a voice request and take its text apart."""
    request = voice.parse(body, max_text_chars=10_000)
    if isinstance(request, voice.VoiceRequest):
        for part in parts(request.text):
            if isinstance(part, Speak):
                units(part.text)


def one_endpointing_request(body: bytes) -> None:
    """Parse an endpointing request."""
    endpointing.parse(body)


def one_call(body: bytes) -> None:
    """A start message from the bytes, then the bytes again as frames of odd lengths."""
    wire = transcriber.Wire()
    wire.receive_text(body.decode(errors="surrogateescape"))
    for size in (1, 3, len(body)):
        for event in wire.receive_bytes(body[:size]):
            if isinstance(event, transcriber.Audio):
                assert len(event.pcm) % 2 == 0
    wire.receive_text(body.decode(errors="replace"))


def one_server_message(body: bytes) -> None:
    """Parse a Server URL message and say what a call's events say of it."""
    message = server_url.parse(body)
    assert len(message.type) <= 64
    message.told()
    if isinstance(message, ToolCalls):
        assert all(isinstance(call.arguments, dict) for call in message.calls)


def one_dialect_message(body: bytes) -> None:
    """Give the bytes to every reader of a dialect, as a body, as a message, as a query, and as a file."""
    text = body.decode(errors="replace")
    fields = _query(body)
    readers: tuple[Callable[[], object], ...] = (
        lambda: openai.read_speech(body, max_text_chars=10_000),
        lambda: openai.read_transcription({name: [value] for name, value in fields.items()}),
        lambda: realtime.updated(realtime.Session(), realtime.read_event(text).session),
        lambda: deepgram.read_text(body, max_text_chars=10_000),
        lambda: deepgram.speak_control(text),
        lambda: deepgram.control(text),
        lambda: deepgram_queries.query_of_listening(fields),
        lambda: deepgram_queries.query_of_file(fields),
        lambda: deepgram_queries.query_of_speech(fields, live=len(body) % 2 == 0),
        lambda: jambonz.read_start(text),
        lambda: jambonz.read_tts(body, max_text_chars=10_000),
        lambda: jambonz.stream_query(fields),
        lambda: jambonz.tts_format(fields, compressed=True),
        lambda: jambonz.stream_control(text),
        lambda: wav_sound(stream_header(8000) + body, longest=60.0),
        lambda: wav_sound(b"RIFF0000WAVE" + body, longest=60.0),
    )
    for read in readers:
        with contextlib.suppress(ProvidersError):
            read()


def _query(body: bytes) -> dict[str, str]:
    """The fields of a JSON object as those of a query."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {"encoding": body[:20].decode(errors="replace")}
    return {name: str(value) for name, value in found.items()} if isinstance(found, dict) else {}


TARGETS: Mapping[str, tuple[Callable[[bytes], None], tuple[object, ...]]] = {
    "voice": (one_voice_request, VOICE),
    "endpointing": (one_endpointing_request, ENDPOINTING),
    "transcriber": (one_call, START),
    "server url": (one_server_message, SERVER_URL),
    "dialects": (one_dialect_message, DIALECTS),
}
"""Name of a wire to what takes one input, and the valid inputs that mutation begins with."""


def fuzz_wires(cases: int, *, seed: int) -> int:
    """Give every wire a share of ``cases`` inputs; returns how many were given.

    Raises
    ------
    AssertionError
        A wire raised something that is not a `ProvidersError`; the message holds the input.
    """
    rng = random.Random(seed)  # repeatable
    share = cases // len(TARGETS)
    for name, (target, seeds) in TARGETS.items():
        for _ in range(share):
            body = mutated(rng, seeds)
            try:
                target(body)
            except ProvidersError:
                continue
            except Exception as error:
                raise AssertionError(f"{name} wire: {type(error).__name__} for {body[:2000]!r}") from error
    return share * len(TARGETS)

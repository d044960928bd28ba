"""OpenAI's ``POST /v1/audio/speech`` over one speaking engine: the first audio is there before the 200 is sent."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from dsp import PcmDecoder, Resampler, encode_pcm16
from providers.engines.base import Chunk, TextToSpeech, Utterance
from providers.errors import BadRequest, EngineBusy, EngineError, TooLarge, UnknownVoice

SPEECH_PATH = "/v1/audio/speech"
RATE = 24000
"""Hz of OpenAI's bare PCM."""
_LONGEST = 4096
"""Characters of one input, as the vendor has it."""

log = structlog.get_logger()


class SpeechRequest(msgspec.Struct, frozen=True):
    """Body of a request; fields that are not known here are ignored."""

    input: str
    voice: str = ""
    response_format: Literal["pcm"] = "pcm"


@dataclass(frozen=True, slots=True)
class Speech:
    """The endpoint.

    Parameters
    ----------
    voices
        Names by which OpenAI's clients ask, and the engine's own; any other name is the engine's.
    """

    engine: TextToSpeech
    voices: Mapping[str, str]

    async def serve(self, request: Request) -> Response:
        """Answer bare PCM at `RATE`."""
        try:
            asked = read(await request.body())
            voice = self.voices.get(asked.voice, asked.voice) or None
            blocks = pcm_at(self.engine.synthesize(Utterance(asked.input, RATE, voice)), RATE)
            return await _streamed(blocks)
        except (BadRequest, TooLarge) as error:
            return _error(error.status, str(error), "invalid_request_error")
        except UnknownVoice as error:
            return _error(400, str(error), "invalid_request_error", param="voice")
        except EngineError as error:
            log.warning("speech failed", reason=str(error))
            return _error(429 if isinstance(error, EngineBusy) else 503, str(error), "server_error")


def read(body: bytes) -> SpeechRequest:
    """The request of a body.

    Raises
    ------
    BadRequest, TooLarge
    """
    try:
        asked = msgspec.json.decode(body, type=SpeechRequest)
    except msgspec.ValidationError as error:
        raise BadRequest(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadRequest("body: expected a JSON object, found something else") from None
    if not asked.input.strip():
        raise BadRequest("input: expected text, found none")
    if len(asked.input) > _LONGEST:
        raise TooLarge(f"input: expected at most {_LONGEST} characters, found {len(asked.input)}")
    return asked


async def pcm_at(chunks: AsyncGenerator[Chunk, None], rate: int) -> AsyncGenerator[bytes, None]:
    """Audio of an utterance at one rate, whatever the engine's."""
    decoder, resampler = PcmDecoder(), None
    async with contextlib.aclosing(chunks):
        async for chunk in chunks:
            samples = decoder.feed(chunk.pcm)
            if chunk.rate != rate:
                resampler = resampler or Resampler(chunk.rate, rate)
                samples = resampler.feed(samples)
            if len(samples):
                yield encode_pcm16(samples)
        if resampler is not None and len(rest := resampler.flush()):
            yield encode_pcm16(rest)


async def _streamed(blocks: AsyncGenerator[bytes, None]) -> Response:
    """A response that begins with the first block; an engine that fails before it has raised."""
    try:
        first = await anext(blocks)
    except StopAsyncIteration:
        raise EngineError("the engine answered without audio") from None
    return _Audio(first, blocks)


class _Audio(StreamingResponse):
    """Stream that closes its engine whatever ends it; a failure ends the connection without the body's end."""

    def __init__(self, first: bytes, blocks: AsyncGenerator[bytes, None]) -> None:
        async def body() -> AsyncGenerator[bytes, None]:
            yield first
            async for block in blocks:
                yield block

        self._blocks = blocks
        super().__init__(body(), media_type="audio/pcm")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with contextlib.aclosing(self._blocks):
            await super().__call__(scope, receive, send)


def _error(status: int, message: str, kind: str, **more: str) -> Response:
    headers = {"Retry-After": "1"} if status in (429, 503) else {}
    return JSONResponse({"error": {"message": message, "type": kind, **more}}, status, headers)

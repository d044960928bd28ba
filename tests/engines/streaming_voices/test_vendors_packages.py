"""The vendors' own packages on both sides: Cartesia's client speaks to the imitation, ElevenLabs' types read it."""

from __future__ import annotations

import asyncio
from typing import Any

import cartesia
from cartesia.types.generation_request import GenerationRequest
from cartesia.types.websocket_response import Error
from elevenlabs.core.unchecked_base_model import construct_type
from elevenlabs.types.audio_output_multi import AudioOutputMulti
from elevenlabs.types.close_context import CloseContext
from elevenlabs.types.final_output_multi import FinalOutputMulti
from elevenlabs.types.initialise_context import InitialiseContext
from elevenlabs.types.send_text_multi import SendTextMulti

from providers.engines.streaming_voices.cartesia import Cartesia
from tests.engines.imitations.http_voice import voiced
from tests.engines.imitations.streaming_voices import KEY, CartesiaVoice, VoiceVendor
from tests.engines.streaming_voices.test_wires import TEXT, opened, said


def test_cartesias_own_client_hears_from_the_imitation_what_ours_hears() -> None:
    async def act() -> None:
        async with VoiceVendor(CartesiaVoice).serving() as vendor:
            request: Any = {
                "model_id": "sonic-3",
                "transcript": TEXT,
                "voice": {"mode": "id", "id": Cartesia.default_voice},
                "output_format": {"container": "raw", "encoding": "pcm_s16le", "sample_rate": 8000},
                "context_id": "c",
                "continue": False,
                "add_timestamps": True,
            }
            client = cartesia.AsyncCartesia(api_key=KEY, websocket_base_url=vendor.url)
            pcm, words = b"", list[str]()
            async with client, client.tts.websocket_connect() as connection:
                await connection.send(request)
                async for answer in connection:
                    if answer.type == "chunk":
                        pcm += answer.audio or b""
                    elif answer.type == "timestamps" and answer.word_timestamps is not None:
                        words += answer.word_timestamps.words
                    elif answer.type == "done":
                        break
            assert pcm == voiced(TEXT, 8000)
            assert words == TEXT.split()

    asyncio.run(act())


def test_cartesia_is_asked_as_its_package_asks_and_reports_errors_that_it_reads() -> None:
    async def act() -> None:
        async with opened("cartesia", language="de-AT") as (speaker, vendor):
            await said(speaker)
            for asked in vendor.received:
                read = GenerationRequest.model_validate(asked)
                assert set(asked) <= {field.alias or name for name, field in GenerationRequest.model_fields.items()}
                assert (read.transcript, read.language, read.add_timestamps) == (TEXT, "de", True)
            error = CartesiaVoice("/").error(vendor.asked[0], "concurrency_limited", 429)
            assert Error.model_validate(error).status_code == 429

    asyncio.run(act())


def test_elevenlabs_is_asked_as_its_package_asks_and_answers_what_its_package_reads() -> None:
    async def act() -> None:
        async with opened("elevenlabs") as (speaker, vendor):
            await said(speaker)
            shapes: tuple[Any, ...] = (InitialiseContext, SendTextMulti, CloseContext)
            for asked, shape in zip(vendor.received, shapes, strict=True):
                shape.model_validate(asked)
                assert set(asked) <= set(shape.model_fields)
            *audio, last = vendor.sent
            answers: list[Any] = [construct_type(type_=AudioOutputMulti, object_=sent) for sent in audio]
            assert FinalOutputMulti.model_validate(last).is_final
            assert "".join(c for a in answers if a.alignment for c in a.alignment.chars or ()) == TEXT

    asyncio.run(act())

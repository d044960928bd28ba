"""The audio of a transport socket: formats, rates, cuts and pace."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from dsp import decode_pcm16, encode_pcm16, mulaw_decode
from providers.emulator.platform.line import CallerAudio, LineDecoder, LineEncoder
from providers.emulator.platform.outbox import Outbox
from providers.emulator.platform.schema import AudioFormat


def tone(rate: int, seconds: float = 1.0) -> bytes:
    return encode_pcm16((0.4 * np.sin(2 * np.pi * 440 * np.arange(round(rate * seconds)) / rate)).astype(np.float32))


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 24000, 44100, 44101, 48000, 192000])
def test_a_tone_of_any_rate_comes_through_both_ways(rate: int) -> None:
    audio = AudioFormat(sample_rate=rate)
    inward = LineDecoder(audio, 16000).feed(tone(rate))
    heard = decode_pcm16(inward)
    assert abs(len(heard) - 16000) <= 1
    assert np.abs(np.fft.rfft(heard)).argmax() * 16000 / len(heard) == pytest.approx(440, abs=2)
    out = b"".join(LineEncoder(audio, 16000).feed(inward[start : start + 640]) for start in range(0, len(inward), 640))
    back = decode_pcm16(out)
    assert np.abs(np.fft.rfft(back)).argmax() * rate / len(back) == pytest.approx(440, abs=2)


def test_a_stream_cut_anywhere_is_the_same_stream() -> None:
    pcm, audio = tone(16000, 0.2), AudioFormat(sample_rate=24000)
    whole = LineDecoder(audio, 16000).feed(pcm)
    decoder = LineDecoder(audio, 16000)
    cuts = [0, 1, 2, 7, 640, 641, 3333, len(pcm)]
    parts = [decoder.feed(pcm[start:end]) for start, end in zip(cuts, cuts[1:], strict=False)]
    assert b"".join(parts) == whole


@pytest.mark.parametrize(
    ("audio", "length", "silence"),
    [
        (AudioFormat(), 640, b"\0"),
        (AudioFormat(format="mulaw"), 160, b"\xff"),
        (AudioFormat(sample_rate=44100), 1764, b"\0"),
        (AudioFormat(format="mulaw", sample_rate=16000), 320, b"\xff"),
    ],
)
def test_silence_is_zero_in_pcm_and_its_code_in_mulaw(audio: AudioFormat, length: int, silence: bytes) -> None:
    frame = LineEncoder(audio, 16000).feed(bytes(640))
    assert frame == silence * length
    if audio.format == "mulaw":
        assert not mulaw_decode(np.frombuffer(frame, np.uint8)).any()


def test_a_caller_is_heard_after_60_ms_and_one_ahead_of_time_when_the_time_comes() -> None:
    async def play() -> None:
        heard: list[bytes] = []
        caller = CallerAudio(16000, longest=1.0, hear=heard.append)
        caller.put(b"\1\0" * 320)
        assert heard == []
        caller.put(b"\2\0" * 320 * 30)
        assert len(b"".join(heard)) == 640 * 10
        for ticks in range(1, 22):
            caller.tick()
            assert len(b"".join(heard)) == 640 * (10 + ticks)
        caller.tick()
        assert b"".join(heard) == b"\1\0" * 320 + b"\2\0" * 320 * 30

    asyncio.run(play())


def test_uneven_messages_leave_no_gaps_and_a_short_one_is_not_kept() -> None:
    async def play() -> None:
        heard = bytearray()
        caller = CallerAudio(16000, longest=1.0, hear=heard.extend)
        taken = sent = gaps = 0
        for tick in range(1, 200):  # a frame is taken every 20 ms; a message of 23.1875 ms comes as often
            while (sent + 1) * 742 <= tick * 640:
                caller.put(b"\1\0" * 371)
                sent += 1
            gaps += taken > 0 and len(heard) - taken < 640
            taken += min(640, len(heard) - taken)
            caller.tick()
        assert (gaps, taken > 120_000) == (0, True)

    async def short() -> None:
        heard = bytearray()
        caller = CallerAudio(16000, longest=1.0, hear=heard.extend)
        caller.put(b"\1\0" * 100)
        for _ in range(3):
            assert not heard
            caller.tick()
        assert len(heard) == 200

    asyncio.run(play())
    asyncio.run(short())


def test_a_caller_far_ahead_of_time_waits_for_room() -> None:
    async def play() -> None:
        caller = CallerAudio(16000, longest=0.1, hear=lambda pcm: None)
        caller.put(bytes(640 * 10 + 3200))
        waiting = asyncio.create_task(caller.room())
        await asyncio.sleep(0)
        assert not waiting.done()
        caller.tick()
        await asyncio.wait_for(waiting, 1)

    asyncio.run(play())


def test_late_audio_is_dropped_and_words_never_are() -> None:
    async def play() -> tuple[list[bytes | str], int]:
        outbox, sent = Outbox(), list[bytes | str]()
        outbox.text("before")
        for index in range(60):
            outbox.audio(bytes([index]))
        outbox.text("after")
        outbox.close()

        async def send(item: bytes | str) -> None:
            sent.append(item)

        await outbox.drain(send, longest=1.0)
        return sent, outbox.dropped

    sent, dropped = asyncio.run(play())
    assert dropped == 10
    assert sent == ["before", *(bytes([index]) for index in range(10, 60)), "after"]


def test_an_interruption_drops_what_has_not_gone_out() -> None:
    async def play() -> list[bytes | str]:
        outbox, sent = Outbox(), list[bytes | str]()
        outbox.audio(b"old")
        outbox.text("user-interrupted")
        outbox.silence()
        outbox.audio(b"new")
        outbox.close()

        async def send(item: bytes | str) -> None:
            sent.append(item)

        await outbox.drain(send, longest=1.0)
        return sent

    assert asyncio.run(play()) == ["user-interrupted", b"new"]


def test_a_client_that_reads_nothing_is_given_up() -> None:
    async def play() -> None:
        outbox = Outbox()
        outbox.audio(b"x")

        async def never(item: bytes | str) -> None:
            await asyncio.Event().wait()

        await outbox.drain(never, longest=0.01)

    with pytest.raises(TimeoutError):
        asyncio.run(play())

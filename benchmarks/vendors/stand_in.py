"""A vendor that does nothing but answer, in a process of its own so that its work is not counted as ours.

``python -m benchmarks.vendors.stand_in`` prints a WebSocket base and an HTTP base and lives until its stdin ends. The
socket answers every fifth frame of audio with an interim result of 20 words (ten a second at 20 ms a frame); HTTP
answers every request with PCM.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from websockets.asyncio.server import ServerConnection, serve

FRAMES_PER_PARTIAL = 5

_WORDS = "so I would like to book two tickets for the evening show on Saturday the third please if you can".split()
_PARTIAL = json.dumps(
    {
        "type": "Results",
        "channel_index": [0, 1],
        "duration": 4.0,
        "start": 0.0,
        "is_final": False,
        "speech_final": False,
        "from_finalize": False,
        "channel": {
            "alternatives": [
                {
                    "transcript": " ".join(_WORDS),
                    "confidence": 0.98,
                    "words": [
                        {
                            "word": word.lower(),
                            "start": 0.2 * index,
                            "end": 0.2 * index + 0.18,
                            "confidence": 0.98,
                            "punctuated_word": word,
                        }
                        for index, word in enumerate(_WORDS)
                    ],
                }
            ]
        },
        "metadata": {
            "request_id": "5f0c3e9a-0000-4000-8000-000000000000",
            "model_info": {"name": "general-nova-3", "version": "2025-01-01.0", "arch": "nova-3"},
            "model_uuid": "5f0c3e9a-0000-4000-8000-000000000001",
        },
    }
)
_AUDIO = bytes(4800)
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: audio/pcm\r\nTransfer-Encoding: chunked\r\n\r\n"
_CHUNK = b"%x\r\n%b\r\n" % (len(_AUDIO), _AUDIO)


@contextmanager
def stand_in() -> Iterator[tuple[str, str]]:
    """A stand-in for as long as the block lasts: its WebSocket base and its HTTP base."""
    command = [sys.executable, "-m", "benchmarks.vendors.stand_in"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        live, rest = process.stdout.readline().split()
        try:
            yield live, rest
        finally:
            process.stdin.close()


async def _listen(connection: ServerConnection) -> None:
    frames = 0
    async for frame in connection:
        if isinstance(frame, bytes):
            frames += 1
            if frames % FRAMES_PER_PARTIAL == 0:
                await connection.send(_PARTIAL)


async def _speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            if b"content-length:" in head:
                await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))
            writer.write(_ANSWER)
            writer.write(_CHUNK)
            await writer.drain()
            writer.write(_CHUNK + b"0\r\n\r\n")
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main() -> None:
    """Serve until stdin ends. No compression: it would burden only the client that offers it."""
    async with serve(_listen, "127.0.0.1", 0, compression=None) as live:
        rest = await asyncio.start_server(_speak, "127.0.0.1", 0)
        ports = [server.sockets[0].getsockname()[1] for server in (live, rest)]
        print("ws://127.0.0.1:{} http://127.0.0.1:{}".format(*ports), flush=True)
        await asyncio.to_thread(sys.stdin.read)
        rest.close()


if __name__ == "__main__":
    asyncio.run(main())

"""One utterance of espeak-ng in a process of its own, where its random numbers start from a seed.

espeak-ng never says the same text the same way twice within one process, and has globals that must not be shared with
the engine under test. Run as ``python -S speaker.py LIBRARY DATA``, a JSON request on stdin, int16 LE PCM on stdout.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
import tempfile
from pathlib import Path

RATE = 22050
"""Hz espeak-ng's own synthesiser always works at."""
SYNCHRONOUS, DONT_EXIT, UTF8, WPM, PITCH = 2, 0x8000, 1, 1, 3
LONGEST_PATH = 140
"""Characters; espeak-ng 1.52 falls back to a wrong data path beyond about 159 (its issue 2182)."""

Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


def speak(library: str, data: str, request: dict[str, str | int]) -> bytes:
    """Say ``request["text"]`` with its voice, wpm, pitch and seed."""
    espeak = ctypes.CDLL(library)
    heard: list[bytes] = []

    def collect(wave: ctypes._Pointer[ctypes.c_short], count: int, _events: int) -> int:
        if wave and count > 0:
            heard.append(ctypes.string_at(wave, 2 * count))
        return 0

    callback = Callback(collect)
    if espeak.espeak_Initialize(SYNCHRONOUS, 0, os.fsencode(data), DONT_EXIT) != RATE:
        raise SystemExit(f"espeak-ng does not start from {data}")
    espeak.espeak_SetSynthCallback(callback)
    espeak.espeak_ng_SetRandSeed(ctypes.c_long(int(request["seed"])))
    if espeak.espeak_SetVoiceByName(str(request["voice"]).encode()) != 0:
        raise SystemExit(f"voice: expected one of espeak-ng's, found {request['voice']!r}")
    espeak.espeak_SetParameter(WPM, int(request["wpm"]), 0)
    espeak.espeak_SetParameter(PITCH, int(request["pitch"]), 0)
    text = str(request["text"]).encode() + b"\0"
    espeak.espeak_Synth(text, ctypes.c_size_t(len(text)), 0, 1, 0, UTF8, None, None)
    return b"".join(heard)


def main() -> None:
    """Answer the one request on stdin."""
    library, data = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        if len(data) > LONGEST_PATH:
            link = Path(folder, "data")
            link.symlink_to(data)
            data = str(link)
        sys.stdout.buffer.write(speak(library, data, json.load(sys.stdin)))


if __name__ == "__main__":
    main()

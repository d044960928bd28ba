"""What runs in pocketsphinx's own processes: a fork server that holds the loaded model, and its forks, one per speaker.

Decoding holds the interpreter's lock, up to a second at a time, so it must not share a process with an event loop. The
fork server loads the model once (0.3 s, 90 MB) and is forked for every recognition (2 ms, and only the pages that are
written are copied). A fork serves one speaker and ends: no state can pass from one call to the next.

Between the processes::

    control   server → fork server   b"F" + 4 unused bytes, with the fork's socket as SCM_RIGHTS: fork
                                     b"K" + process id: kill that fork
              fork server → server   one line of JSON when the model is loaded: null, or what went wrong
    socket    fork → server          frames: "P" + process id, "T" + transcript, "E" + error, "D" done
              server → fork          frames: first the rate in Hz, then PCM; an empty one is the end of the audio

A frame is its length in 4 bytes little-endian and its payload. The end of the control socket ends the fork server and,
first, every fork.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import struct
from typing import Any

import msgspec

from providers.engines.pocketsphinx.hearing import Hearing, HearingOptions

LENGTH = struct.Struct("<I")
COMMAND = struct.Struct("<cI")
FORK, KILL = b"F", b"K"

NICENESS = 5
"""Below the event loop, which has 20 ms where a decoder has a second."""


class WorkerOptions(msgspec.Struct, frozen=True, kw_only=True):
    """All that the processes need to know, as it crosses to them."""

    hearing: HearingOptions
    hmm: str | None = None
    lm: str | None = None
    dictionary: str | None = None


def main(control_fd: int, options: bytes) -> None:
    """Be the fork server until the control socket ends."""
    settings = msgspec.json.decode(options, type=WorkerOptions)
    control = socket.socket(fileno=control_fd)
    try:
        decoder = load_decoder(settings)
    except Exception as error:  # whatever it is, the server is told and this process ends
        control.sendall(json.dumps(f"{type(error).__name__}: {error}").encode() + b"\n")
        return
    try:
        control.sendall(b"null\n")
    except ConnectionError:  # the server ended while the model was loading
        return
    _serve_forks(control, decoder, settings.hearing)


def load_decoder(options: WorkerOptions) -> Any:
    """Load the model; the one in pocketsphinx's wheel where no path is given."""
    from pocketsphinx import Config, Decoder

    paths = {"hmm": options.hmm, "lm": options.lm, "dict": options.dictionary}
    # The second pass costs up to 400 ms at the end of every utterance and makes more errors, not fewer.
    chosen = {name: path for name, path in paths.items() if path is not None}
    return Decoder(Config(fwdflat=False, loglevel="FATAL", **chosen))


def _serve_forks(control: socket.socket, decoder: Any, options: HearingOptions) -> None:
    forks: set[int] = set()
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_read, False)
    os.set_blocking(wake_write, False)
    signal.signal(signal.SIGCHLD, lambda signum, frame: None)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    while True:
        ready, _, _ = select.select([control.fileno(), wake_read], [], [])
        if wake_read in ready:
            os.read(wake_read, 4096)
            _reap(forks)
        if control.fileno() not in ready:
            continue
        message, descriptors, _, _ = socket.recv_fds(control, COMMAND.size, 1)
        if len(message) < COMMAND.size:
            break
        command, number = COMMAND.unpack(message)
        if command == FORK:
            _fork(forks, control, socket.socket(fileno=descriptors[0]), decoder, options)
        elif number in forks:  # not reaped yet, so the number cannot be anybody else's
            os.kill(number, signal.SIGKILL)
    for fork in forks:
        os.kill(fork, signal.SIGKILL)


def _reap(forks: set[int]) -> None:
    while forks:
        fork, _ = os.waitpid(-1, os.WNOHANG)
        if not fork:
            return
        forks.discard(fork)


def _fork(forks: set[int], control: socket.socket, link: socket.socket, decoder: Any, options: HearingOptions) -> None:
    try:
        fork = os.fork()
    except OSError:
        link.close()  # the server sees the end of the socket and reports that no process could be made
        return
    if fork:
        link.close()
        forks.add(fork)
        return
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        control.close()
        os.nice(NICENESS)
        serve(link, decoder, options)
    finally:
        os._exit(0)


def serve(link: socket.socket, decoder: Any, options: HearingOptions) -> None:
    """Hear one speaker over a socket; returns when the other side is gone or all is said."""
    try:
        _send(link, b"P" + str(os.getpid()).encode())
        rate = _receive(link)
        if rate is None:
            return
        hearing = Hearing(decoder, rate=int(rate), options=options)
        while pcm := _receive(link):
            for transcript in hearing.feed(pcm):
                _send(link, b"T" + msgspec.json.encode(transcript))
        if pcm is None:
            return
        for transcript in hearing.finish():
            _send(link, b"T" + msgspec.json.encode(transcript))
        _send(link, b"D")
    except OSError:
        return  # the call is over
    except Exception as error:
        _send(link, b"E" + f"{type(error).__name__}: {error}".encode())


def _send(link: socket.socket, payload: bytes) -> None:
    link.sendall(LENGTH.pack(len(payload)) + payload)


def _receive(link: socket.socket) -> bytes | None:
    """One frame; None when the other side is gone."""
    header = _exactly(link, LENGTH.size)
    return None if header is None else _exactly(link, LENGTH.unpack(header)[0])


def _exactly(link: socket.socket, size: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < size:
        part = link.recv(size - len(parts))
        if not part:
            return None
        parts += part
    return bytes(parts)

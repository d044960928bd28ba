"""Code of pocketsphinx's worker processes: the loaded model, and one speaker per process.

Decoding holds the interpreter's lock, up to a second at a time, so it must not share a process with an event loop. The
fork server loads the model (0.3 s, 90 MB); see `fork_child`. A worker process serves one speaker and ends, so that no
state passes from one call to the next.

On its socket::

    worker → server   frames: "P" + process id, "T" + transcript, "E" + error, "D" done
    server → worker   frames: first the rate in Hz, then PCM; an empty one is the end of the audio
"""

from __future__ import annotations

import os
import socket
from functools import partial
from typing import Any

import msgspec

from providers.engines.pocketsphinx.recogniser import RecogniserOptions, SphinxRecogniser
from providers.engines.processes import fork_child
from providers.engines.processes.fork_child import receive_frame, send_frame

NICENESS = 5
"""Niceness below the event loop's: the loop has 20 ms where a decoder has a second."""


class WorkerOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of the processes, as they are sent to them."""

    recogniser: RecogniserOptions
    hmm: str | None = None
    lm: str | None = None
    dictionary: str | None = None


def main(control_fd: int, options: bytes) -> None:
    """Run the fork server until the control socket ends."""
    settings = msgspec.json.decode(options, type=WorkerOptions)
    fork_child.run(control_fd, partial(load_decoder, settings), partial(serve, options=settings.recogniser))


def load_decoder(options: WorkerOptions) -> Any:
    """Load the model; without paths, the one in pocketsphinx's wheel."""
    from pocketsphinx import Config, Decoder

    paths = {"hmm": options.hmm, "lm": options.lm, "dict": options.dictionary}
    # The second pass costs up to 400 ms at the end of every utterance and makes more errors, not fewer.
    chosen = {name: path for name, path in paths.items() if path is not None}
    return Decoder(Config(fwdflat=False, loglevel="FATAL", **chosen))


def serve(link: socket.socket, decoder: Any, options: RecogniserOptions) -> None:
    """Serve one speaker over a socket until the other side closes it or the audio ends."""
    os.nice(NICENESS)
    try:
        _hear(link, decoder, options)
    except OSError:
        return  # the call is over
    except Exception as error:
        send_frame(link, b"E", f"{type(error).__name__}: {error}".encode())


def _hear(link: socket.socket, decoder: Any, options: RecogniserOptions) -> None:
    rate = receive_frame(link)
    if rate is None:
        return
    recogniser = SphinxRecogniser(decoder, rate=int(rate), options=options)
    while pcm := receive_frame(link):
        for transcript in recogniser.feed(pcm):
            send_frame(link, b"T", msgspec.json.encode(transcript))
    if pcm is None:
        return
    for transcript in recogniser.finish():
        send_frame(link, b"T", msgspec.json.encode(transcript))
    send_frame(link, b"D")

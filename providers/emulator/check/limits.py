"""Limits that the rules of ``check`` judge by."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one run. The defaults suit a deployment; tests of the rules run faster ones."""

    first_audio: float = 1.5
    """Seconds to the first audible sample: beyond it the pause sounds like a fault."""
    final_within: float = 2.5
    """Seconds from the end of speech to its final."""
    endpointing_within: float = 0.1
    """Seconds, 95th percentile: it is asked several times a second while the caller speaks."""
    timeout: float = 20.0
    """Seconds without a byte; the platform's default."""
    same_length: float = 0.04
    """Share by which durations at two rates may differ; the nearest pair of rates is 8.8 % apart."""
    noise_room: float = 0.25
    """Seconds by which any network and machine may delay a first byte."""
    dead_air: float = 0.25
    """Seconds without a sample in the middle of a long answer; below it the platform's own buffer may hide the gap."""
    sentences: int = 6
    """Sentences of a long text, of four seconds each."""
    large_body: int = 2_000_000
    """Bytes of a request that a long call really has."""
    tail: float = 5.0
    """Seconds after speech in which the last final may come; by the clock, at any ``speed``."""
    settle: float = 1.2
    """Seconds without news after a final, until a call counts as finished; by the clock."""
    gap: float = 12.0
    """Seconds without any frame, longer than the ten after which tunnels close quiet sockets."""
    hang_ups: int = 8
    """Answers that are abandoned before the server must still be free."""
    flood: int = 64 << 20
    """Bytes of a body, or of audio faster than real time. Beyond the 50 MB that the platform's own sample allows."""
    flood_time: float = 3.0
    """Seconds for which audio is sent as fast as the server takes it."""
    memory_noise: int = 16 << 20
    """Bytes by which a busy process grows for reasons of its own."""
    speed: float = 1.0
    """How much faster than real time calls run; only for recognisers that do not mind."""
    calls_at_once: int = 3
    """Calls in parallel, once calls are known not to disturb each other."""
    place_within: float = 30.0
    """Seconds in which a full server (503) must have a place free, while other probes' calls end."""
    seed: int | None = None
    """Of the probes' texts; None takes new ones for each run, so that no cache remembers them."""

"""Engine tier on Ray Serve: this package's local engines, autoscaled, behind the wires of vendors.

::

    pip install 'vapi-providers[ray,local]'
    cd deploy/ray && serve run serve.yaml

    vapi-providers serve --voice openai --openai-url http://127.0.0.1:8000/speak
        --transcriber deepgram --deepgram-url http://127.0.0.1:8000/listen --deepgram-block-ms 100

The engines are those of ``PROVIDERS_VOICE`` and ``PROVIDERS_TRANSCRIBER`` in the environment of the replicas, with
their settings. ``ENGINE_TIER_KEY``, in the environment of the machines, is asked of every client. A call is one ongoing
request of a recogniser's replica, so autoscaling on ongoing requests is autoscaling on calls. A replica that ends lets
its calls end; one that dies costs no word, because the server sends what had no final yet to another.

The proxy of Ray Serve forwards about 600 messages a second: send 100 ms of audio in each (``--deepgram-block-ms 100``).
"""

from __future__ import annotations

import os
from collections.abc import Callable

from ray import serve
from starlette.applications import Starlette

CALLS = int(os.environ.get("ENGINE_TIER_CALLS", "16"))
"""Calls that one replica of a recogniser takes."""
UTTERANCES = int(os.environ.get("ENGINE_TIER_UTTERANCES", "16"))
"""Utterances that one replica of a voice speaks at once."""
REPLICAS = int(os.environ.get("ENGINE_TIER_REPLICAS", "1")), int(os.environ.get("ENGINE_TIER_MOST_REPLICAS", "8"))
"""Least and most replicas of each."""
CPUS, GPUS = float(os.environ.get("ENGINE_TIER_CPUS", "1")), float(os.environ.get("ENGINE_TIER_GPUS", "0"))
"""Of each replica."""
DRAIN = float(os.environ.get("ENGINE_TIER_DRAIN_SECONDS", "3600"))
"""How long the calls of a replica that ends may go on, s."""


def _deployment(name: str, requests: int, build: Callable[[], Starlette]) -> serve.Application:
    """One autoscaled deployment of an ASGI application that its replicas build."""
    return serve.deployment(
        serve.ingress(build)(),
        name=name,
        max_ongoing_requests=requests,
        # More would wait in a queue, and a caller with them: the server's next engine is faster.
        max_queued_requests=requests,
        autoscaling_config={
            "min_replicas": REPLICAS[0],
            "max_replicas": REPLICAS[1],
            "target_ongoing_requests": max(1.0, 0.7 * requests),
            "upscale_delay_s": 2,
            "downscale_delay_s": 600,
        },
        graceful_shutdown_timeout_s=DRAIN,
        ray_actor_options={"num_cpus": CPUS, "num_gpus": GPUS},
    ).bind()


def _listening() -> Starlette:
    from providers.engine_tier.app import from_environment

    return from_environment(os.environ, speaks=False)


def _speaking() -> Starlette:
    from providers.engine_tier.app import from_environment

    return from_environment(os.environ, listens=False)


listening = _deployment("recogniser", CALLS, _listening)
speaking = _deployment("voice", UTTERANCES, _speaking)

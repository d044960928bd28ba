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

For ``PROVIDERS_TRANSCRIBER=whisper`` the model has replicas of its own: the GPUs are theirs, and the utterances of
several calls are one batch. With ``sherpa`` each replica has the model, and decodes its calls' streams in one step.

The proxy of Ray Serve forwards about 600 messages a second: send 100 ms of audio in each (``--deepgram-block-ms 100``).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ray import serve
from starlette.applications import Starlette

from dsp import Samples
from providers import settings
from providers.engine_tier import whisper_batch
from providers.engine_tier.app import KEY_VARIABLE, create_tier, from_environment
from providers.engines.local.sherpa_listen import SherpaListener, SherpaListenerOptions
from providers.engines.local.whisper import Whisper, WhisperOptions
from providers.errors import SettingsError

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
ANSWER = 30.0
"""Longest wait for a model, s."""


MODEL = "whisper-model"
"""Whisper's model has replicas of its own, where the GPUs are: they hear the utterances of several calls at once."""
TRANSCRIBER = os.environ.get("PROVIDERS_TRANSCRIBER", "")


def _options(name: str, requests: int, *, gpus: float) -> dict[str, Any]:
    """Options of one autoscaled deployment."""
    return {
        "name": name,
        "max_ongoing_requests": requests,
        # More would wait in a queue, and a caller with them: the server's next engine is faster.
        "max_queued_requests": requests,
        "autoscaling_config": {
            "min_replicas": REPLICAS[0],
            "max_replicas": REPLICAS[1],
            "target_ongoing_requests": max(1.0, 0.7 * requests),
            "upscale_delay_s": 2,
            "downscale_delay_s": 600,
        },
        "graceful_shutdown_timeout_s": DRAIN,
        "ray_actor_options": {"num_cpus": CPUS, "num_gpus": gpus},
    }


def _application(name: str, requests: int, build: Callable[[], Starlette], *needs: Any) -> serve.Application:
    """An ASGI application that the replicas build."""
    gpus = 0.0 if needs else GPUS
    return serve.deployment(serve.ingress(build)(), **_options(name, requests, gpus=gpus)).bind(*needs)


@serve.deployment(**_options(MODEL, 2 * whisper_batch.MOST, gpus=GPUS))
class WhisperModel:
    """Model of the engine whisper: utterances that come within 20 ms are one batch."""

    def __init__(self) -> None:
        import faster_whisper

        chosen = settings.load({}, os.environ, folder=Path.cwd()).whisper
        if chosen.folder is None:
            raise SettingsError(["PROVIDERS_WHISPER_FOLDER: expected the folder of a model, found none"])
        self._pipeline = faster_whisper.BatchedInferencePipeline
        self._language = chosen.language
        device, kind = ("cuda", "float16") if GPUS else ("cpu", "int8")
        self._model = faster_whisper.WhisperModel(
            chosen.folder, device=device, compute_type=kind, local_files_only=True
        )

    @serve.batch(max_batch_size=whisper_batch.MOST, batch_wait_timeout_s=0.02)
    async def transcribe(self, utterances: list[Samples]) -> list[list[whisper_batch.HeardSegment]]:
        """Segments of each utterance."""
        together = whisper_batch.transcribe_together
        return await asyncio.to_thread(together, self._model, self._pipeline, utterances, language=self._language)


def _listening() -> Starlette:
    return from_environment(os.environ, speaks=False)


def _listening_to_whisper() -> Starlette:
    model = serve.get_deployment_handle(MODEL)
    chosen = settings.load({}, os.environ, folder=Path.cwd()).whisper

    def ask(audio: Samples) -> list[whisper_batch.HeardSegment]:
        heard: list[whisper_batch.HeardSegment] = model.transcribe.remote(audio).result(timeout_s=ANSWER)
        return heard

    # The recognitions wait for the model more than they work.
    options = WhisperOptions(folder=Path(chosen.folder or "."), language=chosen.language, threads=CALLS)
    engine = Whisper(options, library=lambda: whisper_batch.RemoteLibrary(ask))
    return create_tier(None, engine, key=os.environ.get(KEY_VARIABLE, ""))


def _listening_with_sherpa() -> Starlette:
    """Its streams live beside the model: those of all calls of a replica that wait are decoded in one step."""
    folder = settings.load({}, os.environ, folder=Path.cwd()).sherpa_listener.listen_folder
    options = SherpaListenerOptions(folder=Path(folder) if folder else None, threads=CALLS, together=True)
    return create_tier(None, SherpaListener(options), key=os.environ.get(KEY_VARIABLE, ""))


def _speaking() -> Starlette:
    return from_environment(os.environ, listens=False)


if TRANSCRIBER == "whisper":
    listening = _application("recogniser", CALLS, _listening_to_whisper, WhisperModel.bind())
elif TRANSCRIBER == "sherpa":
    listening = _application("recogniser", CALLS, _listening_with_sherpa)
else:
    listening = _application("recogniser", CALLS, _listening)
speaking = _application("voice", UTTERANCES, _speaking)

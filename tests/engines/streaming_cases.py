"""Every streaming vendor: its wire here, and the imitation that speaks it there."""

from __future__ import annotations

from providers.engines.streaming.assemblyai import AssemblyAI
from providers.engines.streaming.flux import Flux
from providers.engines.streaming.openai_realtime import OpenAIRealtime
from providers.engines.streaming.scribe import Scribe
from providers.engines.streaming.soniox import Soniox
from providers.engines.streaming.wire import VendorWire
from tests.engines.imitations.streaming_vendors import (
    AssemblyWire,
    FluxWire,
    OpenAIWire,
    ScribeWire,
    SonioxWire,
    Wire,
)

VENDORS: dict[str, tuple[type[VendorWire], type[Wire]]] = {
    "flux": (Flux, FluxWire),
    "assemblyai": (AssemblyAI, AssemblyWire),
    "soniox": (Soniox, SonioxWire),
    "elevenlabs": (Scribe, ScribeWire),
    "openai": (OpenAIRealtime, OpenAIWire),
}

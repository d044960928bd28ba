"""Messages as they go over the wire: what rides along with each, towards the Server URL and towards the client."""

from __future__ import annotations

import time
from typing import Any

import msgspec

from providers.emulator.platform.calls import Call, shown

Json = dict[str, Any]


def _stamp() -> int:
    """Milliseconds since the epoch."""
    return round(time.time() * 1000)


def for_server(call: Call, message: Json) -> bytes:
    """A message as it is posted: within ``message``, with the call, the assistant, the caller and what was said."""
    about = call.request.about
    along: Json = {
        "timestamp": _stamp(),
        "call": call.identity,
        "assistant": shown(call.request.assistant),
        "artifact": call.artifact or {"messages": call.messages},
        "assistantVersion": None,
    }
    if "customer" in about:
        along["customer"] = about["customer"]
    if "phoneNumber" in about:
        along["phoneNumber"] = shown(about["phoneNumber"])
    return msgspec.json.encode({"message": {**along, **message}})


def for_client(message: Json) -> str:
    """A message as it goes over the transport socket: bare."""
    return msgspec.json.encode({"timestamp": _stamp(), **message}).decode()

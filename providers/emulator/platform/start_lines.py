"""What ``emulate`` prints when it listens: what it plays with, and the command to try."""

from __future__ import annotations

import json
from dataclasses import dataclass

from providers.emulator.failures import bare
from providers.emulator.platform.assistants import DEFAULT_ASSISTANT, Defaults


@dataclass(frozen=True, slots=True)
class StartLines:
    """What is known of a platform that is up."""

    base: str
    defaults: Defaults
    assistants: tuple[str, ...]
    """Ids; the first is the one of the command line."""
    keyed: bool
    """True where clients need the key of --api-key."""

    def text(self) -> str:
        """The lines."""
        found = self.defaults
        rows = [
            ("platform", self.base, "VAPI_API_URL of the websocket-tester, base_url of the SDKs"),
            ("key", "the one you set" if self.keyed else "any", "Authorization: Bearer …"),
            ("voice", _address(found.voice, "--voice-url"), ""),
            ("transcriber", _address(found.transcriber, "--transcriber-url"), ""),
            ("endpointing", bare(found.endpointing) if found.endpointing else "by the transcript's punctuation", ""),
            ("server url", bare(found.server) if found.server else "none", ""),
            ("model", _model(found), ""),
            *(("assistant", each, "") for each in self.assistants),
        ]
        lines = [f"  {name:<13} {value}{f'   ({note})' if note else ''}" for name, value, note in rows]
        return "\n".join([*lines, "", *self._next()])

    def _next(self) -> tuple[str, ...]:
        if self.defaults.voice is None or self.defaults.transcriber is None:
            return (
                "  No endpoints are named and no server runs on this machine: an assistant has to bring its own voice",
                "  and transcriber (server.url), or start `vapi-providers serve` first and then this. Ctrl-C ends.",
            )
        audio = {"format": "pcm_s16le", "container": "raw", "sampleRate": 16000}
        body = {"assistantId": DEFAULT_ASSISTANT, "transport": {"provider": "vapi.websocket", "audioFormat": audio}}
        key = "$KEY" if self.keyed else "any"
        return (
            f"  Try:  curl {self.base}/call -H 'authorization: Bearer {key}' -H 'content-type: application/json' \\",
            f"             -d '{json.dumps(body)}'",
            "        and open the socket at transport.websocketCallUrl: audio both ways, 20 ms at a time. Ctrl-C ends.",
        )


def _address(url: str | None, option: str) -> str:
    return bare(url) if url else f"each assistant's own ({option} names one for all)"


def _model(defaults: Defaults) -> str:
    model = defaults.model or {}
    if model.get("provider") == "custom-llm":
        return f"{bare(model['url'])}   ({model['model']})"
    if model.get("provider") == "scripted":
        return "the replies of --reply, in turn, then from the first again"
    return "repeats what the caller says (--reply or --model-url gives it words of its own)"

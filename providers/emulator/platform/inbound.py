"""Calls that come in: the Server URL is asked which assistant answers (``assistant-request``).

``POST /call/inbound`` is not the platform's: it stands for somebody who dials a number without an assistant.
"""

from __future__ import annotations

from typing import Any

from providers.emulator.conversation.assistant import Assistant
from providers.emulator.failures import EmulatorError
from providers.emulator.http_client import HttpClient
from providers.emulator.platform.api_errors import ApiError
from providers.emulator.platform.assistants import AssistantStore, Defaults
from providers.emulator.platform.calls import Call, Request
from providers.emulator.platform.creation import chosen_assistant, read, read_new_call, request_of
from providers.emulator.platform.keyring import Address, Keyring
from providers.emulator.platform.messages import for_server
from providers.emulator.platform.schema import AudioFormat, NewCall
from providers.emulator.platform.server_url import ServerUrl

ANSWER_SECONDS = 7.5
"""Seconds for the whole of ``assistant-request``; the platform's limit, which no setting changes."""

_CHOICES = ("assistantId", "assistant", "assistantOverrides")

Json = dict[str, Any]


async def inbound_request(
    body: bytes, base: str, assistants: AssistantStore, defaults: Defaults, *, keyring: Keyring, client: HttpClient
) -> Call:
    """A call as the Server URL wants it answered.

    Raises
    ------
    ApiError
        There is no Server URL, it fails or refuses, or what it chose cannot be played.
    """
    raw, wanted = read_new_call(body or b"{}")
    server = (raw.get("phoneNumber") or {}).get("server") or (defaults.at(defaults.server) if defaults.server else None)
    if server is None:
        raise ApiError(400, ["--server-url should not be empty: it is asked for the assistant of an inbound call"])
    audio = wanted.transport.audio_format if wanted.transport is not None else AudioFormat()
    about = {name: raw[name] for name in ("customer", "phoneNumber", "name", "metadata") if raw.get(name) is not None}
    call = Call(Request({}, Assistant(), audio, "inboundPhoneCall", about), base, status="ringing")
    answer = await _asked(call, read(server, Address, "phoneNumber.server"), keyring, client)
    chosen = read({name: answer[name] for name in _CHOICES if name in answer}, NewCall)
    if chosen.assistant is None and chosen.assistant_id is None:
        raise ApiError(400, _why_not(answer))
    assistant = chosen_assistant(chosen, assistants)
    about |= {name: answer[name] for name in ("assistantId", "assistantOverrides") if name in answer}
    call.request = request_of(assistant, defaults, audio=audio, about=about, kind="inboundPhoneCall")
    return call


async def _asked(call: Call, server: Address, keyring: Keyring, client: HttpClient) -> Json:
    """The answer to ``assistant-request``."""
    line = ServerUrl(server, keyring, client, lambda message: for_server(call, message))
    try:
        return await line.ask({"type": "assistant-request"}, timeout=ANSWER_SECONDS) or {}
    except EmulatorError as fault:
        raise ApiError(400, f"assistant-request-failed: {fault}") from None


def _why_not(answer: Json) -> str:
    """What the answer is instead of an assistant."""
    if isinstance(answer.get("error"), str):
        return f"assistant-request-returned-error: {answer['error'][:300]}"
    if answer.get("destination") is not None:
        return "assistant-request-returned-forwarding-phone-number: the offline platform has no telephone to forward to"
    return "assistant-request-returned-no-assistant"

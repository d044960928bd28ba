"""``POST /call``: what is taken, what is refused, and in which words."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from providers.emulator.conversation.assistant import Assistant
from providers.emulator.platform.api_errors import ApiError
from providers.emulator.platform.assistants import DEFAULT_ASSISTANT, AssistantStore, Defaults
from providers.emulator.platform.calls import Request
from providers.emulator.platform.client_messages import read_client_message
from providers.emulator.platform.creation import outgoing

DEFAULTS = Defaults(voice="http://v/tts", transcriber="ws://t/stt", server="http://s/hook")
SOCKET = {"provider": "vapi.websocket"}


def asked(body: dict[str, Any] | bytes, defaults: Defaults = DEFAULTS) -> Request:
    store = AssistantStore({DEFAULT_ASSISTANT: {"name": "Offline"}})
    return outgoing(body if isinstance(body, bytes) else msgspec.json.encode(body), store, defaults)


def played(assistant: dict[str, Any], defaults: Defaults = DEFAULTS, **more: Any) -> Assistant:
    return asked({"assistant": assistant, "transport": SOCKET, **more}, defaults).plan


def refused(body: dict[str, Any] | bytes, defaults: Defaults = DEFAULTS) -> dict[str, Any]:
    with pytest.raises(ApiError) as fault:
        asked(body, defaults)
    answer = fault.value.response()
    assert answer.status_code == fault.value.status
    found: dict[str, Any] = msgspec.json.decode(answer.body)
    return found


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"assistant": {"assistantId": "x"}, "transport": SOCKET}, ["assistant.property assistantId should not exist"]),
        ({"assistent": {}, "transport": SOCKET}, ["property assistent should not exist"]),
        ({"transport": SOCKET}, "Need Either `assistant`, `assistantId`, `squad`, Or `squadId`."),
        (
            {"assistantId": DEFAULT_ASSISTANT, "transport": {"provider": "daily"}},
            ["transport.provider must be one of the following values: vapi.websocket"],
        ),
        (
            {"assistantId": DEFAULT_ASSISTANT, "transport": SOCKET | {"audioFormat": {"format": "opus"}}},
            ["transport.audioFormat.format must be one of the following values: mulaw, pcm_s16le"],
        ),
        (
            {"assistantId": DEFAULT_ASSISTANT, "transport": SOCKET | {"audioFormat": {"sampleRate": 200_000}}},
            ["transport.audioFormat.sampleRate must not be greater than 192000"],
        ),
        (
            {"assistantId": DEFAULT_ASSISTANT, "transport": SOCKET | {"audioFormat": {"sampleRate": "8k"}}},
            ["transport.audioFormat.sampleRate must be a number conforming to the specified constraints"],
        ),
        (
            {"assistant": {"stopSpeakingPlan": {"numWords": 11}}, "transport": SOCKET},
            ["assistant.stopSpeakingPlan.numWords must not be greater than 10"],
        ),
        (
            {"assistantId": DEFAULT_ASSISTANT, "assistantOverrides": {"firstMessage": 1}, "transport": SOCKET},
            ["assistantOverrides.firstMessage must be a string"],
        ),
        (
            {
                "assistant": {"voice": {"provider": "custom-voice", "server": {"timeoutSeconds": 3}}},
                "transport": SOCKET,
            },
            None,
        ),
        ({"assistantId": 7, "transport": SOCKET}, ["assistantId must be a string"]),
        ({"name": "n" * 41, "transport": SOCKET}, ["name must be shorter than or equal to 40 characters"]),
        (
            {"assistantId": DEFAULT_ASSISTANT, "phoneNumberId": "p", "transport": SOCKET},
            ["transport and phoneNumberId, phoneNumber are mutually exclusive"],
        ),
        (b"{", "body must be JSON"),
        (b"[]", ["body must be an object"]),
    ],
)
def test_a_refusal_has_the_platforms_shape_and_names_the_field(body: Any, message: Any) -> None:
    if message is None:
        assert asked(body).plan.voice.server is not None
        return
    assert refused(body) == {"message": message, "error": "Bad Request", "statusCode": 400}


def test_an_unknown_assistant_is_named() -> None:
    found = refused({"assistantId": "nobody", "transport": SOCKET})
    assert found["message"] == "Couldn't Get Assistant. Does `assistantId` nobody exist?"


def test_without_a_voice_the_option_is_named() -> None:
    found = refused({"assistantId": DEFAULT_ASSISTANT, "transport": SOCKET}, Defaults(transcriber="ws://t"))
    assert found["message"] == ["assistant.voice.server.url should not be empty (nor is there a --voice-url)"]


@pytest.mark.parametrize(
    ("audio", "expected"),
    [
        ({}, ("pcm_s16le", 16000)),
        ({"format": "mulaw"}, ("mulaw", 8000)),
        ({"format": "pcm_s16le", "sampleRate": 44100.0}, ("pcm_s16le", 44100)),
    ],
)
def test_a_rate_left_out_is_the_formats_own(audio: dict[str, Any], expected: tuple[str, int]) -> None:
    found = asked({"assistantId": DEFAULT_ASSISTANT, "transport": SOCKET | {"audioFormat": audio}}).audio
    assert (found.format, found.rate) == expected


def test_an_assistant_copied_from_the_platform_is_played_with_the_servers_named_here() -> None:
    plan = played(
        {
            "voice": {
                "provider": "11labs",
                "voiceId": "sarah",
                "model": "eleven_turbo",
                "chunkPlan": {"minCharacters": 9.0},
            },
            "transcriber": {"provider": "deepgram", "model": "nova-3"},
            "model": {
                "provider": "openai",
                "model": "gpt-4o",
                "messages": [{"role": "system", "content": "Be short."}],
            },
        },
        Defaults("http://v/tts", "ws://t/stt", model={"provider": "echo"}),
    )
    assert plan.voice.server is not None
    assert (plan.voice.server.url, plan.voice.voice_id, plan.voice.chunk_plan.min_characters) == (
        "http://v/tts",
        None,
        9,
    )
    assert plan.transcriber.server is not None
    assert plan.transcriber.server.url == "ws://t/stt"
    assert (plan.model.provider, plan.model.messages[0]["content"]) == ("echo", "Be short.")


def test_an_assistants_own_servers_stay_and_fallbacks_without_a_server_go() -> None:
    own = {"provider": "custom-voice", "server": {"url": "http://own/voice"}}
    voices = [{"provider": "11labs", "voiceId": "x"}, {"provider": "custom-voice", "server": {"url": "http://second"}}]
    plan = played(
        {
            "voice": own | {"fallbackPlan": {"voices": voices}},
            "server": {"url": "http://own/hook"},
            "model": {"provider": "custom-llm", "url": "http://own/llm"},
        },
        Defaults("http://v", "ws://t", model={"provider": "echo"}),
    )
    assert plan.voice.server is not None
    assert plan.voice.server.url == "http://own/voice"
    assert [each.server.url for each in plan.voice.fallback_plan.voices if each.server] == ["http://second"]
    assert plan.server is not None
    assert plan.server.url == "http://own/hook"
    assert plan.model.url == "http://own/llm"


def test_servers_of_the_command_line_carry_its_credential_and_an_assistants_own_do_not() -> None:
    defaults = Defaults("http://v", "ws://t", "http://e", "http://s", "c1")
    plan = played({"voice": {"provider": "custom-voice", "server": {"url": "http://own"}}}, defaults)
    smart = plan.start_speaking_plan.smart_endpointing_plan
    found = [plan.voice.server, plan.transcriber.server, plan.server, smart.server if smart else None]
    assert [each.credential_id for each in found if each] == [None, "c1", "c1", "c1"]


def test_an_endpointing_model_without_a_server_asks_the_server_url_as_published() -> None:
    smart = {"startSpeakingPlan": {"smartEndpointingPlan": {"provider": "custom-endpointing-model"}}}
    found = played(smart).start_speaking_plan.smart_endpointing_plan
    assert found is not None
    assert found.server is not None
    assert found.server.url == "http://s/hook"


def test_an_endpointing_url_is_used_by_assistants_that_say_nothing_of_it() -> None:
    defaults = Defaults("http://v", "ws://t", "http://e/ask")
    found = played({}, defaults).start_speaking_plan.smart_endpointing_plan
    assert found is not None
    assert found.provider == "custom-endpointing-model"
    own = {"startSpeakingPlan": {"smartEndpointingPlan": {"provider": "livekit"}}}
    kept = played(own, defaults).start_speaking_plan.smart_endpointing_plan
    assert kept is not None
    assert kept.provider == "livekit"


def test_overrides_replace_fields_and_add_tools_and_variables() -> None:
    assistant = {
        "firstMessage": "Hello.", "endCallMessage": "Bye.", "model": {"tools": [{"type": "endCall"}]},
        "variableValues": {"a": 1, "b": 1},
    }  # fmt: skip
    overrides = {"firstMessage": "Good day.", "tools:append": [{"type": "dtmf"}], "variableValues": {"b": 2}}
    plan = played(assistant, assistantOverrides=overrides)
    assert (plan.first_message, plan.end_call_message) == ("Good day.", "Bye.")
    assert [tool["type"] for tool in plan.model.tools] == ["endCall", "dtmf"]
    assert plan.variable_values == {"a": 1, "b": 2}


def test_no_call_is_longer_than_the_platform_allows() -> None:
    assert played({"maxDurationSeconds": 43200}, Defaults("http://v", "ws://t", longest=60)).max_duration_seconds == 60
    assert played({}).max_duration_seconds == 600


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"type": "shout"}', ["type must be one of the following values: say, add-message"]),
        (b'{"type": "control", "control": "mute"}', ["control must be one of the following values: mute-assistant"]),
        (b'{"type": "add-message"}', ["message should not be empty"]),
        (b'{"type": "say", "content": 1}', ["content must be a string"]),
        (b"1", ["body must be an object"]),
        (b"?", "body must be JSON"),
    ],
)
def test_a_message_that_is_none_is_refused_by_its_field(body: bytes, message: Any) -> None:
    with pytest.raises(ApiError) as fault:
        read_client_message(body)
    found = fault.value.messages
    assert found == message or found[0].startswith(message[0])


def test_a_message_may_be_wrapped_as_the_schema_has_it() -> None:
    bare = {"type": "say", "content": "Hello."}
    assert read_client_message(msgspec.json.encode({"message": bare})) == read_client_message(msgspec.json.encode(bare))

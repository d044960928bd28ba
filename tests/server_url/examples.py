"""Bodies of the shapes that the platform's events page and its description show, one or more for each type."""

from __future__ import annotations

from typing import Any

CALL = {"id": "0199a1b2-0000-7000-8000-000000000001", "orgId": "org", "type": "inboundPhoneCall"}

SECRETS = {
    "phoneNumber": {
        "provider": "twilio",
        "number": "+15550100",
        "twilioAccountSid": "planted-account",
        "twilioAuthToken": "planted-token",
        "credentialId": "planted-credential",
    },
    "customer": {"number": "+15550199"},
    "assistant": {
        "credentials": [{"provider": "openai", "apiKey": "planted-key"}],
        "server": {"url": "https://a.example", "headers": {"Authorization": "planted-header"}},
        "voice": {"server": {"url": "https://a.example", "secret": "planted-secret"}},
    },
}
"""What rides along with every message; none of it may stay."""

_SAID = [{"role": "assistant", "content": "Good day."}, {"role": "user", "content": "A table for two."}]
_AT = {"time": 1_790_000_000_000, "endTime": 1_790_000_001_000, "secondsFromStart": 1}
_MESSAGES = [{"role": "bot", "message": "Good day.", **_AT}, {"role": "user", "message": "A table.", **_AT}]
_TOOL = {"id": "call_1", "name": "findTable", "parameters": {"people": 2, "day": "friday"}}

INFORMING: list[dict[str, Any]] = [
    *(
        {"type": "status-update", "status": status}
        for status in ("scheduled", "queued", "ringing", "in-progress", "forwarding", "not-found", "deletion-failed")
    ),
    {"type": "status-update", "status": "ended", "endedReason": "customer-ended-call"},
    {
        "type": "end-of-call-report",
        "endedReason": "customer-ended-call",
        "cost": 0.05,
        "startedAt": "2026-08-01T10:00:00.000Z",
        "endedAt": "2026-08-01T10:03:00.000Z",
        "analysis": {"summary": "Booked.", "successEvaluation": "true"},
        "artifact": {
            "recording": {"stereoUrl": "https://a.example/r.wav"},
            "transcript": "AI: Good day. User: A table.",
            "messages": _MESSAGES,
        },
    },
    {"type": "hang"},
    {"type": "conversation-update", "messages": _MESSAGES, "messagesOpenAIFormatted": _SAID},
    {
        "type": "transcript",
        "role": "user",
        "transcriptType": "partial",
        "transcript": "A table",
        "isFiltered": False,
        "detectedThreats": [],
        "originalTranscript": "A table",
    },
    {"type": 'transcript[transcriptType="final"]', "role": "user", "transcriptType": "final", "transcript": "A table."},
    {"type": "speech-update", "status": "started", "role": "assistant", "turn": 2},
    {"type": "speech-update", "status": "stopped", "role": "user"},
    {"type": "assistant.started"},
    {"type": "assistant.speechStarted", "text": "Good day, what can I do?", "turn": 2, "source": "custom-voice"},
    {
        "type": "assistant.speechStarted",
        "text": "Good day",
        "turn": 0,
        "source": "model",
        "timing": {
            "type": "word-alignment",
            "words": ["Good", " ", "day"],
            "wordsStartTimesMs": [0, 300, 340],
            "wordsEndTimesMs": [290, 330, 700],
        },
    },
    {
        "type": "assistant.speechStarted",
        "text": "Good day",
        "turn": 0,
        "source": "model",
        "timing": {
            "type": "word-progress",
            "wordsSpoken": 2,
            "totalWords": 0,
            "segment": "Good day",
            "segmentDurationMs": 700,
            "words": [{"word": "Good", "startMs": 0, "endMs": 290}, {"word": "day", "startMs": 340, "endMs": 700}],
        },
    },
    {"type": "model-output", "output": {"token": "Good"}, "turnId": "turn-1"},
    {"type": "model-output", "output": "Good"},
    {"type": "transfer-update", "destination": {"type": "number", "number": "+15550111"}},
    {"type": "transfer-update", "destination": {"type": "sip", "sipUri": "sip:desk@a.example"}},
    {"type": "user-interrupted", "turnId": "turn-1"},
    {"type": "user-interrupted", "turnId": None},
    {"type": "language-change-detected", "language": "es"},
    {"type": "phone-call-control", "request": "hang-up"},
    {
        "type": "phone-call-control",
        "request": "forward",
        "destination": {"type": "sip", "sipUri": "sip:desk@a.example"},
    },
    {"type": "voice-input", "input": "Good day."},
    {"type": "chat.created", "chat": {"id": "chat-1"}},
    {"type": "chat.deleted", "chat": {"id": "chat-1"}},
    *({"type": f"session.{what}", "session": {"id": "session-1"}} for what in ("created", "updated", "deleted")),
    {"type": "call.deleted"},
    {"type": "call.delete.failed"},
    {
        "type": "call.artifact.upload",
        "artifacts": [{"type": "recording", "success": True, "url": "https://a.example/r.wav"}],
    },
    {"type": "a.type.of.next.year", "field": {"deep": [1, 2, 3]}},
]
"""Messages that want no answer."""

ASKING: list[tuple[dict[str, Any], list[dict[str, Any]]]] = [
    (
        {"type": "assistant-request"},
        [
            {"assistantId": "a-1"},
            {
                "assistant": {
                    "firstMessage": "Good day.",
                    "model": {
                        "provider": "openai",
                        "model": "gpt-4o",
                        "messages": [{"role": "system", "content": "You take bookings."}],
                    },
                }
            },
            {"destination": {"type": "number", "number": "+15550111", "extension": "101", "message": "One moment."}},
            {
                "destination": {
                    "type": "sip",
                    "sipUri": "sip:desk@a.example",
                    "sipHeaders": {"X-Account": "gold"},
                    "message": "",
                }
            },
            {"squadId": "s-1"},
            {"error": "We are closed today."},
        ],
    ),
    (
        {
            "type": "tool-calls",
            "toolWithToolCallList": [
                {"name": "findTable", "toolCall": {"id": "call_1", "parameters": {"people": 2, "day": "friday"}}}
            ],
            "toolCallList": [_TOOL],
        },
        [{"results": [{"name": "findTable", "toolCallId": "call_1", "result": '{"free":true}'}]}],
    ),
    (
        {
            "type": "tool-calls",
            "toolWithToolCallList": [],
            "toolCallList": [
                {
                    "id": "call_1",
                    "type": "function",
                    "function": {"name": "findTable", "arguments": '{"people":2,"day":"friday"}'},
                }
            ],
        },
        [{"results": [{"name": "findTable", "toolCallId": "call_1", "error": "no such day"}]}],
    ),
    (
        {
            "type": "tool-calls",
            "toolCallList": [{"id": "call_1", "name": "findTable", "arguments": _TOOL["parameters"]}],
        },
        [{"error": "the book is closed"}],
    ),
    (
        {"type": "transfer-destination-request"},
        [
            {
                "destination": {"type": "number", "number": "+15550111"},
                "message": {"type": "request-start", "content": "One moment."},
            }
        ],
    ),
    (
        {"type": "handoff-destination-request", "parameters": {"team": "billing"}},
        [{"destination": {"type": "assistant", "assistantId": "a-2"}}, {"error": "nobody is there"}],
    ),
    (
        {"type": "knowledge-base-request", "messages": _MESSAGES, "messagesOpenAIFormatted": _SAID},
        [{"documents": [{"content": "Open until ten.", "similarity": 0.92, "uuid": "doc-1"}]}],
    ),
    (
        {"type": "campaign.predial", "campaignId": "c-1", "contact": {"number": "+15550122"}},
        [{"eligible": True}, {"eligible": False}],
    ),
]
"""Messages that want an answer, and answers to them."""


def wrapped(message: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A body as it is sent."""
    return {"message": {"timestamp": 1_790_000_000_000, "call": CALL, **SECRETS, **message, **more}}


def kind_of(value: Any) -> str:
    """A test's id."""
    return str(value["type"]) if isinstance(value, dict) else ""
